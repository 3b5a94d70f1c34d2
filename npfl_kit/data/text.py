"""Anybody's own text: a file in UTF-8, or all `.txt` files of a folder, in the order of their names.

Splits: the first 90 % are train, then 5 % dev and 5 % test.
"""
from __future__ import annotations

import os
import pathlib
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import plain_text, sources
from npfl_kit.data.character_text import CharacterText

NAME = "text"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> CharacterText:
    """The text in `data_dir` (or NPFL_KIT_DATA), a file of any name or a folder; files are joined by an empty line."""
    given = data_dir or os.environ.get(sources.VARIABLE)
    if not given:
        raise errors.UsageError("Say where your text is: type --data_dir=FILE, or a folder of .txt files.")
    place = sources.given(NAME, pathlib.Path(given))
    paths = [place] if place.is_file() else sorted(path for path in place.rglob("*.txt") if path.is_file())
    if not paths:
        raise errors.DataError(f"There is no .txt file in {place}. Type --data_dir=FILE to name a file of another "
                               f"name, or --dataset=python_text, which needs no file.")
    text = "\n".join(map(plain_text.read, paths))
    return CharacterText(NAME, text, str(place), train_size=train_size)
