"""A mask as its runs of ones: int64 `[R, 2]`, where each begins and where it has ended.

Places count down the columns, one column after another, as in the COCO tools. An object of 100 x 100 pixels takes a
hundred runs at most, whatever the size of its picture. Runs are in order, none is empty, and no two touch.
"""
from __future__ import annotations

import numpy as np


def of(mask: np.ndarray) -> np.ndarray:
    """The runs of a mask, bool `[H, W] -> [R, 2]`.

    >>> of(np.array([[0, 1], [1, 1]], bool)).tolist()
    [[1, 4]]
    """
    places = np.concatenate([[False], np.asarray(mask, bool).T.reshape(-1), [False]])
    return np.flatnonzero(places[1:] != places[:-1]).reshape(-1, 2)


def mask(runs: np.ndarray, height: int, width: int) -> np.ndarray:
    """The mask with these runs, bool `[height, width]`.

    >>> mask(np.array([[1, 4]]), 2, 2).astype(int).tolist()
    [[0, 1], [1, 1]]
    """
    changes = np.zeros(height * width + 1, np.int8)
    changes[runs[:, 0]] = 1
    changes[runs[:, 1]] = -1
    return np.cumsum(changes[:-1], dtype=np.int8).astype(bool).reshape(width, height).T


def join(runs: np.ndarray) -> np.ndarray:
    """The union of runs in any order: without empty ones, those that overlap or touch made one; `[R, 2] -> [S, 2]`.

    >>> join(np.array([[5, 9], [1, 3], [3, 4], [7, 7]])).tolist()
    [[1, 4], [5, 9]]
    """
    runs = runs[runs[:, 0] < runs[:, 1]]
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    reach = np.maximum.accumulate(runs[:, 1])
    first = np.append(True, runs[1:, 0] > reach[:-1])[:len(runs)]           # begins behind all before it
    last = np.append(first[1:], True)[:len(runs)]
    return np.stack([runs[first, 0], reach[last]], axis=-1)


def unite(runs: np.ndarray, owners: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`join` for many masks at once.

    Args:
      runs: int64 `[R, 2]`, in any order.
      owners: int64 `[R]`, the mask that each belongs to.
      pixels: int64 `[N]`, how many there are in each mask, ones and zeros.
    Returns: runs int64 `[S, 2]`, mask by mask, and int64 `[N + 1]`, where those of each mask begin.

    >>> [each.tolist() for each in unite(np.array([[0, 4], [2, 5], [0, 4]]), np.array([1, 1, 0]), np.array([4, 6]))]
    [[[0, 4], [0, 5]], [0, 1, 2]]
    """
    origin = np.concatenate([[0], np.cumsum(pixels + 1)])                   # all on one axis, with a gap between
    joined = join(runs + origin[owners][:, None])
    first = np.searchsorted(joined[:, 0], origin)
    return joined - np.repeat(origin[:-1], np.diff(first))[:, None], first
