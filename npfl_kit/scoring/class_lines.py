"""The predictions file of a classification: one class per line, as a whole number."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import bounded_file

MAX_BYTES = 2**23       # 8 MiB, a million predictions and more; with a known count the bound is tighter
BYTES_PER_LINE = 16
CLASS = re.compile(r"[0-9]{1,9}", re.ASCII)


def read(path: Union[str, os.PathLike], count: Optional[int] = None,
         num_classes: Optional[int] = None) -> np.ndarray:
    """The classes in a predictions file.

    A line is one whole number in digits, with blanks around it if need be. A byte order mark, Windows line ends and a
    missing end of the last line are accepted; an empty line is not.

    Args:
      path: a regular file of at most 8 MiB.
      count: how many lines there must be; None accepts any number.
      num_classes: classes must be in `[0, num_classes)`; None accepts any.
    Returns: int32 `[N]`, N = 0 for an empty file.
    Raises: PredictionsError that names the file, the line, and what was expected there.
    """
    limit = MAX_BYTES if count is None else min(MAX_BYTES, BYTES_PER_LINE * (count + 1))
    return parse(bounded_file.read(path, limit), str(path), count, num_classes)


def parse(data: bytes, name: str, count: Optional[int] = None, num_classes: Optional[int] = None) -> np.ndarray:
    """The classes in the bytes of a predictions file, which errors call by `name`; see `read`.

    >>> parse(b"3\\n1\\n", "predictions.txt").tolist()
    [3, 1]
    """
    wanted = "one class per line" if count is None else f"{count:,} lines with one class each"
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise errors.PredictionsError(f"{name}: expected a text file with {wanted}, found bytes that are no text.") \
            from None
    if lines[-1] == "":
        lines.pop()
    classes = np.array([_class(line, number, name, num_classes) for number, line in enumerate(lines, 1)], np.int32)
    if count is not None and len(classes) != count:
        raise errors.PredictionsError(f"{name}: expected {count:,} lines, one per example, found {len(classes):,}.")
    return classes


def format(predictions: Iterable[int]) -> str:
    """The text of a predictions file.

    >>> format([3, 1])
    '3\\n1\\n'
    """
    classes = np.asarray(list(predictions))
    if classes.ndim != 1 or (classes.size and (classes.dtype.kind not in "iu" or classes.min() < 0)):
        raise errors.PredictionsError(f"Expected one class (0, 1, ...) per example, got {classes.dtype} of shape "
                                      f"{list(classes.shape)}; take the argmax of the probabilities.")
    return "".join(f"{one}\n" for one in classes)


def _class(line: str, number: int, name: str, num_classes: Optional[int]) -> int:
    text = line.strip(" \t\r")
    if CLASS.fullmatch(text) and (num_classes is None or int(text) < num_classes):
        return int(text)
    classes = "a class such as 7" if num_classes is None else f"a class from 0 to {num_classes - 1}"
    found = "an empty line" if not text else repr(text if len(text) <= 30 else f"{text[:30]}...")
    raise errors.PredictionsError(f"{name}, line {number:,}: expected {classes}, found {found}.")
