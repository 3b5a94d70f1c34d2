"""UD Czech CLTT: 1,121 long sentences from Czech laws, with 15 universal parts of speech.

Splits: train 467 sentences (13,894 words), dev 316 (10,710), test 338 (11,409), as published.
Source: Kríž, Hladká and Urešová 2016, Czech Legal Text Treebank; Universal Dependencies, CC BY-SA 4.0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import conllu, sources
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "ud_czech_cltt"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         column: Optional[str] = None) -> SequenceTagging:
    """The treebank as `data.load` gives it; `column` is upos, xpos or feats, None is upos."""
    return conllu.read(NAME, data_dir, train_size=train_size, column=column)
