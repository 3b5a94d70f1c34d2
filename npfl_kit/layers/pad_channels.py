"""Shortcuts without weights: new channels of zeros."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


def pad_channels(features: tf.Tensor, channels: int) -> tf.Tensor:
    """Append channels of zeros until there are `channels`.

    Args:
      features: float `[B, H, W, C]`.
      channels: int >= C.
    Returns: float `[B, H, W, channels]`; the first C channels are the features themselves.
    Raises: ValueError if there are already more channels.
    Source: He et al. 2015, Deep Residual Learning, Sec. 3.3, option A.

    >>> pad_channels(tf.ones([1, 1, 1, 2]), 3)[0, 0, 0].numpy().tolist()
    [1.0, 1.0, 0.0]
    """
    missing = channels - features.shape[-1]
    if missing < 0:
        raise ValueError(f"Zeros cannot reduce channels, got {features.shape[-1]} channels and {channels=}.")
    return tf.pad(features, [[0, 0], [0, 0], [0, 0], [0, missing]])


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class PadChannels(tf.keras.layers.Layer):
    """Append channels of zeros, so that a shortcut fits a residual branch with more channels.

    Args:
      channels: int >= 1, channels of the output.
    Call arguments:
      features: float `[B, H, W, C]`.
    Returns: float `[B, H, W, channels]`.
    Raises: ValueError if the features have more channels than that.
    Source: He et al. 2015, Deep Residual Learning, Sec. 3.3, option A.
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels

    def call(self, features: tf.Tensor) -> tf.Tensor:
        return pad_channels(features, self.channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}
