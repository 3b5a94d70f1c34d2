"""Group normalization that is right in half precision too."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


SMALLEST_GROUP = 4


def fitting_groups(channels: int, at_most: int = 32) -> int:
    """The largest number of equal groups that `channels` fall into, no more than `at_most`, of 4 channels or more.

    The paper's 32 groups would leave one channel in each group of a narrow network, and that is instance
    normalization; so narrow maps get fewer groups.

    Args:
      channels, at_most: int >= 1.
    Returns: int, a divisor of `channels`.

    >>> fitting_groups(256), fitting_groups(64), fitting_groups(16), fitting_groups(37)
    (32, 16, 4, 1)
    """
    most = max(1, min(channels // SMALLEST_GROUP, at_most))
    return max(groups for groups in range(1, most + 1) if channels % groups == 0)


def normalize_groups(features: tf.Tensor, groups: int, epsilon: float) -> tf.Tensor:
    """Move every group of channels of every example to mean 0 and variance 1 over `H`, `W` and the group.

    Args:
      features: float32 `[B, H, W, C]`.
      groups: int, a divisor of C.
      epsilon: float, added to the variance.
    Returns: float32 `[B, H, W, C]`; a constant group becomes 0.
    Source: Wu and He 2018, Group Normalization, Eq. 1 and 7.

    >>> normalize_groups(tf.constant([[[[1., 3, 10, 30]]]]), groups=2, epsilon=0.)[0, 0, 0].numpy().round(3).tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    shape, channels = tf.shape(features), features.shape[-1]
    grouped = tf.reshape(features, [shape[0], shape[1] * shape[2], groups, channels // groups])  # [B, HW, G, C/G]
    mean, variance = tf.nn.moments(grouped, axes=[1, 3], keepdims=True)                # [B, 1, G, 1]
    normalized = (grouped - mean) * tf.math.rsqrt(variance + epsilon)
    return tf.ensure_shape(tf.reshape(normalized, shape), features.shape)


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class GroupNormalization(tf.keras.layers.GroupNormalization):
    """Keras's group normalization, with its statistics always in float32.

    Keras 2.15 takes mean and variance in the precision of the features: in float16 a deviation of 300 already
    overflows the variance (the largest float16 is 65504), and the output is 0 everywhere. Weights, names and
    configuration are Keras's own.

    Args: those of `tf.keras.layers.GroupNormalization`; `groups=-1` gives every channel its own group.
    Call arguments:
      inputs: float `[B, H, W, C]`.
    Returns: float `[B, H, W, C]` in the precision of the inputs.
    Source: Wu and He 2018, Group Normalization; the paper uses 32 groups.
    """

    def __init__(self, groups: int = 32, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(groups=groups, epsilon=epsilon, **kwargs)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        outputs = normalize_groups(tf.cast(inputs, tf.float32), self.groups, self.epsilon)
        if self.scale:
            outputs *= tf.cast(self.gamma, tf.float32)
        if self.center:
            outputs += tf.cast(self.beta, tf.float32)
        return tf.cast(outputs, inputs.dtype)
