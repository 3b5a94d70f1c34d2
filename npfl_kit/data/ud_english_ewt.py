"""UD English EWT: 16,622 sentences from the web, with 17 universal parts of speech, 50 of the Penn Treebank, features.

Splits: train 12,544 sentences (204,577 words), dev 2,001 (25,147), test 2,077 (25,094), as published.
Source: Silveira et al. 2014, A Gold Standard Dependency Corpus for English; Universal Dependencies, CC BY-SA 4.0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import conllu, sources
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "ud_english_ewt"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         column: Optional[str] = None) -> SequenceTagging:
    """The treebank as `data.load` gives it; `column` is upos, xpos or feats, None is upos."""
    return conllu.read(NAME, data_dir, train_size=train_size, column=column)
