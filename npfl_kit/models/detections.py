"""From the answers of all anchors to a list of objects: the end of every one-stage detector."""
from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from npfl_kit.core import boxes as box_algebra


def detections(logits: tf.Tensor, boxes: tf.Tensor, counts: Sequence[int], side: int, score_threshold: float = 0.05,
               per_level: int = 1000, iou_threshold: float = 0.5, max_boxes: int = 100) -> dict[str, tf.Tensor]:
    """The best boxes of each picture, with doubles of the same class removed.

    An anchor may answer with several classes. Of each level at most `per_level` answers go on, so that the finest
    does not crowd out the others; a high `score_threshold` would look tidier and cost much of the average precision.

    Args:
      logits: float `[B, A, K]`.
      boxes: float `[B, A, 4]`, tlbr pixels, decoded.
      counts: anchors of each level, in order; their sum is A.
      side: int, height and width of the pictures, at which boxes are cut.
    Returns: dict of "boxes" float `[B, M, 4]`, "scores" float `[B, M]` in `(score_threshold, 1]`, highest first, zeros
      beyond the count; "labels" int32 `[B, M]`, "count" int32 `[B]`; M is `max_boxes`.
    Source: Lin et al. 2017, Focal Loss for Dense Object Detection, Sec. 4, "Inference".
    """
    num_classes = logits.shape[-1]
    scores, places, start = [], [], 0
    for count in counts:
        level = tf.reshape(logits[:, start:start + count], [tf.shape(logits)[0], count * num_classes])
        best, place = tf.math.top_k(level, min(per_level, count * num_classes))
        scores, places, start = [*scores, best], [*places, place + start * num_classes], start + count
    score, place = tf.sigmoid(tf.concat(scores, axis=1)), tf.concat(places, axis=1)                 # [B, C]
    box = box_algebra.clip(tf.gather(boxes, place // num_classes, batch_dims=1), side, side)        # [B, C, 4]
    label = place % num_classes                                                                     # [B, C]
    apart = tf.cast(label, tf.float32)[..., tf.newaxis] * (side + 1.0)      # boxes of two classes never meet

    def one(inputs):
        far, own = inputs
        return tuple(tf.raw_ops.NonMaxSuppressionV4(
            boxes=far, scores=own, max_output_size=max_boxes, iou_threshold=iou_threshold,
            score_threshold=score_threshold, pad_to_max_output_size=True))

    kept, count = tf.map_fn(one, (box + apart, score), fn_output_signature=(tf.int32, tf.int32))    # [B, M], [B]
    is_meant = tf.sequence_mask(count, max_boxes)
    return {"boxes": tf.where(is_meant[..., tf.newaxis], tf.gather(box, kept, batch_dims=1), 0.0),
            "scores": tf.where(is_meant, tf.gather(score, kept, batch_dims=1), 0.0),
            "labels": tf.where(is_meant, tf.gather(label, kept, batch_dims=1), 0), "count": count}
