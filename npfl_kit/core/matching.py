"""Matching: which object each anchor has to find, and which anchors a stage is trained on."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.core import array_library, boxes as box_algebra
from npfl_kit.core.array_library import Array

BACKGROUND, IGNORE = -1, -2
FORCES = ("none", "best_anchors", "one_per_gold")


def match(anchors: Array, boxes: Array, count: Optional[Array] = None, foreground_iou: float = 0.5,
          background_iou: float = 0.4, force: str = "none", ignored: Optional[Array] = None,
          ignored_share: float = 0.5) -> Array:
    """The object that each anchor is trained to find, or BACKGROUND, or IGNORE.

    An anchor takes the object with which its IoU is highest: as foreground from `foreground_iou` on; below
    `background_iou` it is background; between them it is ignored. Without the ignored band, an anchor that covers half
    an object would be taught that there is none. Rules of ties, and of the forced anchors:

    - An anchor with equal IoU to several objects takes the one with the lowest index.
    - `force="none"`: thresholds only. A small object may get no anchor at all.
    - `force="best_anchors"`: each anchor that has the highest IoU of some object, all of them on ties, is foreground
      whatever that IoU, if above 0; it takes the object that is its own best, which may be another one. This is
      `allow_low_quality_matches` of torchvision, which forces on IoU 0, too.
    - `force="one_per_gold"`: each object takes one anchor, of the highest IoU (the first on ties, also on IoU 0); of
      objects that take the same anchor, the one with the lowest index gets it, and the others nothing. With equal
      thresholds it is the rule of the course's `bboxes_training`.

    RetinaNet has 0.5 and 0.4, a region proposal network 0.7 and 0.3 with `best_anchors`, the second stage of Faster
    R-CNN 0.5 and 0.5.

    Args:
      anchors: float `[A, 4]` or `[..., A, 4]`, tlbr.
      boxes: float `[..., G, 4]`, the objects; G may be 0. Empty boxes and boxes with a NaN are never matched.
      count: optional int `[...]`, objects are the first so many rows, the others padding; or bool `[..., G]`.
      foreground_iou, background_iou: thresholds; equal ones leave no band.
      force: which anchors are foreground below the threshold, see above.
      ignored: optional float `[..., I, 4]`, regions such as crowds where objects are not labelled one by one: what
        would be background there becomes IGNORE. Padding is empty boxes.
      ignored_share: the share of an anchor that must lie in one ignored region.
    Returns: int32 `[..., A]`: index of the object in `[0, G)`, BACKGROUND = -1 or IGNORE = -2.
    Raises: UsageError for an unknown `force`, ValueError for a background threshold above the foreground's.
    Source: Lin et al. 2017, Focal Loss, Sec. 4; Ren et al. 2015, Faster R-CNN, Sec. 3.1.2, for the forced anchors.

    >>> match([[0., 0, 10, 10], [0, 5, 10, 15], [0, 40, 10, 50]], [[0., 0, 10, 11.]]).tolist()
    [0, -2, -1]
    """
    library, anchors, boxes = array_library.floats(anchors, boxes)
    present = _padded(library, _present(library, box_algebra.area(boxes) > 0, count), [1])
    iou = box_algebra.pairwise_iou(_padded(library, boxes, [1, 0]), _padded(library, anchors, [1, 0]))
    matched = _assign(library, iou, present, foreground_iou, background_iou, force)
    if ignored is None:
        return matched
    inside = box_algebra.pairwise_inside(anchors, ignored) >= ignored_share             # [..., A, I]
    is_ignored = (matched == BACKGROUND) & library.any(inside, axis=-1)
    return library.asarray(library.where(is_ignored, IGNORE, matched), library.int32)


def match_iou(iou: Array, count: Optional[Array] = None, foreground_iou: float = 0.5, background_iou: float = 0.4,
              force: str = "none") -> Array:
    """`match` for overlaps that are known already.

    Args:
      iou: float `[..., G, A]`, objects by anchors; a negative overlap, or NaN, is never matched.
      count, foreground_iou, background_iou, force: as in `match`.
    Returns: int32 `[..., A]`, as `match`.

    >>> match_iou([[0.9, 0.45, 0.1]]).tolist(), match_iou([[0.2, 0.3]], force="one_per_gold").tolist()
    ([0, -2, -1], [-1, 0])
    """
    library, iou = array_library.floats(iou)
    iou = library.where(iou >= 0, iou, -1)                                              # NaN is no overlap
    present = _present(library, library.any(iou >= 0, axis=-1), count)                  # [..., G]
    return _assign(library, _padded(library, iou, [1, 1]), _padded(library, present, [1]),
                   foreground_iou, background_iou, force)


def gather(values: Array, matched: Array, default: Array = 0) -> Array:
    """What belongs to the matched objects: labels, boxes, masks.

    Args:
      values: `[..., G, *shape]`, one per object; G may be 0.
      matched: int32 `[..., A]`, as `match` gives.
      default: for anchors without an object; broadcasts against `[..., A, *shape]`.
    Returns: `[..., A, *shape]`, in the type of the values.

    >>> gather([[5., 6.], [7., 8.]], np.array([1, -1, -2, 0])).tolist()
    [[7.0, 8.0], [0.0, 0.0], [0.0, 0.0], [5.0, 6.0]]
    """
    library = array_library.of(values, matched)
    values, matched = library.asarray(values), library.asarray(matched)
    inner = len(values.shape) - len(matched.shape)
    found = matched >= 0
    rows = array_library.take(_padded(library, values, [1] + [0] * inner), library.where(found, matched, 0))
    found = found[(..., *[None] * inner)]
    return library.where(found, rows, library.asarray(default, values.dtype))


def sample(matched: Array, count: int, positive_share: float, seed: Union[int, Sequence[int], Array]
           ) -> tuple[Array, Array]:
    """The regions that a second stage is trained on: a fixed number, with not too much background among them.

    Of 2,000 proposals a dozen hold an object; trained on all, a head would learn to say background. At most
    `count * positive_share` regions with an object are drawn, and background up to `count`; IGNORE never.

    Args:
      matched: int32 `[..., R]`, as `match` gives for proposals; R may be 0.
      count: int >= 0, S, regions to draw.
      positive_share: float in `[0, 1]`, the largest share of S that may hold an object, rounded down.
      seed: int, or int `[2]`; equal seeds draw equally, in NumPy, in TensorFlow and compiled.
    Returns: indices int32 `[..., S]` into R, those with an object first; and bool `[..., S]`, which of them were
      drawn: all, unless there is not enough background. Index 0 stands at the others.
    Raises: ValueError for a negative count or a share out of range.
    Source: Girshick 2015, Fast R-CNN, Sec. 2.3: 25 % of 64 regions of an image.

    >>> indices, drawn = sample(np.array([-1, 0, -2, 3]), count=4, positive_share=0.25, seed=42)
    >>> int(indices[0]) in (1, 3), drawn.tolist()
    (True, [True, True, False, False])
    """
    if count < 0 or not 0 <= positive_share <= 1:
        raise ValueError(f"Sampling needs count >= 0 and a positive_share in [0, 1], got {count=}, {positive_share=}.")
    library = array_library.of(matched)
    matched = library.asarray(matched)
    positive, negative = matched >= 0, matched == BACKGROUND
    group = library.where(positive, 0, library.where(negative, 2, 4))
    key = array_library.uniform(matched, seed) + library.asarray(group, np.float32)
    order = _padded(library, library.argsort(key, kind="stable"), [1])                  # [..., R + 1], 0 at the end
    positives, negatives = (library.sum(kind, axis=-1, keepdims=True) for kind in (positive, negative))
    take_positives = library.minimum(positives, int(count * positive_share + 1e-6))     # [..., 1]
    drawn_count = take_positives + library.minimum(negatives, count - take_positives)
    places = library.arange(count)                                                      # [S]
    drawn = places < drawn_count                                                        # [..., S]
    places = library.where(places < take_positives, places, places - take_positives + positives)
    indices = array_library.take(order, library.where(drawn, places, 0))
    return library.asarray(library.where(drawn, indices, 0), library.int32), drawn


def _present(library, is_box: Array, count: Optional[Array]) -> Array:
    """Which rows are objects, bool `[..., G]`: those that are boxes and no padding."""
    if count is None:
        return is_box
    count = library.asarray(count)
    if count.dtype != bool:
        place = library.cumsum(library.ones_like(is_box, np.int32), axis=-1)            # [..., G], from 1
        count = library.less_equal(place, count[..., None])
    return is_box & count


def _padded(library, array: Array, widths: Sequence[int]) -> Array:
    """Zeros after the ends of the last axes: the maximum over objects needs one, and an image may have none."""
    leading = len(array.shape) - len(widths)
    return library.pad(array, [[0, 0]] * leading + [[0, width] for width in widths], "constant")


def _assign(library, iou: Array, present: Array, foreground_iou: float, background_iou: float, force: str) -> Array:
    """Matches from IoU `[..., G + 1, A + 1]`, whose last row and column are padding, to int32 `[..., A]`."""
    if force not in FORCES:
        raise errors.unknown("rule to force matches", force, FORCES)
    if background_iou > foreground_iou:
        raise ValueError(f"Matching needs background_iou <= foreground_iou, got {background_iou=}, {foreground_iou=}.")
    iou = library.where(present[..., None], iou, -1)                                    # [..., G + 1, A + 1]
    best_iou, best = library.max(iou, axis=-2), library.argmax(iou, axis=-2)            # [..., A + 1]
    matched = library.where(best_iou >= background_iou, IGNORE, BACKGROUND)
    matched = library.where(best_iou >= foreground_iou, best, matched)
    if force == "best_anchors":
        highest = library.max(iou, axis=-1, keepdims=True)                              # [..., G + 1, 1]
        forced = library.any((iou == highest) & (highest > 0), axis=-2)                 # [..., A + 1]
        matched = library.where(forced, best, matched)
    elif force == "one_per_gold":
        anchor = library.argmax(iou, axis=-1)[..., None]                                # [..., G + 1, 1]
        place = library.cumsum(library.ones_like(best), axis=-1)[..., None, :] - 1      # [..., 1, A + 1]
        takes = (anchor == place) & present[..., None]                                  # [..., G + 1, A + 1]
        first = library.argmax(library.asarray(takes, np.int8), axis=-2)                # [..., A + 1], lowest index
        matched = library.where(library.any(takes, axis=-2), first, matched)
    return library.asarray(matched[..., :-1], np.int32)
