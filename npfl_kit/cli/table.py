"""Rows of text in aligned columns, for terminals and pipes alike."""
from __future__ import annotations

import re
from collections.abc import Sequence


def lines(rows: Sequence[Sequence[object]], header: Sequence[str] = ()) -> list[str]:
    """The rows as lines of equal columns; numbers are aligned to the right, the rest to the left.

    >>> lines([["bias", 10], ["kernel", 1250]], header=["name", "size"])
    ['name    size', 'bias      10', 'kernel  1250']
    """
    texts = [[str(cell) for cell in row] for row in ([header] if header else []) + list(rows)]
    body = texts[1:] if header else texts
    columns = range(max(map(len, texts), default=0))
    widths = [max(len(row[column]) for row in texts) for column in columns]
    right = [bool(body) and all(is_number(row[column]) for row in body) for column in columns]
    return ["  ".join(cell.rjust(width) if to_right else cell.ljust(width)
                      for cell, width, to_right in zip(row, widths, right)).rstrip() for row in texts]


def is_number(text: str) -> bool:
    """Whether a cell is a plain number, as in a column of counts; an empty cell goes with either.

    >>> is_number("55,000"), is_number("28 x 28")
    (True, False)
    """
    return bool(re.fullmatch(r"-?[\d,]*(\.\d+)?", text))
