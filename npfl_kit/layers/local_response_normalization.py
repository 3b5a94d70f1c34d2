"""Local response normalization, which AlexNet had before batch normalization was found."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class LocalResponseNormalization(tf.keras.layers.Layer):
    """Divide every activation by the strength of its neighbors among the channels.

    Channels compete: a strong answer weakens the `radius` channels before and after it. Worth 1.4 % top-1 error in
    AlexNet; later networks found no use for it. It has no weights.

    Args:
      radius: int >= 1, neighbors on either side.
      bias: float > 0, added to the sum of squares.
      alpha: float, weight of every square (not divided by their number, as some frameworks do).
      beta: float, exponent.
    Call arguments:
      features: float `[B, H, W, C]`.
    Returns: float `[B, H, W, C]`, `features / (bias + alpha * sum of squares) ** beta`.
    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs, Sec. 3.3: n = 5, k = 2.
    """

    def __init__(self, radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.radius, self.bias, self.alpha, self.beta = radius, bias, alpha, beta

    def call(self, features: tf.Tensor) -> tf.Tensor:
        full = tf.cast(features, tf.float32)                                           # squares overflow float16
        normalized = tf.nn.local_response_normalization(full, self.radius, self.bias, self.alpha, self.beta)
        return tf.cast(normalized, features.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"radius": self.radius, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}
