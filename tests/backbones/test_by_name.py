"""Networks by name: they run, repeat, are named stably, and refuse what does not fit with a helpful sentence."""
import re

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones, errors

SMALL = {       # the smallest member of every family and of every form of name
    "lenet5": 28, "alexnet": 67, "alexnet-lrn": 64, "alexnet-owt": 64, "vgg11": 32, "resnet18": 33,
    "resnet8": 9, "preact_resnet11": 9, "wide_resnet-10-2": 9, "densenet-7-4": 9,
    "densenet-bc-10-4": 9, "pyramidnet-8-9": 9, "pyramidnet-11-9-bottleneck": 9, "resnext-11-2x4": 9,
}


@pytest.mark.parametrize("name, size", SMALL.items())
def test_a_small_member_gives_finite_logits_of_any_batch(name, size):
    tf.keras.utils.set_random_seed(42)
    model = backbones.build(name, [size, size + 1, 3], 4)

    for batch in (1, 3):
        outputs = model(np.random.default_rng(42).random([batch, size, size + 1, 3], np.float32))
        assert outputs.shape == [batch, 4] and outputs.dtype == tf.float32
        assert np.isfinite(outputs).all() and len(np.unique(outputs)) == 4 * batch


@pytest.mark.parametrize("name, size", [("resnet8", 8), ("wide_resnet-10-1", 8), ("densenet-bc-10-4", 8)])
def test_one_seed_gives_one_network(name, size):
    tf.keras.utils.set_random_seed(42)
    first = backbones.build(name, [size, size, 3], 4)
    tf.keras.utils.set_random_seed(42)
    second = backbones.build(name, [size, size, 3], 4)
    third = backbones.build(name, [size, size, 3], 4)

    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for one, two in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(one, two)
    assert any(np.any(one != three) for one, three in zip(first.get_weights(), third.get_weights()))


@pytest.mark.parametrize("name, size", SMALL.items())
def test_no_layer_is_named_by_keras(undrawn, name, size):
    """Keras names a layer without a name after its class, with a number that counts on through a session."""
    model = backbones.build(name, [size, size, 3], 4)

    for layer in model.layers:
        kind = re.sub("(?<!^)(?=[A-Z])", "_", type(layer).__name__).lower().replace("2_d", "2d")
        assert layer.name == "flatten" or not re.fullmatch(rf"{kind}(_\d+)?", layer.name)


def test_logits_stay_in_full_precision_under_mixed_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        parts = backbones.Parts(norm="group", drop_block=0.1, stochastic_depth=0.5)
        model = backbones.build("resnet8", [8, 8, 3], 4, parts)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")

    assert model.get_layer("stem_conv").compute_dtype == "float16"
    for training in (False, True):
        outputs = model(np.ones([1, 8, 8, 3], np.float32), training=training)
        assert outputs.dtype == tf.float32 and np.isfinite(outputs).all()


def test_a_misspelt_name_is_answered_with_near_ones():
    with pytest.raises(errors.UsageError, match="no network 'reznet20'; did you mean resnet20"):
        backbones.build("reznet20", [32, 32, 3], 10)


@pytest.mark.parametrize("name, size, smallest", [("vgg16", 28, 32), ("alexnet", 32, 64), ("densenet121", 28, 29),
                                                  ("resnet20", 3, 4), ("resnet50", 8, 16)])
def test_too_small_pictures_are_refused_with_the_smallest_size(name, size, smallest):
    with pytest.raises(errors.UsageError, match=f"at least {smallest} x {smallest} .*--image_size={smallest}"):
        backbones.build(name, [size, 2 * size, 3], 10)


@pytest.mark.parametrize("name", ["vgg11", "alexnet", "alexnet-owt", "densenet121", "lenet5", "resnet18", "resnet8"])
def test_the_smallest_size_works(undrawn, name):
    size = {"vgg11": 32, "alexnet": 64, "alexnet-owt": 64, "densenet121": 29, "lenet5": 8, "resnet18": 16}.get(name, 4)

    model = backbones.build(name, [size, size, 3], 10)

    assert model.output_shape == (None, 10)


@pytest.mark.parametrize("name, expected", [
    ("resnet21", "6 n \\+ 2"), ("wide_resnet-27-10", "6 n \\+ 4"), ("wide_resnet-28-0", "K times as wide"),
    ("preact_resnet100", "9 n \\+ 2"), ("densenet-bc-99-12", "6 n \\+ 4"), ("pyramidnet-111-48", "6 n \\+ 2"),
    ("pyramidnet-110-48-bottleneckk", "no network"), ("resnext-30-8x64", "9 n \\+ 2"), ("resnet2", "6 n \\+ 2")])
def test_an_impossible_depth_is_a_usage_error_with_the_rule(name, expected):
    with pytest.raises(errors.UsageError, match=expected):
        backbones.build(name, [32, 32, 3], 10)


def test_every_form_of_name_is_described():
    lines = backbones.describe().splitlines()

    assert lines[::2] == list(backbones.PATTERNS) and all(line.startswith("    ") for line in lines[1::2])
    assert max(map(len, lines)) <= 100
