"""CoNLL-U, the format of Universal Dependencies: anybody's own treebank, plain or compressed by gzip.

    xx-ud-train.conllu        or     train/*.conllu
    xx-ud-dev.conllu.gz              dev/*.conllu
    xx-ud-test.conllu                test/*.conllu

A line is a word in ten columns between tabs, an empty line ends a sentence. Ranges of words that are written as one
(`3-4`) and words that were left out of the text (`5.1`) are no words to tag; they are left out and counted, and so are
sentences without words.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import sentence_checks, sentence_files, sources, tagged_sentences
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "conllu"
FORM = "*train*.conllu, *dev*.conllu and *test*.conllu, or the same with .gz,"
COLUMNS = {"upos": 3, "xpos": 4, "feats": 5}    # whose values can be predicted: places counted from 0
WIDTH = 10
EMPTY = "_"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         column: Optional[str] = None) -> SequenceTagging:
    """A treebank in `data_dir` (or NPFL_KIT_DATA); `column` is upos, xpos or feats, None is upos."""
    return read(NAME, data_dir, train_size=train_size, column=column)


def read(name: str, data_dir: sources.DataDir, *, train_size: Optional[int] = None,
         column: Optional[str] = None) -> SequenceTagging:
    """A data set in CoNLL-U.

    Args:
      name: of the data set.
      column: whose values are the tags: "upos", "xpos" or "feats"; None is "upos".
    Raises: UsageError for another column, DataError if a file is absent or broken, or train has nothing there.
    """
    column = column or "upos"
    if column not in COLUMNS:
        raise errors.unknown("column", column, COLUMNS)
    found = tagged_sentences.read(name, data_dir, FORM, [".conllu"], functools.partial(parse, column=column),
                                  train_size=train_size, is_format=name == NAME)
    if found.tags == [EMPTY]:
        raise errors.DataError(f"{found.sources}: expected tags in the column {column}, found {EMPTY} for each word "
                               f"of train. Choose another --column: {', '.join(COLUMNS)}.")
    return found


def parse(text: Sequence[str], name: str, found: tagged_sentences.TaggedSentences, report: sentence_checks.Report,
          column: str = "upos") -> None:
    """Add the sentences of a file in CoNLL-U to `found`, and what is odd in it to `report`.

    Args:
      text: its lines.
      name: what to call it in an error.
      column: whose values are the tags.
    Raises: DataError that names the line, if it has not ten columns or is out of order.
    Source: https://universaldependencies.org/format.html

    >>> found, row = tagged_sentences.TaggedSentences(), "\\t_\\tNOUN" + 6 * "\\t_"
    >>> parse(["# text = cats", "1\\tcats" + row], "dev.conllu", found, {})
    >>> found.sentences, found.tags
    ([['cats']], [['NOUN']])
    """
    for first, block in sentence_files.blocks(text):
        words: list[str] = []
        tags: list[str] = []
        numbers: list[int] = []
        for number, row in enumerate(block, first):
            if row.startswith("#"):
                continue
            values = row.split("\t")
            if len(values) == WIDTH and values[0] == str(len(words) + 1):
                word, tag = values[1], values[COLUMNS[column]]
                if not word or not tag:
                    raise tagged_sentences.wrong(name, number, f"a word and its {column}, or {EMPTY}",
                                                 "nothing between two tabs")
                words.append(word)
                tags.append(tag)
                numbers.append(number)
            else:
                kind = _no_word(values, len(words) + 1, name, number)
                sentence_checks.note(report, kind, sentence_checks.place(name, number))
        if words:
            found.add(words, tags, name, numbers)
        else:
            sentence_checks.note(report, "no words", sentence_checks.place(name, first))


def _no_word(values: Sequence[str], awaited: int, name: str, number: int) -> str:
    """What a line is that is not the awaited word, as the report calls it; a DataError if it is nothing at all."""
    if len(values) == 1:
        raise tagged_sentences.wrong(name, number, f"{WIDTH} columns between tabs", f"no tab in {values[0][:40]!r}",
                                     "Check that no editor made blanks of them.")
    if len(values) != WIDTH:
        raise tagged_sentences.wrong(name, number, f"{WIDTH} columns between tabs", str(len(values)))
    if re.fullmatch(r"[0-9]+-[0-9]+", values[0]):
        return "multiword"
    if re.fullmatch(r"[0-9]+\.[0-9]+", values[0]):
        return "empty node"
    raise tagged_sentences.wrong(name, number, f"word {awaited:,}", f"the number {values[0][:20]!r}",
                                 "An empty line is missing before it." if values[0] == "1" else "Mend that line.")
