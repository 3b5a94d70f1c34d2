"""A data set of sentences with one class each, and the judge of its predictions."""
from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from npfl_kit import errors
from npfl_kit.data import split_set
from npfl_kit.data.vocabulary import Vocabulary
from npfl_kit.scoring import accuracy

if TYPE_CHECKING:
    import tensorflow as tf

LONG = 1_000    # words; a batch with such a sentence is nearly all padding
Report = dict[str, list[str]]       # what was odd, in words -> the place of each time


class TextSplit:
    """Sentences as lists of words, and the class of each.

    Args:
      texts: `[N]` lists of words; a sentence may be without words.
      labels: int `[N]`, classes in `[0, K)`.
      report: what was odd in the file.
    Raises: ValueError if there are not as many labels as sentences.
    """

    def __init__(self, texts: Sequence[list[str]], labels: ArrayLike, report: Optional[Report] = None) -> None:
        self.texts, self.labels, self.report = list(texts), np.asarray(labels, np.int32), report or {}
        if self.labels.shape != (len(self.texts),):
            raise ValueError("every sentence needs one label")

    def __len__(self) -> int:
        return len(self.texts)

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Words of each sentence, int32 `[N]`."""
        return np.fromiter(map(len, self.texts), np.int32, len(self))

    def first(self, count: int) -> TextSplit:
        """The first so many sentences."""
        return TextSplit(self.texts[:count], self.labels[:count], self.report)


class TextClassification(split_set.SplitSet):
    """Train, dev and test sentences with one class each.

    `split` gives lists of words, `batches` what a network eats. As `tf.data.Dataset`, in order, an element of `train`,
    `dev` or `test` is `{"words": string [T], "label": int32 []}`.

    Args:
      name: of the data set.
      classes: their names, by label.
      splits: `TextSplit` of "train", "dev" and "test".
      sources: where they come from, for people.
      train_size: int in `[1, N]`, keep the first so many sentences of train; None keeps all.
    Raises: UsageError if `train_size` is impossible, DataError if train has no word.

    `words` is the vocabulary of train, in the order of first appearance.
    """

    UNIT = "sentences"

    def __init__(self, name: str, classes: Sequence[str], splits: Mapping[str, TextSplit], sources: str, *,
                 train_size: Optional[int] = None) -> None:
        self.classes, self.sources = list(classes), sources
        super().__init__(name, dict(splits), train_size)
        if not self.split("train").lengths.any():
            raise errors.DataError(f"{sources}: the training part of {name} has no word; at least one is needed.")

    @functools.cached_property
    def words(self) -> Vocabulary:
        return Vocabulary.of(itertools.chain.from_iterable(self.split("train").texts))

    def report(self) -> Report:
        """What was odd, by kind, with the place of each time."""
        found: Report = {}
        for name in ("train", "dev", "test"):
            split = self.split(name)
            for kind, places in split.report.items():
                found.setdefault(kind, []).extend(places)
            for row in np.flatnonzero(split.lengths > LONG).tolist():
                kind = f"sentences of more than {LONG:,} words, which fill a batch with padding"
                found.setdefault(kind, []).append(f"{name}, sentence {row + 1:,} ({split.lengths[row]:,} words)")
        return found

    def evaluate(self, split_name: str, predictions: Sequence[int]) -> dict[str, float]:
        """The judge: `{"accuracy": share of right answers}`; a PredictionsError if the count is wrong."""
        return {"accuracy": accuracy.accuracy(self.split(split_name).labels, predictions)}

    def _examples(self, split_name: str) -> tf.data.Dataset:
        from npfl_kit.data import text_batches
        return text_batches.examples(self.split(split_name).texts, self.split(split_name).labels)

    def batches(self, split_name: str, batch_size: int, seed: Optional[int] = None, bucketed: bool = True) -> Any:
        """Batches of numbers; `text_batches` says what is in one.

        Args:
          split_name: "train" gives `BucketedEpochs`, in a new order in every epoch; "dev" and "test" give a
            `tf.data.Dataset` in the order of the file.
          batch_size: int, sentences.
          seed: int, order of train; None is 42.
          bucketed: whether training sentences of similar length share a batch; see `length_buckets`.
        """
        from npfl_kit.data import text_batches
        split = self.split(split_name)
        if batch_size < 1:
            raise errors.UsageError(f"--batch_size must be at least 1, got {batch_size}.")
        numbers = self.words.ids(list(itertools.chain.from_iterable(split.texts)))
        encoded = text_batches.Encoded(numbers, split.lengths, split.labels)
        if split_name == "train":
            return text_batches.in_epochs(encoded, batch_size, 42 if seed is None else seed, bucketed)
        return text_batches.in_order(encoded, batch_size)
