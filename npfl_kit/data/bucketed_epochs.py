"""Batches of sequences: of similar length and in another order in every epoch to train, in their order to test."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from npfl_kit.data import epochs, length_buckets


class BucketedEpochs(epochs.Epochs):
    """Batches of sentences.

    Args:
      lengths: int `[N]`, words of each sentence.
      read: function of int64 indices `[B]` to a batch.
      batch_size: int, sentences; one batch of an epoch may be smaller.
      seed: int >= 0.
      bucketed: whether sentences of similar length share a batch; see `length_buckets`.
    """

    UNIT = "sentences"

    def __init__(self, lengths: np.ndarray, read: Callable[[tf.Tensor], Any], batch_size: int, seed: int,
                 bucketed: bool = True) -> None:
        super().__init__(len(lengths), batch_size, seed)
        self.bucketed, self._lengths, self._read = bucketed, lengths, read

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        def order(which: np.ndarray) -> np.ndarray:
            chosen = length_buckets.batches(self._lengths, self.batch_size, (self.seed, int(which)), self.bucketed)
            return np.stack([np.pad(each, (0, self.batch_size - len(each)), constant_values=-1) for each in chosen])

        def batch(indices: tf.Tensor) -> Any:
            return self.mapped(self._read(tf.boolean_mask(indices, indices >= 0)))

        rows = tf.ensure_shape(tf.numpy_function(order, [number], tf.int64, stateful=False), [None, self.batch_size])
        return tf.data.Dataset.from_tensor_slices(rows).map(batch, num_parallel_calls=2, deterministic=True)


def in_order(count: int, read: Callable[[tf.Tensor], Any], batch_size: int) -> tf.data.Dataset:
    """The batches of `count` sequences one after the other; the last one may be smaller.

    Args:
      read: function of int64 indices `[B]` to a batch.
    """
    def batch(step: tf.Tensor) -> Any:
        return read(tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count)))

    steps = tf.data.Dataset.range(-(-count // batch_size))
    return steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2)
