"""Sentences with a class each to `tf.data` batches: in order for evaluation, bucketed and resumable for training.

A batch is a pair of inputs and targets; time is axis 1, and a sentence without words is ordinary:

    {"words": int32 [B, T],     numbers of the words, 0 beyond the length; T is at least 1
     "lengths": int32 [B]}
    labels int32 [B]
"""
from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from npfl_kit.data import length_buckets
from npfl_kit.data.ragged import Ragged
from npfl_kit.data.vocabulary import PAD

Batch = tuple[dict[str, tf.Tensor], tf.Tensor]


class Encoded:
    """The sentences of a split as numbers, from which a batch is gathered without a loop.

    Args:
      numbers: int32 `[all words]`, sentence after sentence.
      lengths, labels: int32 `[N]`.
    """

    def __init__(self, numbers: np.ndarray, lengths: np.ndarray, labels: np.ndarray) -> None:
        self._words, self.lengths, self._labels = Ragged(numbers, lengths), lengths, labels

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Words, lengths and labels of the sentences `indices`, int `[B]`."""
        return self._words.padded(indices, PAD), self.lengths[indices], self._labels[indices]


def examples(texts: Sequence[Sequence[str]], labels: np.ndarray) -> tf.data.Dataset:
    """Single sentences in order: `{"words": string [T], "label": int32 []}`."""
    flat = tf.constant(list(itertools.chain.from_iterable(texts)), tf.string)
    words = tf.RaggedTensor.from_row_lengths(flat, [len(text) for text in texts])
    return tf.data.Dataset.from_tensor_slices({"words": words, "label": labels}).map(
        lambda row: {"words": tf.ensure_shape(row["words"], [None]), "label": row["label"]})


def in_order(encoded: Encoded, batch_size: int) -> tf.data.Dataset:
    """Batches in the order of the split; the last one may be smaller."""
    read, count = _reader(encoded), len(encoded)
    steps = tf.data.Dataset.range(-(-count // batch_size))
    return steps.map(lambda step: read(tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count))),
                     num_parallel_calls=2, deterministic=True).prefetch(2)


class TextTrainBatches:
    """Batches for training, where epoch `e` is a function of `(seed, e)` alone.

    Args:
      encoded: what to draw from.
      batch_size: int, sentences; one batch of an epoch may be smaller.
      seed: int >= 0.
      bucketed: whether sentences of similar length share a batch; see `length_buckets`.
    """

    UNIT = "sentences"

    def __init__(self, encoded: Encoded, batch_size: int, seed: int, bucketed: bool = True) -> None:
        self.batch_size, self.seed, self.count, self.bucketed = batch_size, seed, len(encoded), bucketed
        self._encoded, self._read = encoded, _reader(encoded)

    def __len__(self) -> int:
        """Steps of one epoch."""
        return -(-self.count // self.batch_size)

    def from_epoch(self, first: int, epochs: int) -> tf.data.Dataset:
        """The batches of the epochs `first` to `epochs - 1`."""
        batches = tf.data.Dataset.range(first, epochs).flat_map(self._epoch).prefetch(4)
        return batches.apply(tf.data.experimental.assert_cardinality(len(self) * max(0, epochs - first)))

    def _epoch(self, epoch: tf.Tensor) -> tf.data.Dataset:
        def order(number: np.ndarray) -> np.ndarray:
            chosen = length_buckets.batches(self._encoded.lengths, self.batch_size, (self.seed, int(number)),
                                            self.bucketed)
            return np.stack([np.pad(each, (0, self.batch_size - len(each)), constant_values=-1) for each in chosen])

        rows = tf.ensure_shape(tf.numpy_function(order, [epoch], tf.int64, stateful=False), [None, self.batch_size])
        return tf.data.Dataset.from_tensor_slices(rows).map(
            lambda indices: self._read(tf.boolean_mask(indices, indices >= 0)), num_parallel_calls=2,
            deterministic=True)


def _reader(encoded: Encoded) -> Callable[[tf.Tensor], Batch]:
    """A function of int64 indices `[B]` that gives a batch."""
    def batch(indices: tf.Tensor) -> Batch:
        words, lengths, labels = tf.numpy_function(encoded.batch, [indices], [tf.int32] * 3, stateful=False)
        inputs = {"words": tf.ensure_shape(words, [None, None]), "lengths": tf.ensure_shape(lengths, [None])}
        return inputs, tf.ensure_shape(labels, [None])

    return batch
