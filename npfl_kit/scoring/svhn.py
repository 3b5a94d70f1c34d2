"""SVHN's judge: the share of pictures whose every digit is found; and its predictions file.

A line of the file is a picture: `label top left bottom right` for each digit, with blanks between all. A picture
without digits is a blank line.
"""
from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.core import boxes
from npfl_kit.scoring import bounded_file

MAX_BYTES = 2**24
CLASSES = 10
OVERLAP = 0.5
LABEL = re.compile(r"[0-9]{1,9}", re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
Picture = tuple[np.ndarray, np.ndarray]     # labels int32 [D], boxes float64 [D, 4], tlbr in pixels


def evaluate(gold: Sequence[Any], predictions: Union[str, os.PathLike, Sequence[Any]],
             empty_is_right: bool = True) -> float:
    """The share of pictures that are wholly right.

    Args:
      gold: `[N]`, for each picture labels `[G]` and boxes `[G, 4]`, top, left, bottom, right.
      predictions: the same, or a file of lines.
      empty_is_right: bool, whether no digit where there is none is right (npfl114) or wrong (npfl138).
    Returns: float in [0, 1]; 0.0 without pictures.
    Raises: PredictionsError if the predictions are not what they should be, or not as many as the pictures.

    >>> evaluate([([1], [[0, 0, 9, 9]]), ([], [])], [([1], [[0, 1, 9, 9]]), ([2], [[0, 0, 9, 9]])])
    0.5
    """
    if isinstance(predictions, (str, os.PathLike)):
        found = read(predictions, len(gold))
    else:
        listed = predictions if isinstance(predictions, Iterable) else ()
        found = [_picture(each, number, "prediction") for number, each in enumerate(listed, start=1)]
    if len(found) != len(gold):
        raise errors.PredictionsError(f"Expected predictions of {len(gold):,} pictures, got {len(found):,}.")
    true = [_picture(each, number, "true answer") for number, each in enumerate(gold, start=1)]
    right = [is_right(*pair, empty_is_right) for pair in zip(true, found)]
    return float(np.mean(right)) if right else 0.0


def is_right(gold: Picture, found: Picture, empty_is_right: bool = True) -> bool:
    """Whether there are as many digits found as there are, and each is on one of its own.

    The digits found choose in their order: each takes, of the true ones with its label that are free, that with the
    largest overlap, the first of equal ones; an IoU of 0.5 is needed.

    Source: `SVHN.evaluate` of the course npfl114.
    """
    if len(gold[0]) != len(found[0]):
        return False
    if not len(gold[0]):
        return empty_is_right
    overlap = np.where(found[0][:, None] == gold[0], boxes.pairwise_iou(found[1], gold[1]), 0)      # [D, G]
    for row in range(len(overlap)):
        best = np.argmax(overlap[row])
        if overlap[row, best] < OVERLAP:
            return False
        overlap[:, best] = 0
    return True


def read(path: Union[str, os.PathLike], count: Optional[int] = None) -> list[Picture]:
    """The pictures of a predictions file.

    Args:
      path: a regular file of at most 16 MiB.
      count: how many lines there must be; None accepts any number.
    Returns: for each line labels int32 `[D]` and boxes float64 `[D, 4]`.
    Raises: PredictionsError that names the file, the line, and what was expected there.
    """
    return parse(bounded_file.read(path, MAX_BYTES), str(path), count)


def parse(data: bytes, name: str, count: Optional[int] = None) -> list[Picture]:
    """The pictures in the bytes of a predictions file, which errors call by `name`; see `read`."""
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise errors.PredictionsError(f"{name}: expected a text file, found bytes that are no text.") from None
    if lines[-1] == "":
        lines.pop()
    if count is not None and len(lines) != count:
        raise errors.PredictionsError(f"{name}: expected {count:,} lines, one per picture, found {len(lines):,}.")
    return [_line(line, number, name) for number, line in enumerate(lines, start=1)]


def format(predictions: Iterable[Any]) -> str:
    """The text of a predictions file.

    >>> format([([3, 1], [[0, 0, 9, 5.25], [0, 6, 9, 11]]), ([], [])])
    '3 0 0 9 5.25 1 0 6 9 11\\n\\n'
    """
    lines = []
    for number, each in enumerate(predictions, start=1):
        labels, found = _picture(each, number, "prediction")
        lines.append(" ".join(f"{label} " + " ".join(f"{side:.12g}" for side in box)
                              for label, box in zip(labels.tolist(), found.tolist())))
    return "".join(f"{line}\n" for line in lines)


def _line(line: str, number: int, name: str) -> Picture:
    words, where = line.split(), f"{name}, line {number:,}"
    if len(words) % 5:
        raise errors.PredictionsError(f"{where}: expected label, top, left, bottom, right for each digit, found "
                                      f"{len(words)} numbers, which is not a multiple of 5.")
    for place, word in enumerate(words):
        is_label = place % 5 == 0
        fits = LABEL.fullmatch(word) and int(word) < CLASSES if is_label else NUMBER.fullmatch(word)
        if not fits or not is_label and not np.isfinite(float(word)):
            expected = f"a digit from 0 to {CLASSES - 1}" if is_label else "a finite number of pixels"
            raise errors.PredictionsError(f"{where}: expected {expected} as number {place + 1}, found {word[:30]!r}.")
    return (np.array(words[::5], np.int32), np.delete(np.array(words, np.float64), np.s_[::5]).reshape(-1, 4))


def _picture(given: Any, number: int, kind: str) -> Picture:
    """Labels and boxes as arrays, checked."""
    try:
        labels, found = (np.asarray(part) for part in given)
        labels, found = labels.reshape(-1), found.astype(np.float64).reshape(-1, 4)
        if len(labels) and labels.dtype.kind not in "iu" or len(labels) != len(found) or not np.isfinite(found).all():
            raise ValueError
        if len(labels) and not 0 <= labels.min() <= labels.max() < CLASSES:
            raise ValueError
    except (TypeError, ValueError):
        raise errors.PredictionsError(f"Expected labels from 0 to {CLASSES - 1} and a box of four finite numbers for "
                                      f"each as {kind} {number:,}, got {str(given)[:60]}.") from None
    return labels.astype(np.int32), found
