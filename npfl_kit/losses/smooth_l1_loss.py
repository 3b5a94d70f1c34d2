"""Smooth L1: a parabola near zero, straight lines beyond."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


def smooth_l1(y_true: tf.Tensor, y_pred: tf.Tensor, beta: float = 1.0) -> tf.Tensor:
    """`d^2 / (2 beta)` where the distance d is below beta, `d - beta / 2` beyond it; of each number.

    Args:
      y_true, y_pred: float, of shapes that broadcast.
      beta: float >= 0, where the parabola ends; 0 gives the distance itself, L1.
    Returns: float32 of that shape, not summed; float64 for float64.
    Source: Girshick 2015, Fast R-CNN, Eq. 3, which is beta = 1. In Keras, `Huber(beta)` is beta times this.

    >>> smooth_l1(tf.constant([0., 0.]), tf.constant([0.5, 3.])).numpy().tolist()
    [0.125, 2.5]
    """
    dtype = y_pred.dtype if y_pred.dtype == tf.float64 else tf.float32
    distance = tf.abs(tf.cast(y_true, dtype) - tf.cast(y_pred, dtype))
    if beta == 0:
        return distance
    curved = tf.minimum(distance, beta)         # no square of a large distance, not even in an untaken branch
    return curved * (curved / (2 * beta)) + tf.nn.relu(distance - beta)


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class SmoothL1Loss(tf.keras.losses.Loss):
    """L1 with a smooth bottom: its gradient is at most 1, and fades as a box gets right.

    A box that is 100 sizes off pulls no harder than one that is off by one size; with squares it would pull 100 times
    as hard, and one bad box would decide the step.

    Args:
      beta: float >= 0, the distance at which the parabola meets the lines; 0 gives L1.
    Call arguments:
      y_true: float `[..., 4]`, regression targets as `boxes.encode` gives (any last axis will do).
      y_pred: float `[..., 4]`.
      sample_weight: optional float `[...]`; 0 leaves a box out.
    Returns: float32, summed over the last axis, then reduced as `reduction` says.
    Raises: ValueError for a negative beta.
    Source: Girshick 2015, Fast R-CNN, Eq. 2 and 3. Unlike Keras's `Huber`, summed over the last axis, not averaged.
    """

    def __init__(self, beta: float = 1.0, name: str = "smooth_l1_loss", **kwargs: Any) -> None:
        if not beta >= 0:
            raise ValueError(f"SmoothL1Loss needs beta >= 0, got {beta=}.")
        super().__init__(name=name, **kwargs)
        self.beta = beta

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        losses = smooth_l1(tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred), self.beta)
        return tf.reduce_sum(losses, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta": self.beta}
