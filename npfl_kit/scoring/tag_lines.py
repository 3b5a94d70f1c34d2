"""The predictions file of a tagger: one tag per line, an empty line after each sentence."""
from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import Optional, Union

from npfl_kit import errors
from npfl_kit.scoring import bounded_file

MAX_BYTES = 2**26       # 64 MiB, some ten million tags; with known lengths the bound is tighter
BYTES_PER_TAG = 256     # on the average; a long list of morphological features has 150
TAG, BLANK, END = "tag", "blank", "end"     # what must stand on a line


def read(path: Union[str, os.PathLike], lengths: Optional[Sequence[int]] = None) -> list[list[str]]:
    """The tags in a predictions file, by sentences.

    Args:
      path: a regular file of at most 64 MiB.
      lengths: how many words each sentence must have; None accepts any.
    Returns: `[N]` lists of tags.
    Raises: PredictionsError that names the file, the line, and what was expected there.
    """
    limit = MAX_BYTES if lengths is None else min(MAX_BYTES, BYTES_PER_TAG * (sum(lengths) + len(lengths) + 4))
    data = bounded_file.read(pathlib.Path(path), limit)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        raise errors.PredictionsError(f"{path}, line {line:,}: expected text in UTF-8 with one tag per line, found "
                                      f"bytes that are no text.") from None
    return parse(text, str(path), lengths)


def parse(text: str, name: str, lengths: Optional[Sequence[int]] = None) -> list[list[str]]:
    """The sentences of a text with one tag per line.

    An empty line ends a sentence; two in a row enclose one without words. Windows line ends, a missing end of the last
    sentence and, with known lengths, more empty lines at the end of the file are accepted.

    Args:
      name: what to call the text in an error.
      lengths: how many words each sentence must have; None accepts any.

    >>> parse("DET\\nNOUN\\n\\nVERB\\n\\n", "predictions.txt", [2, 1])
    [['DET', 'NOUN'], ['VERB']]
    """
    sentences: list[list[str]] = []
    tags: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
        tag = line.strip(" \t\r")
        wanted = None if lengths is None else _wanted(len(sentences), len(tags), lengths)
        if not tag and wanted == END:
            continue
        is_expected = tag != "" if wanted == TAG else not tag if wanted else True
        if not is_expected or len(tag.split()) > 1:
            place = f"sentence {len(sentences) + 1:,}"
            expected = {TAG: f"tag {len(tags) + 1:,} of {place}", BLANK: f"an empty line after {place}, which has "
                        f"{len(tags):,} words", END: f"the end of the file after {len(sentences):,} sentences"}
            raise errors.PredictionsError(f"{name}, line {number:,}: expected {expected.get(wanted or TAG)}, found "
                                          f"{repr(tag[:30]) if tag else 'an empty line'}.")
        if tag:
            tags.append(tag)
        else:
            sentences.append(tags)
            tags = []
    if tags:
        sentences.append(tags)
    if lengths is not None:
        _require_all(sentences, lengths, name)
    return sentences


def write(sentences: Sequence[Sequence[str]]) -> str:
    """The text of a predictions file.

    >>> write([["DET", "NOUN"], ["VERB"]])
    'DET\\nNOUN\\n\\nVERB\\n\\n'
    """
    for number, tags in enumerate(sentences, 1):
        for tag in tags:
            if not isinstance(tag, str) or tag.split() != [tag]:
                raise errors.PredictionsError(f"Expected tags without blanks, got {tag!r} in sentence {number:,}.")
    return "".join("".join(f"{tag}\n" for tag in tags) + "\n" for tags in sentences)


def _wanted(sentence: int, step: int, lengths: Sequence[int]) -> str:
    """What must stand on the next line, after so many sentences and so many tags of the next."""
    if sentence == len(lengths):
        return END
    return TAG if step < lengths[sentence] else BLANK


def _require_all(sentences: Sequence[Sequence[str]], lengths: Sequence[int], name: str) -> None:
    """Raise PredictionsError if the file ended too early."""
    if len(sentences) != len(lengths):
        raise errors.PredictionsError(f"{name}: expected {len(lengths):,} sentences with {sum(lengths):,} tags, found "
                                      f"{len(sentences):,} with {sum(map(len, sentences)):,}.")
    if lengths and len(sentences[-1]) != lengths[-1]:
        raise errors.PredictionsError(f"{name}: expected {lengths[-1]:,} tags in the last sentence, found "
                                      f"{len(sentences[-1]):,}.")
