"""Non-maximum suppression: of boxes that overlap, keep the one with the highest score.

Ties are broken by the lower index. A box without area overlaps nothing: it is kept and suppresses nothing. A box with
a NaN, or with a score that is NaN or minus infinity, is no box: it is never kept. So candidates are padded with the
score minus infinity.
"""
from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from npfl_kit.core import array_library, boxes as box_algebra, soft_nms as soft_suppression
from npfl_kit.core.array_library import Array
from npfl_kit.core.boxes import BOTTOM, LEFT, RIGHT, TOP

soft_nms = soft_suppression.soft_nms


def nms(boxes: Array, scores: Array, iou_threshold: float, max_boxes: int) -> Array:
    """The boxes that stay: from the highest score down, each that overlaps none of those kept before by too much.

    Args:
      boxes: float `[N, 4]`, tlbr; array or tensor.
      scores: float `[N]`.
      iou_threshold: in `[0, 1]`; pairs with exactly this IoU both stay.
      max_boxes: keep at most so many.
    Returns: int32 `[K]`, indices of the kept boxes by falling score; equal to torchvision's `nms`.

    >>> nms(np.array([[0., 0, 2, 2], [0, 0, 2, 3], [5, 5, 6, 6]]), np.array([0.6, 0.9, 0.2]), 0.5, 10).tolist()
    [1, 2]
    """
    return nms_by_class(boxes, scores, None, iou_threshold, max_boxes)


def nms_by_class(boxes: Array, scores: Array, labels: Optional[Array], iou_threshold: float, max_boxes: int) -> Array:
    """`nms` where only boxes of the same class suppress each other; `max_boxes` counts all classes together.

    Args:
      labels: int `[N]`, classes from 0; boxes of negative ones are never kept. None is one class for all.

    >>> nms_by_class(np.array([[0., 0, 2, 2], [0, 0, 2, 3]]), np.array([0.6, 0.9]), np.array([0, 1]), 0.5, 10).tolist()
    [1, 0]
    """
    if array_library.of(boxes, scores) is np:
        return _greedy(np.asarray(boxes), np.asarray(scores), labels, iou_threshold, max_boxes)
    labels = None if labels is None else array_library.of(boxes, scores).asarray(labels)[None]
    kept, count = nms_batch(boxes[None], scores[None], iou_threshold, max_boxes, labels)
    return kept[0, :count[0]]


def nms_batch(boxes: Array, scores: Array, iou_threshold: float, max_boxes: int, labels: Optional[Array] = None,
              xla: bool = False) -> tuple[Any, Any]:
    """`nms`, or with labels `nms_by_class`, of every picture of a batch, in arrays of a fixed size.

    Args:
      boxes: float `[B, N, 4]`, tensors.
      scores: float `[B, N]`.
      iou_threshold, max_boxes: as in `nms`.
      labels: optional int `[B, N]`.
      xla: use only operations that `jit_compile=True` can compile; the same boxes, but the memory is B * N * N bytes.
    Returns:
      int32 `[B, max_boxes]`, indices of the kept boxes by falling score, then zeros.
      int32 `[B]`, how many are kept.
    """
    import tensorflow as tf
    boxes, scores = tf.cast(boxes, tf.float32), tf.cast(scores, tf.float32)
    labels = tf.zeros_like(scores, tf.int32) if labels is None else tf.cast(labels, tf.int32)
    is_box = (scores > -np.inf) & ~tf.reduce_any(tf.math.is_nan(boxes), axis=-1) & (labels >= 0)     # [B, N]
    number = tf.shape(scores)[1]
    scores, order = tf.math.top_k(tf.where(is_box, scores, -np.inf), number)                        # lower index first
    boxes, labels, is_box = (tf.gather(each, order, batch_dims=1) for each in (boxes, labels, is_box))
    suppress = _by_matrix if xla else _by_kernel
    places, count = suppress(boxes, labels, is_box, float(iou_threshold), max_boxes)
    is_kept = tf.range(max_boxes) < count[:, None]
    order = tf.pad(order, [[0, 0], [0, 1]])                                                         # N may be 0
    return tf.where(is_kept, tf.gather(order, tf.where(is_kept, places, number), batch_dims=1), 0), count


