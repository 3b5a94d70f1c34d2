"""The focal loss: cross-entropy that lets easy answers go."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf


def focal_loss(y_true: tf.Tensor, logits: tf.Tensor, alpha: Optional[float] = 0.25, gamma: float = 2.0) -> tf.Tensor:
    """`-alpha_t (1 - p_t)^gamma log p_t` of each answer, where p_t is the probability of the right one.

    Both powers are taken as logarithms of sigmoids: `(1 - p_t)^gamma` itself has NaN gradients where p_t rounds to 1.

    Args:
      y_true: `[..., K]`, ones and zeros.
      logits: float `[..., K]`.
      alpha: float in `[0, 1]`, weight of ones, zeros get `1 - alpha`; None weighs both with 1.
      gamma: float >= 0.
    Returns: float32 `[..., K]`, nats, not summed; float64 for float64.
    Source: Lin et al. 2017, Focal Loss for Dense Object Detection, Eq. 5.

    >>> print(focal_loss(tf.constant([1., 0.]), tf.constant([0., 0.])).numpy().round(4))       # log 2 / 4, times alpha
    [0.0433 0.13  ]
    """
    logits = logits if logits.dtype == tf.float64 else tf.cast(logits, tf.float32)
    is_one = tf.equal(y_true, tf.ones([], y_true.dtype))
    correct = tf.where(is_one, logits, -logits)                         # [..., K], logit of the right answer
    loss = -tf.math.log_sigmoid(correct)
    if gamma:
        loss *= tf.exp(gamma * tf.math.log_sigmoid(-correct))           # (1 - p_t)^gamma
    if alpha is not None:
        loss *= tf.where(is_one, tf.constant(alpha, loss.dtype), tf.constant(1 - alpha, loss.dtype))
    return loss


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class FocalLoss(tf.keras.losses.Loss):
    """Binary cross-entropy of each class, which fades out as an answer becomes easy.

    With gamma = 2, an anchor answered at p_t = 0.99 counts 10,000 times less than in cross-entropy, so that a hundred
    thousand anchors of easy background cannot drown a dozen objects.

    Args:
      alpha: float in `[0, 1]`, weight of ones; zeros get `1 - alpha`. None weighs both with 1.
      gamma: float >= 0, focusing exponent; 0 gives cross-entropy, weighted by alpha.
    Call arguments:
      y_true: `[..., K]`, ones and zeros; no one at all is background.
      y_pred: float `[..., K]`, logits, not probabilities.
      sample_weight: optional float `[...]`; 0 leaves an anchor out.
    Returns: the loss in nats, float32, summed over K, then reduced as `reduction` says.
    Raises: ValueError for numbers out of range.
    Source: Lin et al. 2017, Eq. 5. The paper divides by the number of foreground anchors, Keras by that of all: mend
      it through `sample_weight`.
    """

    def __init__(self, alpha: Optional[float] = 0.25, gamma: float = 2.0, name: str = "focal_loss",
                 **kwargs: Any) -> None:
        if gamma < 0 or not (alpha is None or 0 <= alpha <= 1):
            raise ValueError(f"FocalLoss needs 0 <= alpha <= 1 (or None) and gamma >= 0, got {alpha=}, {gamma=}.")
        super().__init__(name=name, **kwargs)
        self.alpha, self.gamma = alpha, gamma

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        return tf.reduce_sum(focal_loss(y_true, y_pred, self.alpha, self.gamma), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}
