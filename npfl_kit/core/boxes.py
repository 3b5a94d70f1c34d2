"""Boxes: areas, overlaps and regression targets; `convert` is that of `npfl_kit.core.box_formats`.

A box is float `[..., 4]`: top, left, bottom, right in pixels, borders between the pixels, so that the whole picture is
`[0, 0, height, width]` and `bottom - top` is a height. All functions take NumPy arrays or TensorFlow tensors (see
`npfl_kit.core.array_library`), broadcast the leading dimensions, and accept boxes of no or negative size.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

from npfl_kit.core import array_library, box_formats
from npfl_kit.core.array_library import Array

TOP, LEFT, BOTTOM, RIGHT = range(4)
LARGEST_LOG_SIZE = math.log(1000 / 16)      # decoded boxes are at most 62.5 anchors high, whatever the network says
SMALLEST_SIDE = 1e-7                        # shorter sides are encoded as this one: log of 0 has no finite gradient
SMALLEST_AREA = 1e-18                       # less is empty: 1 / area^2 must fit float32

convert = box_formats.convert


def area(boxes: Array) -> Array:
    """Area of every box, `[..., 4] -> [...]`; 0 for a box whose bottom is above its top or right left of its left.

    >>> area([[0., 0, 2, 3], [5, 5, 1, 1]]).tolist()
    [6.0, 0.0]
    """
    library, boxes = array_library.floats(boxes)
    return _area(library, boxes[..., TOP], boxes[..., LEFT], boxes[..., BOTTOM], boxes[..., RIGHT])


def iou(boxes: Array, others: Array) -> Array:
    """Intersection over union of boxes with other boxes, one by one.

    Args:
      boxes, others: float `[..., 4]`, tlbr in the same unit; leading dimensions broadcast.
    Returns: float `[...]` in `[0, 1]`; a pair with an empty union has IoU 0, never NaN, and so have boxes with a NaN.
    Source: Everingham et al. 2010, The Pascal VOC Challenge, Sec. 4.2.

    >>> iou([0., 0, 2, 2], [[0., 0, 2, 4], [5, 5, 5, 5]]).tolist()
    [0.5, 0.0]
    """
    library, boxes, others = array_library.floats(boxes, others)
    intersection = _intersection(library, boxes, others)
    return _share(library, intersection, area(boxes) + area(others) - intersection)


def giou(boxes: Array, others: Array) -> Array:
    """Generalized IoU, one by one: IoU minus the share of the hull (smallest box around both) that neither covers.

    Boxes far apart have IoU 0 and no gradient; GIoU still says how far, down to -1.

    Args: as `iou`.
    Returns: float `[...]` in `[-1, 1]`; 1 for equal boxes, 0 where even the hull is empty.
    Source: Rezatofighi et al. 2019, Generalized Intersection over Union, Algorithm 1.

    >>> giou([0., 0, 1, 1], [[0., 0, 1, 1], [0, 1, 1, 2], [0, 3, 1, 4]]).tolist()
    [1.0, 0.0, -0.5]
    """
    library, boxes, others = array_library.floats(boxes, others)
    intersection = _intersection(library, boxes, others)
    union = area(boxes) + area(others) - intersection
    hull = _area(library, library.minimum(boxes[..., TOP], others[..., TOP]),
                 library.minimum(boxes[..., LEFT], others[..., LEFT]),
                 library.maximum(boxes[..., BOTTOM], others[..., BOTTOM]),
                 library.maximum(boxes[..., RIGHT], others[..., RIGHT]))
    return _share(library, intersection, union) - _share(library, hull - union, hull)


def pairwise_iou(boxes: Array, others: Array) -> Array:
    """`iou` of every box with every other box, `[..., N, 4]` and `[..., M, 4] -> [..., N, M]`."""
    return iou(*_pairs(boxes, others))


def pairwise_giou(boxes: Array, others: Array) -> Array:
    """`giou` of every box with every other box, `[..., N, 4]` and `[..., M, 4] -> [..., N, M]`."""
    return giou(*_pairs(boxes, others))


def pairwise_inside(boxes: Array, others: Array) -> Array:
    """The share of every box that lies in every other box, `[..., N, 4]` and `[..., M, 4] -> [..., N, M]`; 0 if empty.

    >>> pairwise_inside([[0., 0, 2, 2]], [[0., 0, 2, 4], [0, 1, 9, 9]]).tolist()
    [[1.0, 0.5]]
    """
    library, boxes, others = array_library.floats(*_pairs(boxes, others))
    return _share(library, _intersection(library, boxes, others), area(boxes))


def clip(boxes: Array, height: Array, width: Array) -> Array:
    """Boxes cut to a picture, `[..., 4] -> [..., 4]`; what lies outside becomes empty, at the border.

    Args:
      boxes: float `[..., 4]`, tlbr pixels.
      height, width: numbers, or arrays that broadcast against `[...]`: `[B, 1]` for boxes `[B, N, 4]`.

    >>> clip([[-2., 3, 9, 30]], height=8, width=20).tolist()
    [[0.0, 3.0, 8.0, 20.0]]
    """
    library, boxes, height, width = array_library.floats(boxes, height, width)
    ends = height, width, height, width
    return library.stack([library.minimum(library.maximum(boxes[..., side], 0), end)
                          for side, end in enumerate(ends)], axis=-1)


def encode(boxes: Array, anchors: Array, weights: Sequence[float] = (1, 1, 1, 1)) -> Array:
    """What a network has to say so that an anchor becomes a box: the regression targets.

    Args:
      boxes, anchors: float `[..., 4]`, tlbr in the same unit; leading dimensions broadcast.
      weights: factors of the four targets; 10, 10, 5, 5 is usual for the second stage of Faster R-CNN.
    Returns: float `[..., 4]`: dy, dx from center to center in sizes of the anchor, log height and log width over the
      anchor's; finite also for empty boxes.
    Source: Girshick et al. 2014, R-CNN, Appendix C, Eq. 6-9, with y before x.

    >>> encode([[0., 10, 10, 20]], [[0., 0, 10, 20]]).round(4).tolist()
    [[0.0, 0.25, 0.0, -0.6931]]
    """
    library, boxes, anchors = array_library.floats(boxes, anchors)
    y, x, *size = _centers_and_sizes(boxes)
    anchor_y, anchor_x, *anchor_size = _centers_and_sizes(anchors)
    height, width, anchor_height, anchor_width = (library.maximum(side, SMALLEST_SIDE)
                                                  for side in (*size, *anchor_size))
    deltas = ((y - anchor_y) / anchor_height, (x - anchor_x) / anchor_width,
              library.log(height / anchor_height), library.log(width / anchor_width))
    return library.stack([delta * weight for delta, weight in zip(deltas, weights)], axis=-1)


def decode(deltas: Array, anchors: Array, weights: Sequence[float] = (1, 1, 1, 1)) -> Array:
    """The boxes that a network means, the inverse of `encode`.

    Args:
      deltas: float `[..., 4]`, as `encode` gives; log sizes above log(1000 / 16) count as that.
      anchors: float `[..., 4]`, tlbr; leading dimensions broadcast.
      weights: as in `encode`.
    Returns: float `[..., 4]`, tlbr in the unit of the anchors, not clipped.

    >>> decode([[0., 0.25, 0, -0.6931]], [[0., 0, 10, 20]]).round(3).tolist()
    [[0.0, 10.0, 10.0, 20.0]]
    """
    library, deltas, anchors = array_library.floats(deltas, anchors)
    dy, dx, log_height, log_width = (deltas[..., i] / weight for i, weight in enumerate(weights))
    anchor_y, anchor_x, anchor_height, anchor_width = _centers_and_sizes(anchors)
    y, x = anchor_y + dy * anchor_height, anchor_x + dx * anchor_width
    height = anchor_height * library.exp(library.minimum(log_height, LARGEST_LOG_SIZE))
    width = anchor_width * library.exp(library.minimum(log_width, LARGEST_LOG_SIZE))
    return library.stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2], axis=-1)


def _pairs(boxes: Array, others: Array) -> tuple[Array, Array]:
    _, boxes, others = array_library.floats(boxes, others)
    return boxes[..., :, None, :], others[..., None, :, :]              # [..., N, 1, 4], [..., 1, M, 4]


def _area(library, top: Array, left: Array, bottom: Array, right: Array) -> Array:
    height, width = bottom - top, right - left      # `where`, as XLA would fuse a product with the sum that follows it
    return library.where((height > 0) & (width > 0), height * width, 0)


def _intersection(library, boxes: Array, others: Array) -> Array:
    return _area(library, library.maximum(boxes[..., TOP], others[..., TOP]),
                 library.maximum(boxes[..., LEFT], others[..., LEFT]),
                 library.minimum(boxes[..., BOTTOM], others[..., BOTTOM]),
                 library.minimum(boxes[..., RIGHT], others[..., RIGHT]))


def _share(library, part: Array, whole: Array) -> Array:
    """part / whole; 0 where the whole is empty or NaN, with gradient 0 there."""
    is_there = whole > SMALLEST_AREA
    return library.where(is_there, part / library.where(is_there, whole, 1), 0)


def _centers_and_sizes(boxes: Array) -> tuple[Array, Array, Array, Array]:
    height, width = boxes[..., BOTTOM] - boxes[..., TOP], boxes[..., RIGHT] - boxes[..., LEFT]
    return boxes[..., TOP] + height / 2, boxes[..., LEFT] + width / 2, height, width
