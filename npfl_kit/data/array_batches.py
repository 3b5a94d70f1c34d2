"""Arrays in memory to `tf.data` batches: in order for evaluation, shuffled and resumable for training."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from npfl_kit.data import epochs


def in_order(arrays: Sequence[np.ndarray], batch_size: int) -> tf.data.Dataset:
    """Batches in order, a tuple with a part of each array; the last one may be smaller."""
    return tf.data.Dataset.from_tensor_slices(tuple(arrays)).batch(batch_size).prefetch(2)


class ArrayTrainBatches(epochs.Epochs):
    """Batches for training, in another order in every epoch.

    Args:
      arrays: such as inputs `[N, ...]` and targets `[N, ...]`; a batch is a tuple with a part `[B, ...]` of each.
      batch_size: int >= 1; the last batch of an epoch may be smaller.
      seed: int >= 0.
      unit: what an example is, in the plural.
    """

    def __init__(self, arrays: Sequence[np.ndarray], batch_size: int, seed: int, unit: str = "examples") -> None:
        super().__init__(len(arrays[0]), batch_size, seed)
        self.UNIT = unit
        with tf.device("CPU"):
            self._arrays = tuple(tf.constant(array) for array in arrays)

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        _, order = self.shuffled(number)
        return tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size).map(
            lambda indices: self.mapped(tuple(tf.gather(array, indices) for array in self._arrays)),
            num_parallel_calls=2, deterministic=True)
