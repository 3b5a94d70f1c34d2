"""Soft-NMS: lower the scores of boxes that overlap better ones, instead of removing them."""
from __future__ import annotations

import numpy as np

from npfl_kit import errors
from npfl_kit.core import array_library, boxes as box_algebra
from npfl_kit.core.array_library import Array

METHODS = ("linear", "gaussian")


def soft_nms(boxes: Array, scores: Array, iou_threshold: float, max_boxes: int, method: str = "linear",
             sigma: float = 0.5, score_threshold: float = 0.001) -> tuple[Array, Array, Array]:
    """Boxes by falling score, where each one taken lowers the scores of those that overlap it.

    A person behind another one overlaps the box in front by more than any threshold of NMS; with a lower score it
    still has a chance. `linear` multiplies a score by 1 - IoU if the IoU is above the threshold, `gaussian` by
    exp(-IoU^2 / sigma) whatever it is. Compiled by XLA, too; ties, NaN and padding as in `npfl_kit.core.nms`.

    Args:
      boxes: float `[..., N, 4]`, tlbr; array or tensor.
      scores: float `[..., N]`, not negative.
      iou_threshold: of the linear method.
      max_boxes: M, take at most so many.
      method: "linear" or "gaussian".
      sigma: of the gaussian method.
      score_threshold: stop where no score is above it.
    Returns: int32 `[..., M]`, the boxes taken, then zeros; float `[..., M]`, their lowered scores, then zeros; int32
      `[...]`, how many are taken.
    Raises: UsageError for an unknown method.
    Source: Bodla et al. 2017, Soft-NMS, Eq. 2 and 3.

    >>> kept, scores, count = soft_nms([[0., 0, 2, 2], [0, 0, 2, 3]], [0.6, 0.9], 0.5, 2)
    >>> print(kept, scores.round(2), count)
    [1 0] [0.9 0.2] 2
    """
    if method not in METHODS:
        raise errors.unknown("method of soft-NMS", method, METHODS)
    library, boxes, scores = array_library.floats(boxes, scores)
    is_box = ~library.any(library.isnan(boxes), axis=-1) & (scores > score_threshold)
    alone = [(0, 0)] * (len(scores.shape) - 1)      # one more box, which is never taken: there may be none
    left = library.pad(library.where(is_box, scores, -1), [*alone, (0, 1)], "constant", constant_values=-1)
    boxes = library.pad(boxes, [*alone, (0, 1), (0, 0)], "constant")
    places = library.asarray(library.cumsum(library.ones_like(left), axis=-1) - 1, "int32")

    def take(left: Array) -> tuple[Array, Array, Array]:
        best = library.argmax(left, axis=-1)                                            # [...], the first on ties
        score = library.max(left, axis=-1)
        iou = box_algebra.iou(array_library.take(boxes, best[..., None]), boxes)        # [..., N]
        if method == "linear":
            factor = library.where(iou > iou_threshold, 1 - iou, 1)
        else:
            factor = library.exp(-iou ** 2 / sigma)
        is_taken = places == library.asarray(best, "int32")[..., None]
        left = left * library.asarray(factor, left.dtype)
        return library.where(is_taken | (left <= score_threshold), -1, left), best, score

    return _repeated(library, take, left, max_boxes)


def _repeated(library, take, left: Array, times: int) -> tuple[Array, Array, Array]:
    """The first so many that `take` takes from the scores that are left."""
    if library is np:
        taken = []
        for _ in range(times):
            left, *one = take(left)
            taken.append(one)
        places, scores = (np.stack(each, axis=-1) for each in zip(*taken))
    else:
        import tensorflow as tf

        def body(number, left, places, scores):
            left, place, score = take(left)
            is_here = tf.range(times) == number
            return (number + 1, left, tf.where(is_here, tf.cast(place, tf.int32)[..., None], places),
                    tf.where(is_here, score[..., None], scores))

        empty = tf.zeros(tf.concat([tf.shape(left)[:-1], [times]], axis=0), left.dtype)
        _, _, places, scores = tf.while_loop(lambda number, *_: number < times, body,
                                             [0, left, tf.cast(empty, tf.int32), empty])
    is_taken = scores > 0
    count = library.asarray(library.sum(is_taken, axis=-1), "int32")
    return library.asarray(library.where(is_taken, places, 0), "int32"), library.where(is_taken, scores, 0), count
