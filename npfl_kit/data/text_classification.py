"""A data set of sentences with one class each, and the judge of its predictions."""
from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np
from numpy.typing import ArrayLike

from npfl_kit.data import sentence_set
from npfl_kit.scoring import accuracy

if TYPE_CHECKING:
    import tensorflow as tf

    from npfl_kit.data import text_batches

LONG = 1_000    # words; a batch with such a sentence is nearly all padding
Report = dict[str, list[str]]       # what was odd, in words -> the place of each time


class TextSplit:
    """Sentences as lists of words, and the class of each.

    Args:
      sentences: `[N]` lists of words; a sentence may be without words.
      labels: int `[N]`, classes in `[0, K)`.
      report: what was odd in the file.
    Raises: ValueError if there are not as many labels as sentences.
    """

    def __init__(self, sentences: Sequence[list[str]], labels: ArrayLike, report: Optional[Report] = None) -> None:
        self.sentences, self.labels, self.report = list(sentences), np.asarray(labels, np.int32), report or {}
        if self.labels.shape != (len(self.sentences),):
            raise ValueError("every sentence needs one label")

    def __len__(self) -> int:
        return len(self.sentences)

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Words of each sentence, int32 `[N]`."""
        return np.fromiter(map(len, self.sentences), np.int32, len(self))

    def first(self, count: int) -> TextSplit:
        """The first so many sentences."""
        return TextSplit(self.sentences[:count], self.labels[:count], self.report)


class TextClassification(sentence_set.SentenceSet):
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

    def __init__(self, name: str, classes: Sequence[str], splits: Mapping[str, TextSplit], sources: str, *,
                 train_size: Optional[int] = None) -> None:
        super().__init__(name, dict(splits), sources, train_size)
        self.classes = list(classes)

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
        return text_batches.examples(self.split(split_name).sentences, self.split(split_name).labels)

    def _encode(self, split: TextSplit) -> text_batches.Encoded:
        from npfl_kit.data import text_batches
        numbers = self.words.ids(list(itertools.chain.from_iterable(split.sentences)))
        return text_batches.Encoded(numbers, split.lengths, split.labels)
