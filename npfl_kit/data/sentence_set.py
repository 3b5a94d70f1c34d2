"""What the data sets of sentences share: the vocabulary of their words, and batches of numbers."""
from __future__ import annotations

import functools
import itertools
from typing import Any, Optional

from npfl_kit import errors
from npfl_kit.data import split_set
from npfl_kit.data.vocabulary import Vocabulary


class SentenceSet(split_set.SplitSet):
    """Three splits of sentences; a subclass says in `_encode` what a batch of them is.

    Args:
      name: of the data set.
      splits: of "train", "dev" and "test", with `sentences`, lists of words, and their `lengths`.
      sources: where they come from, for people.
      train_size: int in `[1, N]`, keep the first so many sentences of train; None keeps all.
    Raises: UsageError if `train_size` is impossible, DataError if train has no word.
    """

    UNIT = "sentences"

    def __init__(self, name: str, splits: dict[str, Any], sources: str, train_size: Optional[int] = None) -> None:
        super().__init__(name, splits, train_size)
        self.sources = sources
        self._encoded: dict[str, Any] = {}
        if not self.split("train").lengths.any():
            raise errors.DataError(f"{sources}: the training part of {name} has no word; at least one is needed.")

    @functools.cached_property
    def words(self) -> Vocabulary:
        """The words of train, in the order of first appearance; a word known in another case only gets its number."""
        return Vocabulary.of(itertools.chain.from_iterable(self.split("train").sentences), any_case=True)

    def batches(self, split_name: str, batch_size: int, seed: Optional[int] = None, bucketed: bool = True) -> Any:
        """Batches of numbers; `tagging_batches` and `text_batches` say what is in one.

        Args:
          split_name: "train" gives `BucketedEpochs`, in a new order in every epoch; "dev" and "test" give a
            `tf.data.Dataset` in the order of the file.
          batch_size: int, sentences.
          seed: int, order of train; None is 42.
          bucketed: whether training sentences of similar length share a batch; see `length_buckets`.
        """
        from npfl_kit.data import bucketed_epochs
        split = self.split(split_name)
        if batch_size < 1:
            raise errors.UsageError(f"--batch_size must be at least 1, got {batch_size}.")
        if split_name not in self._encoded:
            self._encoded[split_name] = self._encode(split)
        encoded = self._encoded[split_name]
        if split_name == "train":
            return bucketed_epochs.BucketedEpochs(encoded.lengths, encoded.read, batch_size,
                                                  42 if seed is None else seed, bucketed)
        return bucketed_epochs.in_order(len(encoded), encoded.read, batch_size)

    def _encode(self, split: Any) -> Any:
        """The sentences of a split as numbers: `lengths`, and `read`, a function of indices `[B]` to a batch."""
        raise TypeError(f"{type(self).__name__} does not say what a batch is")
