"""A student's predictions file, read by the data set's own reader; a refusal names the first bad lines.

What the readers say of a file is for its author; the size of the hidden answers is not. So a file of hidden answers
is told that it has too many lines or too few, never how many there should be.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Optional, TypeVar

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import bounded_file, class_lines, svhn, tag_lines

SHOWN = 5                                               # bad lines that are named
PLAIN = re.compile(rb"(?:[0-9]{1,9}\n)*", re.ASCII)     # what every reader of classes takes, and nearly all files are
LINE = re.compile(r", line ([0-9,]+): ")
TAG_PLACE = re.compile(r"expected ((tag [0-9,]+ of|an empty line after) sentence [0-9,]*[0-9])")
MOST_DIGITS = re.compile(rb"[0-9]{100}")
LINE_BYTES = 512                                        # of a picture's line: a dozen digits and their boxes
PICTURE_BYTES, PICTURE_LISTS = 2**15, 400               # of JSON about one picture: 100 detections of 300 bytes
SLACK_BYTES = 2**16
Read = TypeVar("Read")


def classes(data: bytes, name: str, count: int, num_classes: int, tell: bool = False) -> np.ndarray:
    """The classes, int32 `[count]`, of a file with one per line; see `class_lines.read`.

    Args:
      data: the bytes of the file.
      name: what it is called.
      count: how many lines there must be.
      num_classes: classes are in `[0, num_classes)`.
      tell: whether an error may say how many lines there must be.
    Raises: UngradableError that names the first bad lines, or says that there are too many or too few.

    >>> classes(b"3\\n1\\n", "predictions.txt", 2, 10).tolist()
    [3, 1]
    """
    _require_bytes(data, name, class_lines.BYTES_PER_LINE * (count + 1))
    if PLAIN.fullmatch(data):
        found = np.fromstring(data.decode("ascii"), np.int32, sep="\n") if data else np.zeros(0, np.int32)
        if len(found) == count and found.max(initial=0) < num_classes:
            return found
    return _lines(data, name, count, tell, b"0",
                  lambda text: class_lines.parse(text, name, num_classes=num_classes))


def pictures(data: bytes, name: str, count: int, tell: bool = False) -> list[svhn.Picture]:
    """Digits and their boxes of each picture, a line each; see `svhn.read`. Arguments as in `classes`."""
    _require_bytes(data, name, LINE_BYTES * (count + 1))
    return _lines(data, name, count, tell, b"", lambda text: svhn.parse(text, name))


def tags(data: bytes, name: str, lengths: Sequence[int], tell: bool = False) -> list[list[str]]:
    """The tags of each sentence; see `tag_lines.parse`.

    Args:
      lengths: how many words each sentence has.
      tell: whether an error may say how many words and sentences there are.
    Raises: UngradableError that names the first line that does not fit.

    >>> tags(b"DET\\nNOUN\\n\\n", "predictions.txt", [2])
    [['DET', 'NOUN']]
    """
    _require_bytes(data, name, tag_lines.BYTES_PER_TAG * (sum(lengths) + len(lengths) + 4))
    try:
        return tag_lines.parse(data.decode("utf-8-sig"), name, lengths)
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        raise UngradableError(f"{name}, line {line:,}: expected text in UTF-8 with one tag per line, found bytes that "
                              f"are no text.") from None
    except errors.PredictionsError as error:
        raise UngradableError(str(error) if tell else _discreet(str(error), name)) from None


def detections(data: bytes, name: str, count: int) -> list[Any]:
    """The list in a file of COCO results; its entries are still to be checked by `coco.evaluate`.

    Args:
      count: of pictures; a file may have 32 KiB about each.
    """
    _require_bytes(data, name, PICTURE_BYTES * (count + 2))
    if data.count(b"{") + data.count(b"[") > PICTURE_LISTS * (count + 2):
        raise UngradableError(f"{name}: expected at most 100 detections of a picture, found more. Keep the best.")
    if MOST_DIGITS.search(data):
        raise UngradableError(f"{name}: expected numbers, found one of 100 digits or more.")
    try:
        with bounded_file.no_garbage_collection():
            found = json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise UngradableError(f"{name}: expected JSON, found lists within lists without end.") from None
    except ValueError as problem:
        raise UngradableError(f"{name}: expected JSON, found something else ({str(problem)[:80]}).") from None
    if not isinstance(found, list):
        raise UngradableError(f"{name}: expected a list of detections, found {type(found).__name__}.")
    return found


def _require_bytes(data: bytes, name: str, limit: int) -> None:
    if len(data) > limit + SLACK_BYTES:
        raise UngradableError(f"{name}: expected predictions, found {len(data):,} bytes, which is more than they can "
                              f"have.")


def _lines(data: bytes, name: str, count: int, tell: bool, good: bytes, parse: Callable[[bytes], Read]) -> Read:
    """What the lines are parsed as.

    Parsing stops at its first bad line. That line is noted, and read again as a good one, up to five times.
    """
    lines = data.split(b"\n")
    problems: list[str] = []
    found: Optional[Read] = None
    total = len(lines) - (lines[-1] == b"")
    if total <= 2 * count + 100:
        for _ in range(SHOWN):
            try:
                found = parse(b"\n".join(lines))
                break
            except errors.PredictionsError as error:
                problems.append(str(error))
                place = LINE.search(str(error))
                if place is None:
                    break
                lines[int(place[1].replace(",", "")) - 1] = good
    if total != count:
        wanted = f"{count:,} lines, one per example" if tell else "one line per example of the split, in its order"
        problems.append(f"{name}: expected {wanted}, found {total:,}.")
    if problems or found is None:
        raise UngradableError("\n".join(problems))
    return found


def _discreet(message: str, name: str) -> str:
    """An error of `tag_lines` without the number of words and sentences that there should be.

    >>> _discreet("a.txt, line 8: expected an empty line after sentence 2, which has 3 words, found 'X'.", "a.txt")
    "a.txt, line 8: expected an empty line after sentence 2, found 'X'."
    >>> _discreet("a.txt: expected 9 sentences with 99 tags, found 1 with 3.", "a.txt").split(",")[0]
    'a.txt: expected one tag per word of every sentence'
    """
    found = message[message.index("found "):] if "found " in message else ""
    line, place = LINE.search(message), TAG_PLACE.search(message)
    if line and place:
        return f"{name}, line {line[1]}: expected {place[1]}, {found}"
    if line and "the end of the file" not in message:
        return message
    return (f"{name}: expected one tag per word of every sentence, and an empty line after each; the file has "
            f"{'more' if line else 'less'}.")
