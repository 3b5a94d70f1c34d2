"""Polygons to runs of pixels, exactly as the COCO tools draw them.

They put the corners on a grid five times as fine, at its nearest points, and draw each side there with one point in
every column, or in every row if it is steep. Where the outline steps over the middle of a column of pixels, from its
third fine column to the fourth, a run of that column begins or ends; the row is that of the upper of the two points,
rounded up. Here only those steps are computed, not the whole outline, and for many polygons at once.
Source: https://github.com/cocodataset/cocoapi, whose output is the definition of a COCO mask; tests compare with it.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from npfl_kit import errors

FINE, MIDDLE = 5, 2         # fine columns in a pixel, and the one before its middle
FARTHEST = 2**24            # pixels from the picture's corner


def corners(polygon: Any) -> np.ndarray:
    """A polygon x, y, x, y ... as float64 `[P, 2]`.

    Raises: DataError if it is none, or extremely large. Two points are one; they enclose nothing.
    """
    try:
        numbers = np.array(polygon, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.zeros([0, 0])
    if numbers.ndim != 1 or len(numbers) < 4 or len(numbers) % 2 or not np.isfinite(numbers).all():
        raise errors.DataError(f"Expected a polygon as numbers x, y, x, y ..., found {str(polygon)[:40]}.")
    if np.abs(numbers).max() > FARTHEST:
        raise errors.DataError(f"Expected a polygon near its picture, found a corner at {np.abs(numbers).max():,.0f}.")
    return numbers.reshape(-1, 2)


def runs(polygons: Sequence[np.ndarray], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels inside of each polygon, as runs of ones; see `pixel_runs`.

    Args:
      polygons: `[N]`, each float64 `[P, 2]`, x and y of its corners.
      sizes: int64 `[N, 2]`, height and width of the picture of each.
    Returns: runs int64 `[R, 2]`, and the polygon of each, int64 `[R]`.

    >>> runs([np.array([[0, 0], [2, 0], [2, 2], [0, 2.]])], np.array([[3, 3]]))[0].tolist()
    [[0, 2], [3, 5]]
    """
    if not len(polygons):
        return np.zeros([0, 2], np.int64), np.zeros(0, np.int64)
    counts = np.array([len(polygon) for polygon in polygons])
    begin = np.trunc(FINE * np.concatenate(polygons) + 0.5).astype(np.int64)            # [C, 2]
    behind = np.arange(1, len(begin) + 1)
    behind[np.cumsum(counts) - 1] = np.cumsum(counts) - counts                          # the last side closes it
    end, owner = begin[behind], np.repeat(np.arange(len(counts)), counts)
    low, high = np.minimum(begin, end)[:, 0], np.maximum(begin, end)[:, 0]
    first = np.maximum(-((MIDDLE - low) // FINE), 0)                                    # the columns whose middle
    last = np.minimum((high - 1 - MIDDLE) // FINE, sizes[owner, 1] - 1)                 # a side steps over
    times = np.maximum(last - first + 1, 0)
    side = np.repeat(np.arange(len(times)), times)
    column = np.arange(len(side)) + (first - np.cumsum(times) + times)[side]
    row = (_upper_row(begin[side], end[side], FINE * column + MIDDLE) + MIDDLE) // FINE     # rounded up
    height = sizes[owner[side], 0]
    return _between(column * height + np.clip(row, 0, height), owner[side], sizes.prod(-1))


def _between(edges: np.ndarray, owner: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs from each odd edge of a polygon to the next, the last one to the end; an edge there twice is none."""
    origin = np.concatenate([[0], np.cumsum(pixels + 1)])                   # all polygons on one axis
    edges, times = np.unique(edges + origin[owner], return_counts=True)
    edges = edges[times % 2 == 1]
    is_open = np.diff(np.searchsorted(edges, origin)) % 2 == 1
    found = np.sort(np.concatenate([edges, (origin[1:] - 1)[is_open]]), kind="stable").reshape(-1, 2)
    owners = np.searchsorted(origin, found[:, 0], side="right") - 1
    return found - origin[owners][:, None], owners


def _upper_row(begin: np.ndarray, end: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The fine row of the upper of the two points with which sides step from column `before` to the next, int64 `[N]`.

    Args:
      begin, end: int64 `[N, 2]`, x and y of the ends of each side, in either direction.
      before: int64 `[N]`, a fine column; it and the next are among the columns of the side.
    """
    wide, high = np.abs(end - begin).T
    flat = wide >= high
    swap = np.where(flat, begin[:, 0] > end[:, 0], begin[:, 1] > end[:, 1])[:, None]
    (x, y), (end_x, end_y) = np.where(swap, end, begin).T, np.where(swap, begin, end).T
    slope = np.where(flat, end_y - y, end_x - x) / np.maximum(np.where(flat, wide, high), 1)
    flat_row = np.trunc(np.minimum(y + slope * (before - x) + 0.5, y + slope * (before - x + 1) + 0.5))
    guess = np.ceil((before + 0.5 - x) / np.where(flat, 1, slope))          # the first row behind, nearly
    rows = guess[:, None] + np.arange(-1, 2)                                # [N, 3]
    columns = np.trunc(x[:, None] + slope[:, None] * rows + 0.5)
    is_behind = np.where(slope[:, None] > 0, columns > before[:, None], columns <= before[:, None])
    steep_row = y + guess - 1 + np.argmax(is_behind, axis=-1) - 1
    return np.where(flat, flat_row, steep_row).astype(np.int64)
