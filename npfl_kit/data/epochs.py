"""Training data in epochs, where epoch `e` is a function of `(seed, e)` alone."""
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


class Epochs:
    """What all training batches are: a run that is resumed at epoch 5 sees the very batches of the unbroken run.

    Args:
      count: int, examples of an epoch.
      batch_size: int, examples of a batch; one batch of an epoch may be smaller.
      seed: int >= 0.

    A subclass says in `epoch` which batches an epoch has.
    """

    UNIT = "examples"       # what is counted, for people

    def __init__(self, count: int, batch_size: int, seed: int) -> None:
        self.count, self.batch_size, self.seed = count, batch_size, seed
        self._then: Sequence[Callable[..., Any]] = ()

    def __len__(self) -> int:
        """Steps of one epoch."""
        return -(-self.count // self.batch_size)

    def map(self, function: Callable[..., Any]) -> Any:
        """The same batches, each given to `function` last, for instance to attach targets."""
        mapped = copy.copy(self)
        mapped._then = (*self._then, function)
        return mapped

    def from_epoch(self, first: int, epochs: int) -> tf.data.Dataset:
        """The batches of the epochs `first` to `epochs - 1`."""
        batches = tf.data.Dataset.range(first, epochs).flat_map(self.epoch).prefetch(4)
        return batches.apply(tf.data.experimental.assert_cardinality(len(self) * max(0, epochs - first)))

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        """The batches of one epoch, int64 `[]`."""
        raise TypeError(f"{type(self).__name__} does not say what an epoch is")

    def mapped(self, batch: Any) -> Any:
        """What the functions given to `map` make of a batch."""
        for function in self._then:
            batch = function(*batch) if isinstance(batch, tuple) else function(batch)
        return batch

    def shuffled(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A seed int32 `[2]` of an epoch, and the order of all examples in it, int64 `[N]`."""
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], number)
        return seed, tf.random.experimental.stateless_shuffle(tf.range(self.count, dtype=tf.int64), seed)
