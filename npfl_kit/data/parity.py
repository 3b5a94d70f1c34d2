"""Parity: sequences of random numbers, and for each step whether the sum so far is odd.

The answer at a step depends on every step before it, so a network without a memory stays at chance. The sequences are
those of the course, bit for bit, so that published numbers can be compared.
"""
from __future__ import annotations

import numpy as np

from npfl_kit import errors

TRAIN_SEED, TEST_SEED = 42, 43      # of the course; they do not follow --seed


def sequences(count: int, length: int, dimension: int = 1, seed: int = TRAIN_SEED) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences and the parity of each beginning of theirs.

    Args:
      count, length: int >= 1, N and L.
      dimension: int >= 1, D; a number below D is drawn for each step, or below 2 if D is 1.
      seed: int >= 0, `TRAIN_SEED` or `TEST_SEED` for the data of the course.
    Returns: float32 `[N, L, D]`, the numbers themselves if D is 1, else one-hot; bool `[N, L, 1]`, whether the sum of
      the numbers up to and with this step is odd.
    Raises: UsageError for a size below 1.

    >>> numbers, is_odd = sequences(1, 6)
    >>> numbers[0, :, 0].tolist(), is_odd[0, :, 0].astype(int).tolist()
    ([0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0, 1, 1, 1, 1, 0])
    """
    for name, value in (("sequences", count), ("sequence_length", length), ("sequence_dim", dimension)):
        if value < 1:
            raise errors.UsageError(f"--{name} must be at least 1, got {value}.")
    generator = np.random.RandomState(seed)     # the generator of the course; a newer one draws other numbers
    numbers = np.stack([generator.randint(0, max(2, dimension), size=length) for _ in range(count)])    # [N, L]
    is_odd = np.cumsum(numbers, axis=1) % 2 == 1                                                        # [N, L]
    if dimension > 1:
        return (numbers[..., np.newaxis] == np.arange(dimension)).astype(np.float32), is_odd[..., np.newaxis]
    return numbers[..., np.newaxis].astype(np.float32), is_odd[..., np.newaxis]
