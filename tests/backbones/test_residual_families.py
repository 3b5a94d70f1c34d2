"""What the residual families promise beyond their counts: shortcuts, strides, names and feature maps."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones
from npfl_kit.backbones import resnet, resnet_cifar, vgg
from npfl_kit.backbones.parts import Parts


@pytest.mark.parametrize("size", [8, 7])
def test_option_a_takes_every_second_pixel_and_appends_zeros(size):
    image = tf.keras.layers.Input([size, size, 3])
    model = tf.keras.Model(image, resnet_cifar.shortcut(image, 6, 2, "unit"))
    x = np.random.default_rng(42).normal(size=[2, size, size, 3]).astype(np.float32)

    outputs = model(x)

    np.testing.assert_array_equal(outputs[..., :3], x[:, ::2, ::2])
    np.testing.assert_array_equal(outputs[..., 3:], np.zeros_like(x[:, ::2, ::2]))
    assert not model.weights


def test_a_unit_whose_residual_branch_is_zero_passes_its_input():
    image = tf.keras.layers.Input([8, 8, 16])
    unit = resnet_cifar.unit(image, 16, 1, 1, 1, Parts().settled("batch"), "unit")
    model = tf.keras.Model(image, unit)
    model.get_layer("unit_norm2").set_weights([np.zeros(16)] * 3 + [np.ones(16)])
    x = np.random.default_rng(42).normal(size=[2, 8, 8, 16]).astype(np.float32)

    np.testing.assert_array_equal(model(x), np.maximum(x, 0))


@pytest.mark.parametrize("depth, channels, size", [("18", (64, 128, 256, 512), (64, 96)),
                                                   ("50", (256, 512, 1024, 2048), (None, None))])
def test_resnet_features_have_strides_four_to_thirty_two(undrawn, depth, channels, size):
    image = tf.keras.layers.Input([*size, 3])

    maps = resnet.features(image, depth, Parts())

    assert list(maps) == ["C2", "C3", "C4", "C5"]
    for level, filters in zip((2, 3, 4, 5), channels):
        expected = [side and side // 2 ** level for side in size]
        assert maps[f"C{level}"].shape[1:] == [*expected, filters]


@pytest.mark.parametrize("size", [(64, 33), (63, 65)])
def test_maps_of_odd_pictures_round_up(size):
    image = tf.keras.layers.Input([None, None, 3])
    model = tf.keras.Model(image, resnet.features(image, "18", Parts(drop_block=0.1)))

    maps = model(np.ones([1, *size, 3], np.float32), training=True)

    for level in (2, 3, 4, 5):
        assert maps[f"C{level}"].shape[1:3] == [-(-side // 2 ** level) for side in size]


def test_vgg_features_stand_before_their_poolings(undrawn):
    maps = vgg.features(tf.keras.layers.Input([64, 64, 3]), "16", Parts())

    assert {name: tuple(tensor.shape[1:]) for name, tensor in maps.items()} == {
        "C1": (64, 64, 64), "C2": (32, 32, 128), "C3": (16, 16, 256), "C4": (8, 8, 512), "C5": (4, 4, 512)}


def test_every_layer_with_weights_has_its_twin_in_torchvision(undrawn):
    blocks = [(stage, block) for stage, count in enumerate((3, 4, 6, 3), start=1) for block in range(count)]
    twins = {"conv1", "bn1", "fc"}
    for stage, block in blocks:
        twins |= {f"layer{stage}.{block}.{kind}{index}" for kind in ("conv", "bn") for index in (1, 2, 3)}
        twins |= {f"layer{stage}.0.downsample.{index}" for index in (0, 1)}

    model = backbones.build("resnet50", [64, 64, 3], 10)
    names = [resnet.torchvision_name(layer.name) for layer in model.layers if layer.weights]

    assert len(names) == len(set(names)) and set(names) == twins
    assert [model.get_layer(f"stage2_block1_conv{index}").strides[0] for index in (1, 2, 3)] == [1, 2, 1]


def test_a_bottleneck_strides_at_its_three_by_three(undrawn):
    for name in ("preact_resnet11", "pyramidnet-11-9-bottleneck", "resnext-11-2x4"):
        model = backbones.build(name, [32, 32, 3], 10)
        strides = [model.get_layer(f"stage2_block1_conv{index}").strides[0] for index in (1, 2, 3)]
        assert strides == [1, 2, 1], name


@pytest.mark.parametrize("name, blocks, kernels", [
    ("pyramidnet-20-9", 3, (3, 3)), ("pyramidnet-20-9-bottleneck", 2, (1, 3, 1)),
    pytest.param("pyramidnet-164-9", 18, (1, 3, 1), marks=pytest.mark.slow),
    pytest.param("pyramidnet-164-9-basic", 27, (3, 3), marks=pytest.mark.slow)])
def test_pyramidnet_chooses_its_units_by_depth_or_by_name(undrawn, name, blocks, kernels):
    model = backbones.build(name, [8, 8, 3], 10)

    names = {layer.name for layer in model.layers}
    assert f"stage3_block{blocks}_add" in names and f"stage3_block{blocks + 1}_add" not in names
    found = [model.get_layer(f"stage1_block1_conv{i}").kernel_size[0] for i in range(1, len(kernels) + 1)]
    assert tuple(found) == kernels and f"stage1_block1_conv{len(kernels) + 1}" not in names


def test_wide_resnets_project_the_activated_input():
    model = backbones.build("wide_resnet-10-2", [8, 8, 3], 4)

    projection = model.get_layer("stage1_block1_shortcut_conv")

    assert projection.input is model.get_layer("stage1_block1_relu1").output


def test_pyramid_units_start_without_a_relu_and_end_with_a_normalization():
    model = backbones.build("pyramidnet-8-9", [8, 8, 3], 4)

    assert model.get_layer("stage1_block1_conv1").input is model.get_layer("stage1_block1_norm0").output
    assert model.get_layer("stage1_block1_add").input[1] is model.get_layer("stage1_block1_norm2").output


def test_dense_layers_read_all_layers_before_them():
    model = backbones.build("densenet-bc-16-4", [8, 8, 3], 4)

    assert model.get_layer("block1_layer2_norm1").input.shape[-1] == 2 * 4 + 4
    assert model.get_layer("transition1_conv").filters == (2 * 4 + 2 * 4) // 2
