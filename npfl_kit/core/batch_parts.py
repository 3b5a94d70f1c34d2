"""The two halves of a batch, run side by side.

A loop over time waits for each of its small operations in turn, and most of them keep one core busy. Two loops over
half of the sequences each fill each other's gaps: forward and backward through an LSTM of 256 units takes 98 ms on two
cores instead of 110. Narrow layers have more to do for each operation than in it, and would lose.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import tensorflow as tf

WIDE = 128      # units


def number(units: Optional[int]) -> int:
    """How many parts to run: 2, or 1 for a layer of less than 128 units, and where TensorFlow has one thread.

    >>> number(32), number(None)
    (1, 1)
    """
    return 2 if units and units >= WIDE and tf.config.threading.get_inter_op_parallelism_threads() != 1 else 1


def rows(batch: tf.Tensor, parts: int) -> list[slice]:
    """The rows of each part; with one row or none, the second part is empty.

    >>> [(int(part.start), int(part.stop)) for part in rows(tf.constant(5), 2)]
    [(0, 3), (3, 5)]
    """
    middle = (batch + 1) // 2
    return [slice(0, middle), slice(middle, batch)] if parts == 2 else [slice(0, batch)]


def joined(parts: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    """The parts, one after another."""
    return tf.concat(parts, axis) if len(parts) > 1 else parts[0]
