"""Crops of one size from feature maps, one for each region of interest: RoIAlign, RoI pooling, levels of an FPN."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

import tensorflow as tf

from npfl_kit.core import array_library, boxes as box_algebra, roi_sampling
from npfl_kit.core.array_library import Array
from npfl_kit.core.boxes import BOTTOM, LEFT, RIGHT, TOP


def roi_align(features: Array, boxes: Array, image_index: Array, output_size: int, stride: float,
              samples: Optional[int] = 2, aligned: bool = True, xla: bool = False) -> tf.Tensor:
    """Crop every region to one size without rounding its borders: each bin is the average of bilinear samples.

    The value of a cell is that of its center, and cell `(0, 0)` covers the pixels `[0, stride]`. Samples up to one
    cell outside the map read its border; those further out are 0.

    Args:
      features: float `[B, H, W, C]`.
      boxes: float `[R, 4]`, tlbr pixels of the input picture. They get no gradient. One with a NaN gives zeros.
      image_index: int `[R]`, the picture of each box; outside `[0, B)`, say -1 for padding, the crop is zeros.
      output_size: P, bins along each axis.
      stride: pixels of the picture for one cell.
      samples: samples of a bin along each axis; None takes as many as the bin has cells, rounded up (for boxes more
        than twice as large as the map, no more than for those).
      aligned: False is the original convention, half a cell off, with boxes of at least one cell.
      xla: use only operations that `jit_compile=True` can compile; same values, slower where it does not compile.
    Returns: float `[R, P, P, C]` in the type of the features.
    Source: He et al. 2017, Mask R-CNN, Sec. 3; equal to torchvision's `roi_align`, whose `sampling_ratio` -1 is None.

    >>> ramp = tf.range(8.)[None, None, :, None] * tf.ones([1, 8, 1, 1])
    >>> roi_align(ramp, [[0., 0, 4, 4]], [0], output_size=2, stride=1)[0, 0, :, 0].numpy().tolist()
    [0.5, 2.5]
    """
    return _aligned([features], [stride], None, boxes, image_index, output_size, samples, aligned, xla)


def pyramid_roi_align(features: Sequence[Array], boxes: Array, image_index: Array, output_size: int,
                      levels: Sequence[int] = (2, 3, 4, 5), samples: Optional[int] = 2, aligned: bool = True,
                      xla: bool = False) -> tf.Tensor:
    """`roi_align` of every region on the level of a feature pyramid that `level_of` gives it.

    Args:
      features: a float `[B, H_l, W_l, C]` for each level.
      levels: their numbers, one after another; a cell of level l is `2^l` pixels.
      boxes, image_index, output_size, samples, aligned, xla: as in `roi_align`.
    Returns: float `[R, P, P, C]`, in the order of the boxes.
    """
    level = tf.cast(level_of(tf.convert_to_tensor(boxes), levels), tf.int32) - min(levels)
    ordered = [maps for _, maps in sorted(zip(levels, features), key=lambda pair: pair[0])]
    strides = [2.0 ** number for number in sorted(levels)]
    return _aligned(ordered, strides, level, boxes, image_index, output_size, samples, aligned, xla)


def level_of(boxes: Array, levels: Sequence[int] = (2, 3, 4, 5), canonical_level: int = 4,
             canonical_size: float = 224) -> Array:
    """The level of a feature pyramid where a box is looked at: half the size, one level down.

    Args:
      boxes: float `[..., 4]`, tlbr pixels, array or tensor.
      levels: those that there are; boxes that are too small or large go to the first or last one.
      canonical_level: the level of a box of the canonical size, the size of the pictures that pretrained the backbone.
      canonical_size: side of a square, pixels.
    Returns: int32 `[...]`; the lowest level for empty boxes.
    Source: Lin et al. 2017, Feature Pyramid Networks, Eq. 1, with 1e-6 against rounding, as torchvision.

    >>> level_of([[0., 0, 224, 224], [0, 0, 111, 112], [0, 0, 3, 3], [0, 0, 9000, 9000]]).tolist()
    [4, 2, 2, 5]
    """
    library, boxes = array_library.floats(boxes)
    size = library.maximum(library.sqrt(box_algebra.area(boxes)), 1e-6)
    level = library.floor(canonical_level + library.log2(size / canonical_size) + 1e-6)
    return library.asarray(library.clip(level, min(levels), max(levels)), "int32")


def roi_pool(features: Array, boxes: Array, image_index: Array, output_size: int, stride: float) -> tf.Tensor:
    """Crop every region to one size by the maximum over its bins, borders rounded outwards to whole cells.

    Args:
      features: float `[B, H, W, C]`.
      boxes, image_index, output_size, stride: as in `roi_align`.
    Returns: float `[R, P, P, C]`; a bin without a cell inside the map is 0. The gradient goes to the cell that is the
      maximum, the first one on ties.
    Source: Girshick 2015, Fast R-CNN, Sec. 2.1; equal to torchvision's `roi_pool` but for its rounding (57 cells in 7
      bins reach into a 58th there). XLA compiles it.

    >>> ramp = tf.range(8.)[None, None, :, None] * tf.ones([1, 8, 1, 1])
    >>> roi_pool(ramp, [[0., 0, 3, 3]], [0], output_size=2, stride=1)[0, 0, :, 0].numpy().tolist()
    [1.0, 3.0]
    """
    features, boxes, image_index = _tensors(features, boxes, image_index)
    batch, height, width, channels = tf.unstack(tf.shape(features))
    tops, bottoms = _whole_cells(boxes[:, TOP] / stride, boxes[:, BOTTOM] / stride, height, output_size)
    lefts, rights = _whole_cells(boxes[:, LEFT] / stride, boxes[:, RIGHT] / stride, width, output_size)
    is_there = (image_index >= 0) & (image_index < batch)
    bottoms = tf.where(is_there[:, None], bottoms, tops)
    image = tf.where(is_there, image_index, 0)[:, None, None] * height
    cells = (image + tops[..., None]) * width + lefts[:, None, :]                               # [R, P, P], top left
    extents = (bottoms - tops)[..., None], (rights - lefts)[:, None, :]
    table = tf.reshape(features, [batch * height * width, channels])
    return _maxima(table, cells, extents, width)


def _whole_cells(start: tf.Tensor, end: tf.Tensor, length: tf.Tensor, bins: int) -> tuple[tf.Tensor, tf.Tensor]:
    """First cells of bins and those after their last, int32 `[R, P]`; nothing for NaN."""
    is_number = tf.math.is_finite(start) & tf.math.is_finite(end)
    start, end = (tf.cast(tf.clip_by_value(tf.where(is_number, tf.sign(side) * tf.floor(tf.abs(side) + 0.5), 0),
                                           -1e6, 1e6), tf.int32)[:, None] for side in (start, end))
    size, number = tf.maximum(end - start + 1, 1), tf.range(bins)
    firsts = tf.clip_by_value(start + number * size // bins, 0, length)
    lasts = tf.clip_by_value(start - (-(number + 1) * size // bins), 0, length)         # rounded up
    return firsts, tf.where(is_number[:, None], lasts, firsts)


def _maxima(table: tf.Tensor, cells: tf.Tensor, extents: tuple[tf.Tensor, tf.Tensor], width: tf.Tensor) -> tf.Tensor:
    """Maxima over rectangles in a table of cells, given by their first cells `[R, P, P]` and their extents."""
    rows, columns = (tf.reduce_max(tf.concat([tf.reshape(extent, [-1]), [0]], axis=0)) for extent in extents)
    channels = tf.shape(table)[1]

    def body(number: tf.Tensor, best: tf.Tensor, where: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        row, column = number // columns, number % columns
        is_inside = (row < extents[0]) & (column < extents[1])
        here = tf.where(is_inside, cells + row * width + column, 0)[..., None]                  # [R, P, P, 1]
        values = tf.gather(table, here[..., 0])
        is_better = is_inside[..., None] & ((values > best) | (where < 0))
        return number + 1, tf.where(is_better, values, best), tf.where(is_better, here, where)

    @tf.custom_gradient
    def maxima(table: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        shape = tf.concat([tf.shape(cells), [channels]], axis=0)
        start = [0, tf.zeros(shape, table.dtype), tf.fill(shape, -1)]
        _, best, where = tf.while_loop(lambda number, *_: number < rows * columns, body, start)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            places = tf.cast(tf.maximum(where, 0), tf.int64) * tf.cast(channels, tf.int64)
            places += tf.range(tf.cast(channels, tf.int64))
            sums = tf.math.unsorted_segment_sum(tf.where(where < 0, tf.zeros_like(upstream), upstream), places,
                                                tf.size(table))
            return tf.reshape(sums, tf.shape(table))

        return best, gradient

    return maxima(table)


def _aligned(features: Sequence[Array], strides: Sequence[float], level: Optional[tf.Tensor], boxes: Array,
             image_index: Array, bins: int, samples: Optional[int], aligned: bool, xla: bool) -> tf.Tensor:
    """RoIAlign of boxes on maps `level`, int32 `[R]`, or on the first map."""
    given = tf.convert_to_tensor(features[0]).dtype
    maps = [_tensors(each, boxes, image_index)[0] for each in features]
    _, boxes, image_index = _tensors(features[0], boxes, image_index)
    level = tf.zeros_like(image_index) if level is None else level
    batch, channels = tf.shape(maps[0])[0], maps[0].shape[-1] or tf.shape(maps[0])[-1]
    heights, widths = (tf.stack([tf.shape(each)[side] for each in maps]) for side in (1, 2))    # [L]
    sizes = heights * widths
    height, width, size = (tf.gather(each, level) for each in (heights, widths, sizes))         # [R]
    is_there = (image_index >= 0) & (image_index < batch)
    first = tf.gather(tf.cumsum(sizes * batch, exclusive=True), level) + tf.where(is_there, image_index, 0) * size
    boxes = tf.where(is_there[:, None], boxes, float("nan"))
    boxes /= tf.gather(tf.constant(strides, boxes.dtype), level)[:, None]
    table = tf.concat([tf.reshape(each, [-1, channels]) for each in maps], axis=0)
    rows = roi_sampling.axis(boxes[:, TOP], boxes[:, BOTTOM], height, width, first, bins, samples, aligned)
    columns = roi_sampling.axis(boxes[:, LEFT], boxes[:, RIGHT], width, tf.ones_like(width), tf.zeros_like(first),
                                bins, samples, aligned)
    read = roi_sampling.by_taps if xla or tf.config.list_logical_devices("GPU") else roi_sampling.by_matrix
    crops = read(table, rows, columns, bins, samples)
    return tf.cast(tf.ensure_shape(crops, [None, bins, bins, maps[0].shape[-1]]), given)


def _tensors(features: Array, boxes: Array, image_index: Array) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    features = tf.convert_to_tensor(features)
    dtype = tf.float64 if features.dtype == tf.float64 else tf.float32
    boxes = tf.stop_gradient(tf.cast(boxes, dtype))
    return tf.cast(features, dtype), boxes, tf.cast(image_index, tf.int32)
