"""Trainable weights of RetinaNet with ResNet-50, to the last one.

The numbers are those of torchvision 0.26 and of keras-hub 0.32, as collected in the reference of the project. A
logits head of K classes has 4 (9 * 256 * 256 + 256) + 9 * K (9 * 256 + 1) weights.
"""
import pytest
import tensorflow as tf

from npfl_kit import backbones
from npfl_kit.backbones.feature_stages import freeze
from npfl_kit.models.dense_head import dense_head
from npfl_kit.models.feature_pyramid import feature_pyramid

CHANNELS = {"C2": 256, "C3": 512, "C4": 1024, "C5": 2048}
OF_KERAS = 23_534_592       # of `tf.keras.applications.ResNet50`, whose convolutions have biases
ANCHORS = 9


def count(model):
    return sum(weight.shape.num_elements() for weight in model.trainable_weights)


@pytest.fixture(scope="module")
def resnet50():
    """The backbone, trainable weights with and without those of its batch normalization; built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.keras.initializers.VarianceScaling, "__call__",
                      lambda self, shape, dtype=None, **kwargs: tf.zeros(shape, dtype or tf.float32))
        model = backbones.stages("resnet50", [64, 64, 3])
    assert {level: x.shape[-1] for level, x in model.output.items()} == CHANNELS
    trained = count(model)
    freeze(model)
    return trained, count(model)


@pytest.fixture(scope="module")
def rest():
    """Trainable weights above the backbone, by number of classes and source of P6."""
    known = {}

    def counted(num_classes, p6_from):
        key = num_classes, p6_from
        if key not in known:
            stages = {name: tf.keras.layers.Input([None, None, depth]) for name, depth in CHANNELS.items()}
            pyramid = feature_pyramid(stages, p6_from=p6_from)
            one = {"P5": pyramid["P5"]}         # levels share the weights of a head
            known[key] = count(tf.keras.Model(stages, [
                pyramid, dense_head(one, num_classes, ANCHORS, "logits"), dense_head(one, 4, ANCHORS, "deltas")]))
        return known[key]
    return counted


@pytest.mark.parametrize("num_classes, expected", [(91, 34_068_119), (21, 32_615_969), (81, 33_860_669)])
def test_retinanet_has_the_weights_of_torchvision(resnet50, rest, num_classes, expected):
    assert resnet50[0] + rest(num_classes, "P5") == expected


def test_p6_from_c5_costs_four_million(rest):
    assert rest(91, "C5") - rest(91, "P5") == 4_128_768


def test_frozen_batch_normalization_has_the_published_count(resnet50, rest):
    assert resnet50[1] + rest(91, "P5") == 34_014_999


@pytest.mark.parametrize("num_classes, p6_from, expected", [(80, "P5", 33_866_484), (80, "C5", 37_995_252),
                                                            (20, "P5", 32_621_784), (20, "C5", 36_750_552)])
def test_retinanet_on_the_resnet_of_keras(rest, num_classes, p6_from, expected):
    """`tests/backbones/test_feature_stages.py` counts that backbone."""
    assert OF_KERAS + rest(num_classes, p6_from) == expected


def test_the_parts_have_their_formulas(resnet50):
    stages = {name: tf.keras.layers.Input([None, None, depth]) for name, depth in CHANNELS.items()}
    for p6_from, expected in [("P5", 3_868_672), ("C5", 7_997_440), ("none", 2_688_512)]:
        assert count(tf.keras.Model(stages, feature_pyramid(stages, p6_from=p6_from))) == expected
    assert count(tf.keras.Model(stages, feature_pyramid(stages, lowest=2, p6_from="none"))) == 3_344_384
    assert resnet50 == (23_508_032, 23_508_032 - 53_120)
