"""What every loss keeps: eager equals graph, configuration round trip, any batch, half precision, finite gradients."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.losses.smoothed_crossentropy import SmoothedCrossentropy


def class_ids(batch, magnitude):
    generator = np.random.default_rng(42)
    logits = magnitude * generator.choice([-1.0, 0.0, 1.0], size=[batch, 5])
    return tf.constant(generator.integers(5, size=batch)), tf.constant(logits, tf.float32)


ALL_LOSSES = {                        # constructor, y_true and y_pred
    "smoothed_crossentropy": (lambda **kwargs: SmoothedCrossentropy(0.1, **kwargs), class_ids),
    "smoothed_crossentropy_of_sure_labels": (SmoothedCrossentropy, class_ids),
}


@pytest.fixture(params=ALL_LOSSES)
def case(request):
    return ALL_LOSSES[request.param]


@pytest.mark.parametrize("batch", [1, 3])
def test_eager_equals_graph_for_any_batch(case, batch):
    make, inputs = case
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in inputs(2, 1.0)]

    graph = tf.function(make(), input_signature=specs)

    np.testing.assert_allclose(make()(*inputs(batch, 1.0)), graph(*inputs(batch, 1.0)), rtol=1e-6)


def test_the_configuration_round_trips(case):
    loss = case[0](reduction=tf.keras.losses.Reduction.SUM)

    again = tf.keras.losses.deserialize(tf.keras.losses.serialize(loss))

    assert type(again) is type(loss) and again.get_config() == loss.get_config()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32])
@pytest.mark.parametrize("magnitude", [1.0, 200.0])
def test_value_and_gradient_are_finite_in_every_precision(case, dtype, magnitude):
    y_true, y_pred = case[1](64, magnitude)
    y_pred = tf.cast(y_pred, dtype)

    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = case[0]()(y_true, y_pred)
    gradient = tape.gradient(value, y_pred)

    assert value.dtype == tf.float32 and np.isfinite(value)
    assert gradient.dtype == dtype and np.isfinite(tf.cast(gradient, tf.float32)).all() and np.any(gradient)


def test_no_reduction_has_one_number_per_example_and_weights_of_zero_leave_out(case):
    y_true, y_pred = case[1](4, 1.0)
    loss = case[0](reduction=tf.keras.losses.Reduction.NONE)

    weighted = loss(y_true, y_pred, sample_weight=[1.0, 0, 1, 0])

    np.testing.assert_allclose(weighted, loss(y_true, y_pred) * [1, 0, 1, 0], rtol=1e-6)
    assert weighted.shape == [4]
