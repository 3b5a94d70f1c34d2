"""Polygons to runs of pixels, exactly as the COCO tools draw them.

They put the corners on a grid five times as fine, rounding to its nearest points, walk along each side one step at a
time, and look where the outline passes from one column of pixels to the next, at the middle of a column. There it
begins or ends a run; the row is that of the upper of the two points, rounded up. A pixel is inside if its column has
an odd number of such places above it.
Source: https://github.com/cocodataset/cocoapi, whose output is the definition of a COCO mask; tests compare with it.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs

FINE = 5                    # points of the fine grid per pixel
MAX_POINTS = 2**24          # of an outline on the fine grid: 3 million pixels long


def runs(polygons: list[Any], height: int, width: int) -> np.ndarray:
    """The pixels inside of any of the polygons, as runs of ones, int64 `[R, 2]`; see `pixel_runs`.

    Args:
      polygons: each a list x, y, x, y ... in pixels; two points enclose nothing.
    Raises: DataError if they are no polygons.

    >>> runs([[0, 0, 2, 0, 2, 2, 0, 2]], 3, 3).tolist()
    [[0, 2], [3, 5]]
    """
    parts = [_inside(_corners(polygon), height, width) for polygon in polygons]
    return pixel_runs.join(np.concatenate([np.zeros([0, 2], np.int64), *parts]))


def _corners(polygon: Any) -> np.ndarray:
    try:
        numbers = np.array(polygon, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.zeros([0, 0])
    if numbers.ndim != 1 or len(numbers) < 4 or len(numbers) % 2 or not np.isfinite(numbers).all():
        raise errors.DataError(f"expected a polygon as numbers x, y, x, y ..., found {str(polygon)[:40]}")
    if np.abs(numbers).max() > MAX_POINTS:
        raise errors.DataError(f"expected a polygon near its picture, found a corner at {np.abs(numbers).max():,.0f}")
    return numbers.reshape(-1, 2)


def _inside(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """Runs of one polygon with corners float64 `[P, 2]`, x and y."""
    x, y = _outline(np.trunc(FINE * corners + 0.5).astype(np.int64))
    passes = np.flatnonzero(x[1:] != x[:-1]) + 1                            # from one fine column to the next
    column = np.minimum(x[passes], x[passes - 1])
    row = np.minimum(y[passes], y[passes - 1])
    seen = (column % FINE == FINE // 2) & (column >= 0) & (column < FINE * width)
    row = np.clip((row[seen] + FINE // 2) // FINE, 0, height)               # rounded up
    edges, times = np.unique(column[seen] // FINE * height + row, return_counts=True)
    edges = edges[times % 2 == 1]                                           # an even number changes nothing
    return np.append(edges, [height * width] * (len(edges) % 2)).astype(np.int64).reshape(-1, 2)


def _outline(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All points of the fine grid on the sides, from each corner to the next: x, y, int64.

    A side that goes backward is drawn forward and walked from its end, so that it is the same both ways.
    """
    begin, end = corners, np.roll(corners, -1, axis=0)                      # [P, 2]
    steps = np.abs(end - begin).max(-1)
    begin, end, steps = begin[steps > 0], end[steps > 0], steps[steps > 0]  # a corner that is there twice is no side
    if steps.sum() > MAX_POINTS:
        raise errors.DataError(f"expected a polygon near its picture, found one {steps.sum() // FINE:,} pixels long")
    sides = np.arange(len(steps))
    axis = (np.abs(end - begin)[:, 0] < steps).astype(np.int64)             # 0: along x, 1: along y
    backward = begin[sides, axis] > end[sides, axis]
    begin, end = np.where(backward[:, None], end, begin), np.where(backward[:, None], begin, end)
    slope = (end - begin)[sides, 1 - axis] / np.maximum(steps, 1)
    side = np.repeat(sides, steps + 1)
    step = np.arange(len(side)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    step = np.where(backward[side], steps[side] - step, step)
    along = begin[sides, axis][side] + step
    across = np.trunc(begin[sides, 1 - axis][side] + slope[side] * step + 0.5).astype(np.int64)
    return np.where(axis[side] == 0, along, across), np.where(axis[side] == 0, across, along)
