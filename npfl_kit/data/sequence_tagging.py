"""A data set of sentences whose words have a tag each, and the judge of its predictions."""
from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Optional, Union

import numpy as np

from npfl_kit.data import sentence_checks, sentence_set
from npfl_kit.data.vocabulary import Vocabulary
from npfl_kit.scoring import spans, tag_lines, tagging

if TYPE_CHECKING:
    import tensorflow as tf

    from npfl_kit.data import tagging_batches

Predictions = Union[str, os.PathLike, Sequence[Sequence[str]]]


class TaggingSplit:
    """Sentences and the tags of their words.

    Args:
      sentences, tags: `[N]` lists of words, and of as many tags; a sentence may be without words.
      place: says where word `w` of sentence `s` stands, for people; None counts sentences and words from 1.
    Raises: ValueError if a sentence has not as many tags as words.
    """

    def __init__(self, sentences: Sequence[list[str]], tags: Sequence[list[str]],
                 place: Optional[Callable[[int, int], str]] = None) -> None:
        self.sentences, self.tags, self._place = list(sentences), list(tags), place
        if list(map(len, self.sentences)) != list(map(len, self.tags)):
            raise ValueError("every sentence needs as many tags as words")

    def __len__(self) -> int:
        return len(self.sentences)

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Words of each sentence, int32 `[N]`."""
        return np.fromiter(map(len, self.sentences), np.int32, len(self))

    def place(self, sentence: int, word: int) -> str:
        """Where a word stands, both counted from 0."""
        return self._place(sentence, word) if self._place else f"sentence {sentence + 1:,}, word {word + 1:,}"

    def chosen(self, positions: Sequence[int]) -> TaggingSplit:
        """The sentences at these positions, in this order, as a split of their own."""
        at = [int(position) for position in positions]
        return TaggingSplit([self.sentences[i] for i in at], [self.tags[i] for i in at],
                            lambda sentence, word: self.place(at[sentence], word))

    def first(self, count: int) -> TaggingSplit:
        """The first so many sentences."""
        return self.chosen(range(min(count, len(self))))


class SequenceTagging(sentence_set.SentenceSet):
    """Train, dev and test sentences with a tag for each word: parts of speech, or entities in IOB2.

    `split` gives lists of strings, `batches` what a network eats. As `tf.data.Dataset`, in order, an element of
    `train`, `dev` or `test` is `{"words": string [T], "tags": string [T]}`.

    Args:
      name: of the data set.
      splits: `TaggingSplit` of "train", "dev" and "test".
      sources: where they come from, for people.
      spans: whether the tags are IOB2 and entities are counted, or each tag counts for itself.
      train_size: int in `[1, N]`, keep the first so many sentences of train; None keeps all.
      report: what was odd in the files.
    Raises: UsageError if `train_size` is impossible, DataError if train has no word.

    `words` and `characters` are the vocabularies of train, `tags` its tags, in the order of first appearance.
    """

    def __init__(self, name: str, splits: dict[str, TaggingSplit], sources: str, *, spans: bool = False,
                 train_size: Optional[int] = None, report: Optional[sentence_checks.Report] = None) -> None:
        super().__init__(name, splits, sources, train_size)
        self.spans, self._report = spans, report or {}

    @functools.cached_property
    def characters(self) -> Vocabulary:
        return Vocabulary.of(itertools.chain.from_iterable(self.words.symbols[2:]))

    @functools.cached_property
    def tags(self) -> list[str]:
        return list(dict.fromkeys(itertools.chain.from_iterable(self.split("train").tags)))

    def report(self) -> sentence_checks.Report:
        """What was odd, by kind, with the file and line of each time; see `sentence_checks.lines`."""
        known, unseen = set(self.tags), sentence_checks.Report()
        for part in (self.split("dev"), self.split("test")):
            for row, tags in enumerate(part.tags):
                for step in [step for step, tag in enumerate(tags) if tag not in known]:
                    sentence_checks.note(unseen, "unseen tag", f"{part.place(row, step)} ({tags[step]})")
        return sentence_checks.merged(self._report, unseen)

    def evaluate(self, split_name: str, predictions: Predictions) -> dict[str, float]:
        """The judge: `accuracy` of the tags, and for entities `f1`, `precision` and `recall`, all in [0, 1].

        Args:
          predictions: `[N]` lists of tags, or a file of them; see `scoring.tag_lines`.
        Raises: PredictionsError if a sentence is missing or has another number of tags.
        """
        gold = self.split(split_name)
        if isinstance(predictions, (str, os.PathLike)):
            predictions = tag_lines.read(predictions, gold.lengths.tolist())
        scores = {"accuracy": tagging.token_accuracy(gold.tags, predictions)}
        if self.spans:
            found = spans.span_f1(gold.tags, predictions)
            scores.update({name: found[name] for name in ("f1", "precision", "recall")})
        return scores

    def _examples(self, split_name: str) -> tf.data.Dataset:
        from npfl_kit.data import tagging_batches
        return tagging_batches.examples(self.split(split_name).sentences, self.split(split_name).tags)

    def _encode(self, split: TaggingSplit) -> tagging_batches.Encoded:
        from npfl_kit.data import tagging_batches
        return tagging_batches.Encoded(split.sentences, split.tags, self.words, self.characters, self.tags)
