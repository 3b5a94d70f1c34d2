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
from npfl_kit.core.boxes import BOTTOM

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
    is_box = ~tf.reduce_any(tf.math.is_nan(boxes), axis=-1) & (scores > -np.inf)                    # [B, N]
    if labels is not None:
        is_box &= labels >= 0
    number = tf.shape(scores)[1]
    scores, order = tf.math.top_k(tf.where(is_box, scores, -np.inf), number)                        # lower index first
    boxes = tf.gather(boxes, order, batch_dims=1)
    labels = None if labels is None else tf.gather(tf.cast(labels, tf.int32), order, batch_dims=1)
    suppress = _by_matrix if xla else _by_kernel
    places, count = suppress(boxes, scores > -np.inf, labels, float(iou_threshold), max_boxes)
    return tf.gather(tf.pad(order, [[0, 0], [0, 1]]), places, batch_dims=1), count


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


def _by_kernel(boxes: Any, is_box: Any, labels: Optional[Any], limit: float, most: int) -> tuple[Any, Any]:
    """Places of the kept among sorted boxes, then N, int32 `[B, most]`, and their count. TensorFlow's fastest kernel
    gives no indices, but it gives the scores back: so the scores it gets are the places, counted from the end."""
    import tensorflow as tf
    number = tf.shape(is_box)[1]
    ranks = tf.where(is_box, tf.cast(number - tf.range(number), tf.float32), 0)[..., None]
    if labels is not None:
        ranks *= tf.one_hot(labels, tf.reduce_max(tf.pad(labels, [[0, 0], [0, 1]])) + 1)            # [B, N, K]
    corner = boxes[..., :BOTTOM]                            # the kernel would turn boxes of negative size round
    boxes = tf.concat([corner, tf.maximum(corner, boxes[..., BOTTOM:])], axis=-1)[:, :, None]
    largest = tf.clip_by_value(number, 1, most)
    kept = tf.raw_ops.CombinedNonMaxSuppression(
        boxes=boxes, scores=ranks, max_output_size_per_class=largest, max_total_size=largest, iou_threshold=limit,
        score_threshold=0.0, pad_per_class=False, clip_boxes=False)
    ranks = tf.pad(kept.nmsed_scores, [[0, 0], [0, most - largest]])
    return number - tf.ensure_shape(tf.cast(ranks, tf.int32), [None, most]), kept.valid_detections


def _by_matrix(boxes: Any, is_box: Any, labels: Optional[Any], limit: float, most: int) -> tuple[Any, Any]:
    """The same without a kernel: a box stays unless one that stays suppresses it. Begin with all, and repeat that
    until nothing changes; the first boxes are right at once, and each round makes at least one more right."""
    import tensorflow as tf
    number = tf.shape(is_box)[1]
    suppresses = box_algebra.pairwise_iou(boxes, boxes) > limit                                     # [B, N, N]
    suppresses &= tf.range(number)[:, None] < tf.range(number)
    if labels is not None:
        suppresses &= labels[:, :, None] == labels[:, None, :]

    def again(stays, _):
        return is_box & ~tf.reduce_any(suppresses & stays[:, :, None], axis=1), stays

    stays, _ = tf.while_loop(lambda stays, before: tf.reduce_any(stays != before), again, again(is_box, is_box))
    count = tf.minimum(tf.reduce_sum(tf.cast(stays, tf.int32), axis=1), most)
    negated = tf.pad(tf.where(stays, -tf.range(number), -number), [[0, 0], [0, most]], constant_values=1 - 2 ** 31)
    return tf.minimum(-tf.math.top_k(negated, most)[0], number), count


def _top(values: Array, most: int) -> tuple[Array, Array]:
    if not array_library.is_tensor(values):
        places = np.argsort(-values, axis=-1, kind="stable")[..., :most]
        return np.take_along_axis(values, places, axis=-1), places
    import tensorflow as tf
    return tf.math.top_k(values, tf.minimum(most, tf.shape(values)[-1]))
