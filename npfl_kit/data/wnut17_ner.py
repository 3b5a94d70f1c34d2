"""WNUT 2017: 5,690 sentences of tweets, forums and comments, with entities of 6 types that are rare on purpose.

Splits: train 3,394, dev 1,009, test 1,287, as published; good systems reach F1 of 0.4 to 0.6 on test.
Source: Derczynski et al. 2017, Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition.
Licence: CC BY 4.0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import iob2, sources
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "wnut17_ner"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> SequenceTagging:
    """The entities as `data.load` gives them, in IOB2."""
    return iob2.read(NAME, data_dir, train_size=train_size)
