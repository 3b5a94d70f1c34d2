"""Normalization: each kind against float64 NumPy, in full and in half precision."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.layers.group_normalization import GroupNormalization, fitting_groups
from npfl_kit.layers.normalization import EPSILON, NAMES, normalization

AXES = {"batch": (0, 1, 2), "layer": (1, 2, 3), "instance": (1, 2)}


def oracle(x, kind):
    x = x.astype(np.float64)
    if kind == "none":
        return x
    if kind == "group":
        channels = x.shape[-1] // fitting_groups(x.shape[-1])
        return np.concatenate([oracle(x[..., c:c + channels], "layer") for c in range(0, x.shape[-1], channels)], -1)
    return (x - x.mean(AXES[kind], keepdims=True)) / np.sqrt(x.var(AXES[kind], keepdims=True) + EPSILON)


def features(channels, offset=0.0, scale=1.0):
    drawn = np.random.default_rng(42).normal(offset, scale, size=[3, 5, 4, channels])
    return (drawn * np.arange(1, channels + 1) / channels).astype(np.float32)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("channels", [8, 48, 64])
def test_every_kind_is_its_formula(kind, channels):
    x = features(channels, offset=3.0)

    np.testing.assert_allclose(normalization(kind, channels)(x, training=True), oracle(x, kind), atol=2e-5)


@pytest.mark.parametrize("kind", ["layer", "instance", "group"])
@pytest.mark.parametrize("offset, scale", [(0, 1), (100, 1), (0, 3000)])
@pytest.mark.parametrize("policy, tolerance", [("mixed_float16", 4e-3), ("mixed_bfloat16", 4e-2)])
def test_half_precision_loses_only_its_own_digits(kind, offset, scale, policy, tolerance):
    half = tf.cast(features(64, offset, scale), policy[len("mixed_"):])
    layer = normalization(kind, 64, dtype=tf.keras.mixed_precision.Policy(policy))

    outputs = layer(half)

    assert outputs.dtype == half.dtype
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), oracle(tf.cast(half, tf.float32).numpy(), kind),
                               atol=tolerance, rtol=tolerance)


def test_keras_itself_overflows_in_half_precision():
    """Why the kit has a group normalization of its own; when this fails, Keras's will do."""
    half = tf.cast(features(64, 0, 3000), tf.float16)
    layer = tf.keras.layers.GroupNormalization(1, dtype=tf.keras.mixed_precision.Policy("mixed_float16"))

    np.testing.assert_array_equal(layer(half), 0)


@pytest.mark.parametrize("groups", [1, 4, -1])
def test_keras_agrees_in_full_precision_with_the_same_weights(groups):
    x = features(8)
    keras, own = tf.keras.layers.GroupNormalization(groups, epsilon=1e-5), GroupNormalization(groups)
    keras.build(x.shape), own.build(x.shape)
    own.set_weights([np.arange(8.0), np.arange(8.0) - 3])
    keras.set_weights(own.get_weights())

    np.testing.assert_allclose(own(x), keras(x), atol=1e-5)


def test_gradients_reach_gamma_beta_and_the_features():
    layer, x = GroupNormalization(4), tf.constant(features(8))
    target = tf.random.stateless_normal(x.shape, [1, 2])

    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) * target)
    gradients = tape.gradient(loss, [x, *layer.trainable_variables])

    assert len(gradients) == 3 and all(np.any(gradient != 0) for gradient in gradients)


def test_a_constant_map_becomes_zero():
    for kind in ("layer", "instance", "group"):
        np.testing.assert_allclose(normalization(kind, 8)(tf.fill([2, 4, 4, 8], 7.0)), 0, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 7, 16, 31, 32, 48, 64, 100, 2048])
def test_groups_are_the_most_up_to_32_that_have_4_channels_or_more(channels):
    groups = fitting_groups(channels)

    assert groups <= 32 and channels % groups == 0 and (groups == 1 or channels // groups >= 4)
    assert not any(channels % more == 0 and channels // more >= 4 for more in range(groups + 1, 33))


def test_group_normalization_of_a_narrow_map_is_not_instance_normalization():
    x = features(16, offset=3.0)

    assert np.abs(normalization("group", 16)(x) - normalization("instance", 16)(x)).max() > 0.1


def test_each_kind_has_gamma_and_beta_per_channel_but_none():
    for kind in NAMES:
        layer = normalization(kind, 16)
        layer.build([None, 4, 4, 16])
        assert [tuple(weight.shape) for weight in layer.trainable_weights] == [(16,), (16,)] * (kind != "none")


def test_an_unknown_kind_is_a_usage_error_with_the_nearest_name():
    with pytest.raises(errors.UsageError, match="did you mean batch"):
        normalization("bach", 8)
