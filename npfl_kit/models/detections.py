"""From the answers of all anchors to a list of objects: the end of every one-stage detector."""
from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from npfl_kit.core import boxes as box_algebra, nms


def detections(scores: tf.Tensor, boxes: tf.Tensor, counts: Sequence[int], side: int, score_threshold: float = 0.05,
               per_level: int = 1000, iou_threshold: float = 0.5, max_boxes: int = 100,
               xla: bool = False) -> dict[str, tf.Tensor]:
    """The best boxes of each picture, without doubles of the same class.

    An anchor may answer with several classes. Of each level at most `per_level` answers go on, so that the finest
    does not crowd out the others. A high `score_threshold` would look tidier and cost much of the average precision.

    Args:
      scores: float `[B, A, K]`, probabilities.
      boxes: float `[B, A, 4]`, tlbr pixels, decoded.
      counts: anchors of each level, in order; their sum is A.
      side: int, height and width of the pictures, at which boxes are cut.
      score_threshold, per_level: candidates have a higher score, and are so many on each level at most.
      iou_threshold: of two boxes of a class with a higher IoU, the lower score goes.
      max_boxes: M, in a picture.
      xla: use only operations that XLA can compile.
    Returns: dict of "boxes" float `[B, M, 4]`, "scores" float `[B, M]`, highest first, "labels" int32 `[B, M]`, all
      zeros beyond the count; "count" int32 `[B]`.
    Source: Lin et al. 2017, Focal Loss for Dense Object Detection, Sec. 4.1, "Inference".
    """
    best, anchors, labels = nms.top_per_level(scores, counts, per_level, score_threshold)           # [B, C]
    candidates = box_algebra.clip(tf.gather(boxes, anchors, batch_dims=1), side, side)              # [B, C, 4]
    kept, count = nms.nms_batch(candidates, best, iou_threshold, max_boxes, labels, xla)            # [B, M], [B]
    is_meant = tf.range(max_boxes) < count[:, tf.newaxis]
    return {"boxes": tf.where(is_meant[..., tf.newaxis], tf.gather(candidates, kept, batch_dims=1), 0.0),
            "scores": tf.where(is_meant, tf.gather(best, kept, batch_dims=1), 0.0),
            "labels": tf.where(is_meant, tf.gather(labels, kept, batch_dims=1), 0), "count": count}
