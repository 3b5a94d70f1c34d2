"""Tiny Shakespeare: 1,115,394 characters of his plays, 65 different, the usual first text of a language model.

Splits: the first 90 % are train; the last 10 % are dev, and test, too, as in most published numbers.
Source: Karpathy 2015, The Unreasonable Effectiveness of Recurrent Neural Networks.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import plain_text, sources, text_files
from npfl_kit.data.character_text import CharacterText

NAME = "tiny_shakespeare"
FILES = ("input.txt", "tiny_shakespeare.txt", "tinyshakespeare.txt")


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> CharacterText:
    """The plays as `data.load` gives them, from the file `input.txt` of their authors' repository."""
    path = text_files.find(NAME, data_dir, {"text": FILES}, instead="python_text")["text"]
    return CharacterText(NAME, plain_text.read(path), str(path), dev_share=0.1, test_share=0, train_size=train_size)
