"""Bilinear sampling of many regions as one linear map: which cells a bin reads, and with which weights.

The average of a bin's bilinear samples is a weighted sum of cells: a row of a sparse matrix with a column for each
cell of the feature maps, and its gradient is the transposed matrix. TensorFlow multiplies by a sparse matrix fast on
a CPU, and in one thread, so that the gradient is whole: that of `tf.image.crop_and_resize` adds from many threads to
the same cells, and without deterministic operations it loses some percent. XLA has no sparse matrices, and on a GPU
their product is not deterministic; there, the same cells and weights are read one by one by `tf.gather`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Optional, Union

import tensorflow as tf

PARTS = 8           # a sparse product has one thread: independent ones run beside each other


class Axis(NamedTuple):
    """Where R regions lie along one axis of their feature maps, in cells: cell i covers `[i - 1/2, i + 1/2]`."""
    first: tf.Tensor        # float [R], where the first bin begins
    bin_size: tf.Tensor     # float [R]
    samples: tf.Tensor      # float [R], samples of a bin along this axis
    length: tf.Tensor       # float [R], cells of the map
    step: tf.Tensor         # int32 [R], from one cell to the next in the table of all cells
    offset: tf.Tensor       # int32 [R], of the map's first cell in the table


def axis(start: tf.Tensor, end: tf.Tensor, length: tf.Tensor, step: tf.Tensor, offset: tf.Tensor, bins: int,
         samples: Optional[int], aligned: bool) -> Axis:
    """The axis of regions from `start` to `end`, float `[R]` in units of cells; see `npfl_kit.core.roi.roi_align`."""
    shift = 0.5 if aligned else 0.0
    first, end = start - shift, end - shift
    size = end - first if aligned else tf.maximum(end - first, 1)
    length = tf.cast(length, size.dtype)
    if samples is None:
        most = tf.math.ceil(2 * length / bins)          # a box of a million pixels asks for no million samples
        counts = tf.clip_by_value(tf.where(tf.math.is_finite(size), tf.math.ceil(size / bins), 0), 0, most)
    else:
        counts = tf.fill(tf.shape(size), tf.cast(samples, size.dtype))
    return Axis(first, size / bins, counts, length, step, offset)


def taps(axis: Axis, bins: int, which: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The cells that the bins read along an axis: tap 2s is the cell before sample s, tap 2s + 1 the one after it.

    Args:
      axis: of R regions.
      bins: P, bins along the axis.
      which: int32 `[T]`, numbers of taps.
    Returns:
      int32 `[R, P, T]`, steps into the table; a sample outside the map reads a cell with weight 0.
      float `[R, P, T]`, weights; those of a bin sum to 1, or to the share of its samples that is inside the map.
    """
    first, bin_size, samples, length = (part[:, None, None] for part in axis[:4])
    dtype = first.dtype
    sample, is_after = tf.cast(which // 2, dtype), which % 2 == 1                               # [T]
    counted = tf.maximum(samples, 1)
    position = first + tf.range(bins, dtype=dtype)[:, None] * bin_size + (sample + 0.5) * bin_size / counted
    is_inside = (position >= -1) & (position <= length) & (sample < samples)                    # [R, P, T]
    position = tf.clip_by_value(tf.where(is_inside, position, 0), 0, length - 1)
    before = tf.floor(position)
    cell = tf.where(is_after, tf.minimum(before + 1, length - 1), before)
    share = tf.where(is_after, position - before, 1 - (position - before))
    weight = tf.where(is_inside, share, 0) / counted
    return axis.offset[:, None, None] + axis.step[:, None, None] * tf.cast(cell, tf.int32), weight


def by_matrix(table: tf.Tensor, rows: Axis, columns: Axis, bins: int, samples: Optional[int]) -> tf.Tensor:
    """The bins of all regions by a sparse matrix, for a CPU.

    Args:
      table: float `[N, C]`, all cells.
      rows, columns: the axes of R regions.
      bins: P.
      samples: of a bin along each axis; None if they are the axes' own.
    Returns: float `[R, P, P, C]`.
    """
    places, weights = zip(*(taps(each, bins, tf.range(_tap_count(each, samples))) for each in (rows, columns)))
    cells = places[0][:, :, None, :, None] + places[1][:, None, :, None, :]                     # [R, P, P, Ty, Tx]
    weights = weights[0][:, :, None, :, None] * weights[1][:, None, :, None, :]
    regions, size = tf.shape(cells)[0], tf.shape(table)[0]

    @tf.custom_gradient
    def multiplied(table: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        bounds = [regions * part // PARTS for part in range(PARTS + 1)]
        crops = [tf.sparse.sparse_dense_matmul(_matrix(cells[a:b], weights[a:b], size), table)
                 for a, b in zip(bounds, bounds[1:])]

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            upstream = tf.reshape(upstream, [-1, tf.shape(table)[1]])
            return tf.sparse.sparse_dense_matmul(_matrix(cells, weights, size), upstream, adjoint_a=True)

        return tf.reshape(tf.concat(crops, axis=0), [regions, bins, bins, tf.shape(table)[1]]), gradient

    return multiplied(table)


def by_taps(table: tf.Tensor, rows: Axis, columns: Axis, bins: int, samples: Optional[int]) -> tf.Tensor:
    """The same bins by reading some taps after others, for XLA and GPUs; see `by_matrix`."""
    row_taps, column_taps = _tap_count(rows, samples), _tap_count(columns, samples)

    def read(row: Union[int, tf.Tensor], column: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        row_cell, row_weight = taps(rows, bins, tf.reshape(row, [1]))                           # [R, P, 1]
        cell, weight = taps(columns, bins, column)                                              # [R, P, T]
        cells = row_cell[:, :, None] + cell[:, None]                                            # [R, P, P, T]
        return cells, (row_weight[:, :, None] * weight[:, None])[..., None]

    def each_tap(step: Callable, total: tf.Tensor) -> tf.Tensor:
        if samples is not None:
            for row in range(row_taps):
                total = step(total, *read(row, tf.range(column_taps)))
            return total

        def body(number: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return number + 1, step(total, *read(number // column_taps, tf.reshape(number % column_taps, [1])))
        return tf.while_loop(lambda number, _: number < row_taps * column_taps, body, [0, total])[1]

    @tf.custom_gradient
    def summed(table: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return each_tap(lambda total, cells, weights: total + tf.math.unsorted_segment_sum(
                upstream[:, :, :, None] * weights, cells, tf.shape(table)[0]), tf.zeros_like(table))

        crops = tf.zeros([tf.shape(rows.first)[0], bins, bins, tf.shape(table)[1]], table.dtype)
        return each_tap(lambda total, cells, weights: tf.add_n([total] + [      # XLA makes one pass of it
            weights[:, :, :, tap] * tf.gather(table, cells[..., tap]) for tap in range(cells.shape[-1])
        ]), crops), gradient

    return summed(table)


def _tap_count(axis: Axis, samples: Optional[int]) -> Union[int, tf.Tensor]:
    if samples is not None:
        return 2 * samples
    return 2 * tf.cast(tf.reduce_max(tf.concat([axis.samples, [1]], axis=0)), tf.int32)


def _matrix(cells: tf.Tensor, weights: tf.Tensor, size: tf.Tensor) -> tf.SparseTensor:
    """A row for each bin, `[R * P * P, size]`, from cells and weights `[R, P, P, Ty, Tx]`."""
    shape = tf.shape(cells)
    bins = tf.reduce_prod(shape[:3])
    row = tf.repeat(tf.range(bins), tf.reduce_prod(shape[3:]))
    indices = tf.cast(tf.stack([row, tf.reshape(cells, [-1])], axis=1), tf.int64)
    return tf.SparseTensor(indices, tf.reshape(weights, [-1]), tf.cast(tf.stack([bins, size]), tf.int64))
