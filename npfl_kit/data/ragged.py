"""Rows of different lengths in one flat array, and any of them as a padded matrix."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


class Ragged:
    """Rows of numbers, one after the other in one array.

    A batch is gathered from it in some tenths of a millisecond, where a loop over lists would take as long as a
    training step.

    Args:
      flat: `[sum of lengths]`, all rows one after the other.
      lengths: int `[N]`, >= 0.

    >>> rows = Ragged([7, 8, 9, 5], [3, 0, 1])
    >>> rows.padded(np.array([2, 0, 1]), -1).tolist()
    [[5, -1, -1], [7, 8, 9], [-1, -1, -1]]
    """

    def __init__(self, flat: ArrayLike, lengths: ArrayLike) -> None:
        self.flat, self.lengths = np.asarray(flat), np.asarray(lengths, np.int32).reshape(-1)
        self.starts = np.cumsum(self.lengths, dtype=np.int64) - self.lengths
        if self.flat.shape[0] != int(self.lengths.sum()):
            raise ValueError(f"lengths add up to {int(self.lengths.sum())}, got {self.flat.shape[0]} numbers")

    def __len__(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, rows: Sequence[ArrayLike], dtype: type = np.int32) -> Ragged:
        """Rows from a list of lists."""
        arrays: list[np.ndarray] = [np.asarray(row, dtype) for row in rows]
        return cls(np.concatenate([np.zeros(0, dtype), *arrays]), [len(row) for row in arrays])

    def padded(self, indices: np.ndarray, fill: int) -> np.ndarray:
        """The rows `indices` `[B]` as `[B, T]` in the type of `flat`; `T` is the longest of them and at least 1."""
        lengths = self.lengths[indices]
        steps = np.arange(max(1, int(lengths.max(initial=0))))                                        # [T]
        inside = steps < lengths[:, np.newaxis]                                                       # [B, T]
        matrix = np.full(inside.shape, fill, self.flat.dtype)
        matrix[inside] = self.flat[(self.starts[indices, np.newaxis] + steps)[inside]]
        return matrix
