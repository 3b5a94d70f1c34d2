"""Sentences with a class each, one per line: `sentence TAB label`."""
from __future__ import annotations

import pathlib
from collections.abc import Iterable

import numpy as np

from npfl_kit import errors
from npfl_kit.data import plain_text, tokens
from npfl_kit.data.text_classification import TextSplit

HEADER = "sentence\tlabel"


def read(path: pathlib.Path, num_classes: int) -> TextSplit:
    """The sentences of a file and their classes; see `parse`."""
    return parse(plain_text.lines(path), str(path), num_classes)


def parse(lines: Iterable[str], where: str, num_classes: int) -> TextSplit:
    """The sentences of some lines and their classes.

    A first line that names the columns is passed over. A sentence may be empty, and is counted among what is odd.

    Args:
      where: what to call them in an error.
      num_classes: labels are the numbers from 0 to `num_classes - 1`.
    Raises: DataError that names the line, or if there is no sentence at all.

    >>> split = parse(["a fine film\\t1"], "here", num_classes=2)
    >>> split.sentences, split.labels.tolist()
    ([['a', 'fine', 'film']], [1])
    """
    texts, labels, empty = [], [], []
    allowed = [str(label) for label in range(num_classes)]
    for number, line in enumerate(lines, 1):
        if number == 1 and line == HEADER:
            continue
        columns = line.split("\t")
        if len(columns) != 2 or columns[1] not in allowed:
            raise errors.DataError(f"{where}, line {number:,}: expected a sentence, a tab, and "
                                   f"{' or '.join(allowed)}; found {_shown(line, columns)}.")
        texts.append(tokens.split(columns[0]))
        labels.append(int(columns[1]))
        if not texts[-1]:
            empty.append(f"{where}:{number}")
    if not texts:
        raise errors.DataError(f"{where}: expected lines with a sentence, a tab and a label; the file is empty.")
    return TextSplit(texts, np.array(labels, np.int32), {"sentences without a word": empty} if empty else {})


def _shown(line: str, columns: list[str]) -> str:
    if not line:
        return "an empty line"
    if len(columns) == 2:
        return f"the label {columns[1][:30]!r}"
    return f"{len(columns) - 1 or 'no'} tab{'s' * (len(columns) > 2)} in {line[:40]!r}"
