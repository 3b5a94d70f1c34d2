"""Named entities in IOB tags: anybody's own files, plain or compressed by gzip.

    train.conll     word TAB tag                                  an empty line ends a sentence, "# " begins a comment
    dev.iob2.gz     number TAB word TAB tag TAB - TAB annotator   the same in five columns, as Universal NER has it

Files in IOB1, where B- only parts neighbors, are read as well: every entity is made to begin with B-. Without a train
file, dev is train.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from npfl_kit.data import sentence_checks, sentence_files, sources, tagged_sentences
from npfl_kit.data.sequence_tagging import SequenceTagging
from npfl_kit.scoring import spans

NAME = "iob2"
ENDINGS = (".conll", ".iob2", ".iob", ".bio", ".tsv", ".txt", ".annotated")
FORM = "files with train, dev or test in their names, of words and IOB tags (.conll, .iob2, .bio, .tsv, also .gz),"
TAG = re.compile(r"O|[BI]-.+")
PLACES = {2: (0, 1), 5: (1, 2)}     # of word and tag, by the number of columns


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> SequenceTagging:
    """Sentences with entities in `data_dir` (or NPFL_KIT_DATA)."""
    return read(NAME, data_dir, train_size=train_size)


def read(name: str, data_dir: sources.DataDir, *, train_size: Optional[int] = None) -> SequenceTagging:
    """A data set of entities called `name`; a DataError if a file is absent or broken."""
    return tagged_sentences.read(name, data_dir, FORM, ENDINGS, parse, spans=True, train_size=train_size,
                                 is_format=name == NAME)


def parse(text: Sequence[str], name: str, found: tagged_sentences.TaggedSentences,
          report: sentence_checks.Report) -> None:
    """Add the sentences of a file of IOB tags to `found`, and what is odd in it to `report`.

    A word may be a #hashtag.

    Args:
      text: its lines.
      name: what to call it in an error.
    Raises: DataError that names the line, if it has other columns than the lines before, or no IOB tag.

    >>> found = tagged_sentences.TaggedSentences()
    >>> parse(["# by hand", "New\\tI-LOC", "York\\tI-LOC", "#ff\\tO"], "dev.conll", found, {})
    >>> found.sentences, found.tags
    ([['New', 'York', '#ff']], [['B-LOC', 'I-LOC', 'O']])
    """
    width = 0       # columns of the file, once they are known
    for first, block in sentence_files.blocks(text):
        words: list[str] = []
        given: list[str] = []
        numbers: list[int] = []
        for number, row in enumerate(block, first):
            values = row.split("\t")
            if row.startswith("#") and _is_comment(values, width):
                continue
            width = width or len(values)
            word, tag = _word(values, width, name, number)
            words.append(word)
            given.append(tag)
            numbers.append(number)
        tags = spans.iob2(given)
        for number, tag, other in zip(numbers, given, tags):
            if tag != other:
                sentence_checks.note(report, "entity begins inside", sentence_checks.place(name, number))
        if words:
            found.add(words, tags, name, numbers)
        else:
            sentence_checks.note(report, "no words", sentence_checks.place(name, first))


def _is_comment(values: Sequence[str], width: int) -> bool:
    """Whether a line that begins with # is no word; among five columns it never is, as words have a number there."""
    if len(values) == 1:
        return values[0][1:2] in ("", " ")      # "#tag O" is a word whose tab is missing
    return width == max(PLACES) or not width and not TAG.fullmatch(values[-1])


def _word(values: Sequence[str], width: int, name: str, number: int) -> tuple[str, str]:
    """The word and the tag of a line."""
    shown = repr(" ".join(values)[:40])
    if len(values) != width or width not in PLACES:
        wanted = f"{width} columns, as in the lines before" if width in PLACES else "word TAB tag, or 5 columns"
        count = "no tab" if len(values) == 1 else f"{len(values)} columns"
        raise tagged_sentences.wrong(name, number, wanted, f"{count} in {shown}")
    word, tag = (values[at] for at in PLACES[width])
    if not word or not TAG.fullmatch(tag) or width == max(PLACES) and not values[0].isdecimal():
        wanted = "a word and a tag (O, B-TYPE or I-TYPE)" + (" after a number" if width == max(PLACES) else "")
        raise tagged_sentences.wrong(name, number, wanted, shown)
    return word, tag
