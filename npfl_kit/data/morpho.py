"""The course's data of Czech morphology: form TAB lemma TAB tag, an empty line after each sentence.

    czech_cac.zip    czech_cac_train.txt    czech_cac_dev.txt    czech_cac_test.txt

A zip file, or the three files of it in a folder. The tags of the test part may be hidden there.
"""
from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import sentence_checks, sentence_files, sources, tagged_sentences
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "morpho"
FORM = "the course's czech_cac.zip or czech_pdt.zip, with *_train.txt, *_dev.txt and *_test.txt,"
COLUMNS = ("form", "lemma", "tag")


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         column: Optional[str] = None) -> SequenceTagging:
    """The course's data in `data_dir` (or NPFL_KIT_DATA); `column` is the tag, or the lemma."""
    column = column or "tag"
    if column not in COLUMNS[1:]:
        raise errors.unknown("column", column, COLUMNS[1:])
    return tagged_sentences.read(NAME, data_dir, FORM, ["_train.txt", "_dev.txt", "_test.txt"],
                                 functools.partial(parse, at=COLUMNS.index(column)), train_size=train_size,
                                 is_format=True)


def parse(text: Sequence[str], name: str, found: tagged_sentences.TaggedSentences, report: sentence_checks.Report,
          at: int = 2) -> None:
    """Add the sentences of a file of the course to `found`, and what is odd in it to `report`.

    Args:
      text: its lines.
      name: what to call it in an error.
      at: column of the tag, counted from 0.
    Raises: DataError that names the line, if it has not three columns.

    >>> found = tagged_sentences.TaggedSentences()
    >>> parse(["kočky\\tkočka\\tNNFP1"], "dev.txt", found, {})
    >>> found.sentences, found.tags
    ([['kočky']], [['NNFP1']])
    """
    for first, block in sentence_files.blocks(text):
        rows = [row.split("\t") for row in block]
        for number, values in enumerate(rows, first):
            if len(values) != len(COLUMNS) or not values[0] or not values[at]:
                raise tagged_sentences.wrong(name, number, "form TAB lemma TAB tag",
                                             f"{len(values)} columns in {' '.join(values)[:40]!r}")
        if rows:
            found.add([values[0] for values in rows], [values[at] for values in rows], name,
                      list(range(first, first + len(rows))))
        else:
            sentence_checks.note(report, "no words", sentence_checks.place(name, first))
