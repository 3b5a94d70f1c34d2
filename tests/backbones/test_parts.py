"""The interchangeable pieces: exact padding, and each of them trains in each kind of network."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones, errors
from npfl_kit.backbones.parts import Parts
from npfl_kit.layers.drop_block import DropBlock
from npfl_kit.layers.stochastic_depth import StochasticDepth

PARTS = {
    "layer": Parts(norm="layer"), "instance": Parts(norm="instance"), "group": Parts(norm="group"),
    "none": Parts(norm="none"), "batch": Parts(norm="batch"), "dropout": Parts(dropout=0.3),
    "drop_block": Parts(drop_block=0.1, drop_block_size=3), "stochastic_depth": Parts(stochastic_depth=0.5),
    "per_sample": Parts(stochastic_depth=0.5, per_sample=True),
    "all": Parts(norm="group", dropout=0.1, stochastic_depth=0.5, drop_block=0.1),
}
NETWORKS = {"lenet5": 28, "vgg11": 32, "resnet18": 32, "resnet8": 16, "preact_resnet11": 16, "wide_resnet-10-1": 16,
            "densenet-bc-10-4": 16, "pyramidnet-8-9": 16, "resnext-11-2x4": 16}
PLAIN = ("lenet5", "vgg11", "densenet-bc-10-4")                   # without residual branches
PAIRS = [(network, parts) for network in ("lenet5", "resnet8", "densenet-bc-10-4") for parts in PARTS] + [
    (network, parts) for network in NETWORKS for parts in ("all", "drop_block" if network in PLAIN else "all")]
TRAINED = sorted({(network, parts) for network, parts in PAIRS
                  if network not in PLAIN or not PARTS[parts].stochastic_depth})


@pytest.mark.parametrize("network, parts", TRAINED)
def test_one_step_of_every_variant_is_finite_and_reaches_every_weight(network, parts):
    tf.keras.utils.set_random_seed(42)
    size = NETWORKS[network]
    model = backbones.build(network, [size, size, 3], 4, PARTS[parts])
    images = np.random.default_rng(42).random([4, size, size, 3], np.float32)

    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 2, 3], outputs))
    gradients = tape.gradient(loss, model.trainable_variables)

    assert np.isfinite(loss) and all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)
    assert parts == "instance" or any(np.any(gradient != 0) for gradient in gradients)


def numpy_convolution(x, kernel, strides):
    """Cross-correlation with one zero around, output pixel by output pixel."""
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    rows, columns = (range(0, side - 2, strides) for side in x.shape[1:3])
    windows = [[np.tensordot(x[:, r:r + 3, c:c + 3], kernel, 3) for c in columns] for r in rows]
    return np.moveaxis(np.array(windows), 2, 0)                   # [B, H', W', F]


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("strides", [1, 2])
def test_convolutions_pad_both_sides_as_torchvision_does(size, strides):
    image = tf.keras.layers.Input([size, size, 2])
    model = tf.keras.Model(image, Parts(norm="batch").conv(image, 3, 3, "conv", strides))
    x = np.random.default_rng(42).normal(size=[2, size, size, 2]).astype(np.float32)

    expected = numpy_convolution(x, model.get_layer("conv").kernel.numpy(), strides)

    np.testing.assert_allclose(model(x), expected, atol=1e-5)
    assert model.output_shape[1] == -(-size // strides)


@pytest.mark.parametrize("norm, has_bias", [("batch", False), ("group", False), ("none", True)])
def test_convolutions_have_a_bias_only_without_normalization(norm, has_bias):
    model = backbones.build("resnet8", [8, 8, 3], 4, Parts(norm=norm))

    convolutions = [layer for layer in model.layers if isinstance(layer, tf.keras.layers.Conv2D)]
    assert len(convolutions) == 7 and all(layer.use_bias == has_bias for layer in convolutions)


def test_weights_start_with_the_variance_of_the_fan_out():
    tf.keras.utils.set_random_seed(42)
    image = tf.keras.layers.Input([8, 8, 16])
    model = tf.keras.Model(image, Parts(norm="batch").conv(image, 64, 3, "conv"))

    kernel = model.get_layer("conv").kernel.numpy()

    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / (9 * 64)), rtol=0.03)


def test_stochastic_depth_decays_linearly_over_all_units():
    model = backbones.build("resnet20", [8, 8, 3], 4, Parts(stochastic_depth=0.5))

    survivals = [layer.survival_probability for layer in model.layers if isinstance(layer, StochasticDepth)]

    np.testing.assert_allclose(survivals, 1 - np.arange(1, 10) / 9 * 0.5)


@pytest.mark.parametrize("name, size", [("resnet18", 32), ("resnet8", 8)])
def test_drop_block_is_in_the_last_two_stages_with_a_quarter_in_the_first_of_them(name, size):
    model = backbones.build(name, [size, size, 3], 4, Parts(drop_block=0.1, drop_block_size=5))
    stages = {"resnet18": 4, "resnet8": 3}[name]

    layers = [layer for layer in model.layers if isinstance(layer, DropBlock)]

    rates = {layer.name[:len("stage1")]: layer.rate for layer in layers}
    assert rates == {f"stage{stages - 1}": 0.025, f"stage{stages}": 0.1}
    assert all(layer.block_size == 5 for layer in layers)


@pytest.mark.parametrize("name, norms", [("lenet5", 0), ("vgg11", 0), ("resnet8", 7)])
def test_the_papers_normalization_is_the_default(undrawn, name, norms):
    model = backbones.build(name, [32, 32, 3], 4)

    assert sum(isinstance(layer, tf.keras.layers.BatchNormalization) for layer in model.layers) == norms


@pytest.mark.parametrize("parts, rates", [(Parts(), {0.5}), (Parts(dropout=0.2), {0.2}), (Parts(dropout=0.0), set())])
def test_vgg_has_the_papers_dropout_unless_told_otherwise(undrawn, parts, rates):
    model = backbones.build("vgg11", [32, 32, 3], 4, parts)

    assert {layer.rate for layer in model.layers if isinstance(layer, tf.keras.layers.Dropout)} == rates


def test_wide_resnet_drops_inside_its_units():
    model = backbones.build("wide_resnet-10-1", [8, 8, 3], 4, Parts(dropout=0.3))

    names = [layer.name for layer in model.layers if isinstance(layer, tf.keras.layers.Dropout)]

    assert names == [f"stage{stage}_block1_dropout" for stage in (1, 2, 3)]


@pytest.mark.parametrize("name", PLAIN)
def test_stochastic_depth_without_residual_branches_is_refused(name):
    with pytest.raises(errors.UsageError, match="residual branches"):
        backbones.build(name, [32, 32, 3], 4, Parts(stochastic_depth=0.5))


def test_an_unknown_normalization_is_a_usage_error():
    with pytest.raises(errors.UsageError, match="did you mean group"):
        backbones.build("resnet8", [8, 8, 3], 4, Parts(norm="groups"))


def test_a_variant_survives_saving(tmp_path):
    parts = Parts(norm="group", dropout=0.1, stochastic_depth=0.5, drop_block=0.1)
    model = backbones.build("pyramidnet-8-9", [8, 8, 3], 4, parts)
    x = np.random.default_rng(42).random([2, 8, 8, 3], np.float32)

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    np.testing.assert_array_equal(loaded(x), model(x))
