"""Arrays in memory to `tf.data` batches: in order for evaluation, shuffled and resumable for training."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def in_order(arrays: Sequence[np.ndarray], batch_size: int) -> tf.data.Dataset:
    """Batches in order, a tuple with a part of each array; the last one may be smaller."""
    return tf.data.Dataset.from_tensor_slices(tuple(arrays)).batch(batch_size).prefetch(2)


class ArrayTrainBatches:
    """Batches for training, where the order of epoch `e` is a function of `(seed, e)` alone.

    Args:
      arrays: such as inputs `[N, ...]` and targets `[N, ...]`; a batch is a tuple with a part `[B, ...]` of each.
      batch_size: int >= 1; the last batch of an epoch may be smaller.
      seed: int >= 0.
      unit: what an example is, in the plural.
    """

    def __init__(self, arrays: Sequence[np.ndarray], batch_size: int, seed: int, unit: str = "examples") -> None:
        self.batch_size, self.seed, self.count, self.UNIT = batch_size, seed, len(arrays[0]), unit
        with tf.device("CPU"):
            self._arrays = tuple(tf.constant(array) for array in arrays)

    def __len__(self) -> int:
        """Steps of one epoch."""
        return -(-self.count // self.batch_size)

    def from_epoch(self, first: int, epochs: int) -> tf.data.Dataset:
        """The batches of the epochs `first` to `epochs - 1`."""
        batches = tf.data.Dataset.range(first, epochs).flat_map(self._epoch).prefetch(4)
        return batches.apply(tf.data.experimental.assert_cardinality(len(self) * max(0, epochs - first)))

    def _epoch(self, epoch: tf.Tensor) -> tf.data.Dataset:
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], epoch)                        # [2]
        order = tf.random.experimental.stateless_shuffle(tf.range(self.count, dtype=tf.int32), seed)  # [N]
        return tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size).map(
            lambda indices: tuple(tf.gather(array, indices) for array in self._arrays),
            num_parallel_calls=2, deterministic=True)
