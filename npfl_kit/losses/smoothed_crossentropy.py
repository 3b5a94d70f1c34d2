"""Cross-entropy with smoothed labels."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


def smoothed_crossentropy(labels: tf.Tensor, logits: tf.Tensor, label_smoothing: float) -> tf.Tensor:
    """Cross-entropy against `1 - smoothing` on the label plus `smoothing / K` on every one of K classes.

    Args:
      labels: int `[...]` or `[..., 1]`, in `[0, K)`.
      logits: float `[..., K]`.
      label_smoothing: float in `[0, 1)`; 0 is cross-entropy itself.
    Returns: float32 `[...]`, nats; at least the entropy of the smoothed labels.
    Source: Szegedy et al. 2016, Rethinking the Inception Architecture, Sec. 7.

    >>> print(smoothed_crossentropy(tf.constant([1]), tf.constant([[0., 0.]]), 0.1).numpy().round(4))
    [0.6931]
    """
    logits = tf.cast(logits, tf.float32)                                               # [..., K]
    if labels.shape.rank == logits.shape.rank:
        labels = tf.squeeze(labels, axis=-1)                                           # [...]
    of_label = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), logits)
    if label_smoothing == 0:
        return of_label
    of_all = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)                       # [...], mean over K
    return (1 - label_smoothing) * of_label + label_smoothing * of_all


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class SmoothedCrossentropy(tf.keras.losses.Loss):
    """Cross-entropy of labels given as ids, against a target that is never quite sure.

    A one-hot target is reached only by infinite logits; with smoothing 0.1 and 10 classes the best logit of the
    label lies 4.5 above the others, and the network stops growing its weights there.

    Args:
      label_smoothing: float in `[0, 1)`, the part of the target that all classes share.
    Call arguments:
      y_true: int `[B]` or `[B, 1]`, class ids in `[0, K)`.
      y_pred: float `[B, K]`, logits, not probabilities.
      sample_weight: optional float `[B]`.
    Returns: the loss in nats, float32, reduced as `reduction` says.
    Raises: ValueError for a smoothing outside `[0, 1)`.
    Source: Szegedy et al. 2016, Sec. 7. Equal to `CategoricalCrossentropy(from_logits=True, label_smoothing=...)` on
      one-hot targets, which Keras 2.15 has no sparse form of.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "smoothed_crossentropy", **kwargs: Any) -> None:
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"SmoothedCrossentropy needs 0 <= label_smoothing < 1, got {label_smoothing}.")
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return smoothed_crossentropy(tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred), self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
