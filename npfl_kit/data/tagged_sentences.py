"""Sentences as a reader finds them, gathered into train, dev and test."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import sentence_checks, sentence_files, sources, splits
from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit


class TaggedSentences:
    """Sentences with the tag, and the line, of each word."""

    def __init__(self) -> None:
        self.sentences: list[list[str]] = []
        self.tags: list[list[str]] = []
        self._lines: list[tuple[str, list[int]]] = []
        self._same: dict[str, str] = {}     # a word that occurs a thousand times is kept once

    def add(self, words: Sequence[str], tags: Sequence[str], name: str, numbers: list[int]) -> None:
        """One more sentence, from the lines `numbers` of the file `name`."""
        same = self._same.setdefault
        self.sentences.append([same(word, word) for word in words])
        self.tags.append([same(tag, tag) for tag in tags])
        self._lines.append((name, numbers))

    def place(self, sentence: int, word: int) -> str:
        """File and line of a word."""
        name, numbers = self._lines[sentence]
        return sentence_checks.place(name, numbers[word])

    def split(self) -> TaggingSplit:
        """The sentences as a split of a data set."""
        return TaggingSplit(self.sentences, self.tags, self.place)


Parse = Callable[[Sequence[str], str, TaggedSentences, sentence_checks.Report], None]


def wrong(name: str, number: int, expected: str, found: str, hint: str = "Mend that line.") -> errors.DataError:
    """The error for a line of a file.

    >>> print(wrong("dev.conllu", 1200, "10 columns between tabs", "9"))
    dev.conllu, line 1,200: expected 10 columns between tabs, found 9. Mend that line.
    """
    return errors.DataError(f"{name}, line {number:,}: expected {expected}, found {found}. {hint}")


def read(name: str, data_dir: sources.DataDir, form: str, endings: Sequence[str], parse: Parse, *,
         spans: bool = False, train_size: Optional[int] = None, is_format: bool = False) -> SequenceTagging:
    """A data set of tagged sentences; see `sentence_files.find` for where it is looked for.

    Args:
      parse: adds the sentences in the lines of a file, given with its name, to what was found, and what is odd in them
        to a report.
      spans: whether the tags are IOB2.
    Raises: DataError if a file is absent or broken, or there is nothing to train on.
    """
    files, source = sentence_files.find(name, data_dir, form, endings, is_format)
    report: sentence_checks.Report = {}
    parts = {}
    for part, listed in files.items():
        found = TaggedSentences()
        for file in listed:
            parse(sentence_files.lines(file), file.name, found, report)
        if not found.sentences:
            raise errors.DataError(f"{listed[0].name}: expected sentences for {part or 'train'}, found none.")
        parts[part] = found.split()
    return SequenceTagging(name, complete(parts, source), source, spans=spans, train_size=train_size, report=report)


def complete(parts: dict[str, TaggingSplit], where: str) -> dict[str, TaggingSplit]:
    """Train, dev and test from the parts that are there.

    Without a train part, dev is train. A missing test or dev is carved out of train: a tenth of its sentences, chosen
    with a fixed seed. Train keeps the order of the files.

    Args:
      parts: of "train", "dev" and "test", or "" for the only file.
      where: what to call the place in an error.
    """
    parts = {"train" if name == "" else name: part for name, part in parts.items()}
    if "train" not in parts and "dev" in parts:
        parts["train"] = parts.pop("dev")
    return splits.complete(parts, where, "sentences")
