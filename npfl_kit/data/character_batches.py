"""A text to `tf.data` batches of windows in parallel rows, read in order, so that a state can be carried on.

A text is cut into as many rows as a batch has, and all rows are read from left to right, a window at a time:

    To b|e, o|r no      batch 0: "To b", "t to", "t is"
    t to| be,| tha      batch 1: "e, o", " be,", " the"
    t is| the| que      batch 2: "r no", " tha", " que"

Row `b` of a batch goes on where row `b` of the batch before has ended. A batch is

    characters   int32 [B, T]    what is read; with `marked`, a dictionary {"characters": it, "first": bool [B]}, True
                                 for the windows that begin a row, before which the state of a network is zero
    targets      int32 [B, T]    the next character at each place
    weights      float32 [B, T]  of dev and test alone: 1 for a target, 0 for the padding behind the end of a row
"""
from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import epochs


class CharacterBatches(epochs.Epochs):
    """Windows for training; each epoch begins with the windows that begin a row.

    All windows have the same shape. What does not fill a window in each row is left out at the beginning or at the end
    of the text, in every epoch at another place, so that in the long run every character is learned.

    Args:
      numbers: int32 `[N]`, the text.
      batch_size, length: int, B rows and T characters.
      seed: int.
      marked: whether the inputs say which windows are the first ones; see above.
    Raises: UsageError if the text is shorter than B windows.
    """

    UNIT = "characters"

    def __init__(self, numbers: np.ndarray, batch_size: int, length: int, seed: int, marked: bool = False) -> None:
        self.length, self.marked = length, marked
        self._steps = (len(numbers) - 1) // (batch_size * length)
        if not self._steps:
            raise errors.UsageError(
                f"The training text has {len(numbers):,} characters, too few for {batch_size} rows of at least "
                f"{length} characters and one more: choose a smaller --batch_size or --sequence_length.")
        super().__init__(self._steps * batch_size * length, batch_size, seed)      # of targets in an epoch
        self._slack = len(numbers) - self.count
        with tf.device("CPU"):
            self._numbers = tf.constant(numbers, tf.int32)

    def __len__(self) -> int:
        """Steps of one epoch."""
        return self._steps

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        seed = tf.random.experimental.stateless_fold_in([self.seed, 0], number)                             # [2]
        start = tf.random.stateless_uniform([], seed, 0, self._slack, tf.int32)
        rows = start + tf.range(self.batch_size) * (self._steps * self.length)                              # [B]

        def batch(step: tf.Tensor) -> Any:
            step = tf.cast(step, tf.int32)
            places = (rows + step * self.length)[:, tf.newaxis] + tf.range(self.length + 1)                 # [B, T+1]
            window = tf.gather(self._numbers, places)                                                       # [B, T+1]
            first = tf.fill([self.batch_size], step == 0)                                                   # [B]
            return self.mapped((_inputs(window[:, :-1], first, self.marked), window[:, 1:]))

        return tf.data.Dataset.range(self._steps).map(batch, num_parallel_calls=2, deterministic=True)


def in_full(numbers: np.ndarray, batch_size: int, length: int, marked: bool = False) -> tf.data.Dataset:
    """Windows in which each character but the first is a target just once; the last ones of a row may be padded.

    Args:
      numbers: int32 `[1 + N]`, N >= 1, the character before the text and the text.
    """
    characters, targets, weights = rows_in_full(np.asarray(numbers, np.int32), batch_size, length)
    first = np.zeros([len(characters), batch_size], bool)
    first[0] = True
    windows = tf.data.Dataset.from_tensor_slices((characters, first, targets, weights))
    return windows.map(lambda read, first, following, weight: (_inputs(read, first, marked), following, weight))


def rows_in_full(numbers: np.ndarray, batch_size: int, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of neighbors in a text, in rows of equal length but for the end, cut into windows and padded.

    Returns: characters and targets, int32 `[W, B, T]`, and float32 weights of the same shape that sum to N.

    >>> characters, targets, weights = rows_in_full(np.arange(6), batch_size=2, length=2)
    >>> targets.tolist(), weights.sum()
    ([[[1, 2], [4, 5]], [[3, 0], [0, 0]]], 5.0)
    """
    count = len(numbers) - 1
    row = -(-count // batch_size)                                                       # characters of a row
    windows = -(-row // length)
    columns = np.arange(windows * length)                                               # [W * T]
    places = np.arange(batch_size)[:, np.newaxis] * row + columns                       # [B, W * T]
    is_real = (columns < row) & (places < count)
    places = np.where(is_real, places, 0)
    parts = (numbers[places] * is_real, numbers[places + 1] * is_real, is_real.astype(np.float32))
    characters, targets, weights = (part.reshape(batch_size, windows, length).swapaxes(0, 1) for part in parts)
    return characters, targets, weights


def _inputs(characters: tf.Tensor, first: tf.Tensor, marked: bool):
    return {"characters": characters, "first": first} if marked else characters
