"""What every layer keeps: eager equals graph, configuration and file round trips, any batch, half precision."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.drop_block import DropBlock
from npfl_kit.layers.group_normalization import GroupNormalization
from npfl_kit.layers.local_response_normalization import LocalResponseNormalization
from npfl_kit.layers.pad_channels import PadChannels
from npfl_kit.layers.stochastic_depth import StochasticDepth

ALL_LAYERS = {                        # constructor, number of inputs, channels out of 8
    "drop_block": (lambda **kwargs: DropBlock(0.2, 3, seed=1, **kwargs), 1, 8),
    "group_normalization": (lambda **kwargs: GroupNormalization(4, **kwargs), 1, 8),
    "local_response_normalization": (LocalResponseNormalization, 1, 8),
    "pad_channels": (lambda **kwargs: PadChannels(12, **kwargs), 1, 12),
    "stochastic_depth": (lambda **kwargs: StochasticDepth(0.5, seed=1, **kwargs), 2, 8),
    "stochastic_depth_per_sample": (lambda **kwargs: StochasticDepth(0.5, per_sample=True, seed=1, **kwargs), 2, 8),
}


def features(batch=2, inputs=1, scale=1.0):
    drawn = tf.constant(np.random.default_rng(42).normal(0, scale, size=[inputs, batch, 6, 5, 8]).astype(np.float32))
    return drawn[0] if inputs == 1 else list(drawn)


def call(layer, x, training):
    return layer(x, training=training) if isinstance(layer, (DropBlock, StochasticDepth)) else layer(x)


@pytest.fixture(params=ALL_LAYERS)
def case(request):
    return ALL_LAYERS[request.param]


@pytest.mark.parametrize("training", [False, True])
def test_eager_equals_graph_and_has_the_documented_shape(case, training):
    make, inputs, channels = case
    x = features(inputs=inputs)

    eager = call(make(), x, training)
    layer = make()
    graph = tf.function(lambda x: call(layer, x, training))(x)

    assert eager.shape == [2, 6, 5, channels] and eager.dtype == tf.float32
    np.testing.assert_allclose(eager, graph, atol=1e-6)


def test_configuration_and_file_round_trips_and_any_size(case, tmp_path):
    make, inputs, channels = case
    image = [tf.keras.layers.Input([None, None, 8]) for _ in range(inputs)]
    model = tf.keras.Model(image, make(name="layer")(image if inputs > 1 else image[0]))

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert loaded.get_layer("layer").get_config() == model.get_layer("layer").get_config()
    for batch in (1, 3):
        x = features(batch, inputs)
        assert model(x).shape == [batch, 6, 5, channels]
        np.testing.assert_array_equal(model(x), loaded(x))


@pytest.mark.parametrize("training", [False, True])
def test_half_precision_is_finite_in_half_precision(case, training):
    make, inputs, channels = case
    layer = make(dtype=tf.keras.mixed_precision.Policy("mixed_float16"))

    outputs = call(layer, features(inputs=inputs, scale=300.0), training)

    assert outputs.dtype == tf.float16 and np.isfinite(outputs).all() and np.any(outputs)
