"""Python's own manual, as it ships inside every CPython: the language model's data set that needs no file.

The texts behind `help("for")` and its like, in the order of their names, without the paragraphs that occurred before:
many chapters contain others word by word, and a dev part that was read in training would measure nothing. About
370,000 characters; they differ a little from one version of Python to the next.

Splits: the first 90 % are train, then 5 % dev and 5 % test.
"""
from __future__ import annotations

import importlib
import platform
from collections.abc import Iterable
from typing import Optional

from npfl_kit.data import sources
from npfl_kit.data.character_text import CharacterText

NAME = "python_text"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> CharacterText:
    """The manual as `data.load` gives it; `data_dir` is not used."""
    topics = importlib.import_module("pydoc_data.topics").topics
    text = without_repetitions(topics[name] for name in sorted(topics))
    return CharacterText(NAME, text, f"the manual inside Python {platform.python_version()}", train_size=train_size)


def without_repetitions(chapters: Iterable[str]) -> str:
    """The chapters as one text, in which a paragraph stands only where it comes first; blanks do not matter.

    >>> without_repetitions(["One.\\n\\nTwo.", "Three.\\n\\n  Two."])
    'One.\\n\\nTwo.\\n\\nThree.\\n'
    """
    paragraphs: dict[str, str] = {}
    for chapter in chapters:
        for paragraph in chapter.strip("\n").split("\n\n"):
            paragraphs.setdefault(" ".join(paragraph.split()), paragraph)
    return "\n\n".join(paragraphs.values()) + "\n"