def top_per_level(scores: Array, counts: Sequence[int], most: int = 1000, threshold: float = 0.05
                  ) -> tuple[Array, Array, Array]:
    """The candidates for `nms_batch`: on each level of a pyramid the best pairs of an anchor and a class.

    Args:
      scores: float `[..., A, K]`, array or tensor.
      counts: anchors of each level, as `anchors.counts` gives; they sum to A.
      most: candidates of one level.
      threshold: scores not above it become minus infinity.
    Returns: with M the sum over levels of the smaller of `most` and anchors times classes,
      float `[..., M]`, scores, falling within a level (ties: lower anchor, then lower class);
      int32 `[..., M]`, anchors; int32 `[..., M]`, classes.
    Source: Lin et al. 2017, Focal Loss, Sec. 4.1: 1000 above 0.05.

    >>> [each.tolist() for each in top_per_level(np.array([[0.1, 0.6], [0.7, 0.0], [0.2, 0.3]]), [2, 1], most=2)]
    [[0.7, 0.6, 0.3, 0.2], [1, 0, 2, 2], [0, 1, 1, 0]]
    """
    library, scores = array_library.floats(scores)
    scores = library.where(scores > threshold, scores, -np.inf)
    shape = scores.shape if library is np else sys.modules["tensorflow"].shape(scores)
    *leading, _, classes = (shape[axis] for axis in range(len(scores.shape)))
    first, found = 0, []
    for count in counts:
        level = library.reshape(scores[..., first:first + count, :], [*leading, count * classes])
        best, places = _top(level, most)
        found.append((best, first + places // classes, places % classes))
        first += count
    best, anchors, labels = (library.concatenate(parts, axis=-1) for parts in zip(*found))
    return best, library.asarray(anchors, "int32"), library.asarray(labels, "int32")


def _greedy(boxes: np.ndarray, scores: np.ndarray, labels: Optional[Array], limit: float, most: int) -> np.ndarray:
    labels = np.zeros(len(scores), np.int32) if labels is None else np.asarray(labels)
    order = np.argsort(-scores, kind="stable").astype(np.int32)
    left = order[(scores[order] > -np.inf) & ~np.isnan(boxes[order]).any(axis=-1) & (labels[order] >= 0)]
    kept: list[int] = []
    while len(left) and len(kept) < most:
        first, left = left[0], left[1:]
        kept.append(first)
        with np.errstate(invalid="ignore"):                                     # infinite boxes
            is_doubled = box_algebra.iou(boxes[first], boxes[left]) > np.asarray(limit, boxes.dtype)
        left = left[~is_doubled | (labels[left] != labels[first])]
    return np.array(kept, np.int32)


def _by_kernel(boxes, labels, is_box, limit: float, most: int) -> tuple[Any, Any]:
    """Places of the kept among sorted boxes, and their count. TensorFlow's fastest kernel gives no indices, but gives
    the scores back: so its scores are the places, counted from the end."""
    import tensorflow as tf
    number = tf.shape(labels)[1]
    boxes = tf.stack([boxes[..., TOP], boxes[..., LEFT], tf.maximum(boxes[..., TOP], boxes[..., BOTTOM]),
                      tf.maximum(boxes[..., LEFT], boxes[..., RIGHT])], axis=-1)    # the kernel would turn them round
    ranks = tf.cast(tf.where(is_box, number - tf.range(number), 0), tf.float32)
    classes = tf.reduce_max(tf.pad(labels, [[0, 0], [0, 1]])) + 1
    ranks = ranks[..., None] * tf.one_hot(labels, classes)                          # [B, N, K]
    padding = [[0, 0], [0, 1]]                                                      # the kernel wants one box at least
    kept = tf.raw_ops.CombinedNonMaxSuppression(
        boxes=tf.pad(boxes, [*padding, [0, 0]])[:, :, None], scores=tf.pad(ranks, [*padding, [0, 0]]),
        max_output_size_per_class=most, max_total_size=most, iou_threshold=limit, score_threshold=0.0,
        pad_per_class=False, clip_boxes=False)
    return number - tf.cast(kept.nmsed_scores, tf.int32), kept.valid_detections


def _by_matrix(boxes, labels, is_box, limit: float, most: int) -> tuple[Any, Any]:
    """The same without a kernel: a box stays unless one that stays suppresses it. Begin with all, and repeat that
    until nothing changes; the first boxes are right at once, and each round makes at least one more right."""
    import tensorflow as tf
    number = tf.shape(labels)[1]
    is_before = tf.range(number)[:, None] < tf.range(number)
    suppresses = box_algebra.pairwise_iou(boxes, boxes) > limit
    suppresses &= is_before & (labels[:, :, None] == labels[:, None, :])            # [B, N, N]

    def again(stays, _):
        return is_box & ~tf.reduce_any(suppresses & stays[:, :, None], axis=1), stays

    stays, _ = tf.while_loop(lambda stays, before: tf.reduce_any(stays != before), again, again(is_box, is_box))
    count = tf.minimum(tf.reduce_sum(tf.cast(stays, tf.int32), axis=1), most)
    padded = tf.pad(tf.where(stays, tf.range(number), number), [[0, 0], [0, most]], constant_values=2 ** 31 - 1)
    return -tf.math.top_k(-padded, most)[0], count


def _top(values: Array, most: int) -> tuple[Array, Array]:
    if not array_library.is_tensor(values):
        places = np.argsort(-values, axis=-1, kind="stable")[..., :most]
        return np.take_along_axis(values, places, axis=-1), places
    import tensorflow as tf
    return tf.math.top_k(values, tf.minimum(most, tf.shape(values)[-1]))
