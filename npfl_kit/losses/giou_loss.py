"""The GIoU loss: how badly boxes overlap, and if they do not, how far they are apart."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.core import boxes


def giou_loss(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """`1 - GIoU` of boxes and their predictions, one by one.

    Args:
      y_true, y_pred: float `[..., 4]`, tlbr in the same unit.
    Returns: float32 `[...]` in `[0, 2]`, 0 for equal boxes, 1 for two empty boxes at one point; float64 for float64.
    Source: Rezatofighi et al. 2019, Generalized Intersection over Union, Algorithm 1.

    >>> giou_loss(tf.constant([0., 0, 1, 1]), tf.constant([[0., 0, 1, 1], [0, 3, 1, 4]])).numpy().tolist()
    [0.0, 1.5]
    """
    return 1 - boxes.giou(y_true, y_pred)


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class GIoULoss(tf.keras.losses.Loss):
    """Train what is measured: the overlap of a box with its object, not the four numbers one by one.

    The same shift of 4 pixels costs a box of 16 pixels much and one of 256 little, as in AP. Boxes that do not touch
    have a gradient too, which plain IoU lacks.

    Call arguments:
      y_true: float `[..., 4]`, tlbr, the objects' boxes.
      y_pred: float `[..., 4]`, tlbr, decoded predictions.
      sample_weight: optional float `[...]`; 0 leaves a box out.
    Returns: float32 in `[0, 2]`, reduced as `reduction` says; gradients are finite for empty boxes as well.
    Source: Rezatofighi et al. 2019, Generalized Intersection over Union, Algorithm 1.
    """

    def __init__(self, name: str = "giou_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return giou_loss(tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred))
