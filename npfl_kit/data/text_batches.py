"""Sentences with a class each as numbers, and the batches of them.

A batch is a pair of inputs and targets; time is axis 1, and a sentence without words is ordinary:

    {"words": int32 [B, T]}     numbers of the words, 0 beyond the end; T is at least 1
    labels int32 [B]
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

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

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Words and labels of the sentences `indices`, int `[B]`."""
        return self._words.padded(indices, PAD), self._labels[indices]

    def read(self, indices: tf.Tensor) -> Batch:
        """The sentences `indices`, int64 `[B]`, as a batch."""
        words, labels = tf.numpy_function(self.batch, [indices], [tf.int32] * 2, stateful=False)
        return {"words": tf.ensure_shape(words, [None, None])}, tf.ensure_shape(labels, [None])


def examples(sentences: Sequence[Sequence[str]], labels: np.ndarray) -> tf.data.Dataset:
    """Single sentences in order: `{"words": string [T], "label": int32 []}`."""
    flat = tf.constant(list(itertools.chain.from_iterable(sentences)), tf.string)
    words = tf.RaggedTensor.from_row_lengths(flat, [len(text) for text in sentences])
    return tf.data.Dataset.from_tensor_slices({"words": words, "label": labels}).map(
        lambda row: {"words": tf.ensure_shape(row["words"], [None]), "label": row["label"]})
