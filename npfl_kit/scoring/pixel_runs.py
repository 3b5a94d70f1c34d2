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
    if len(runs) < 2:
        return runs
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    reach = np.maximum.accumulate(runs[:, 1])
    first = np.concatenate([[True], runs[1:, 0] > reach[:-1]])              # begins behind all before it
    last = np.append(first[1:], True)
    return np.stack([runs[first, 0], reach[last]], axis=-1)
