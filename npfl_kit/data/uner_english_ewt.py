"""Universal NER English EWT: persons, places and organizations in the dev and test sentences of UD English EWT.

Splits: the train part was not to be had, so the 2,001 sentences of dev are train (1,801) and dev (200, chosen with a
fixed seed); test is the published 2,077. With a train file beside them, the parts are those that were published.
Source: Mayhew et al. 2024, Universal NER: A Gold-Standard Multilingual Named Entity Recognition Benchmark.
Licence: CC BY-SA 4.0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import iob2, sources
from npfl_kit.data.sequence_tagging import SequenceTagging

NAME = "uner_english_ewt"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> SequenceTagging:
    """The entities as `data.load` gives them, in IOB2."""
    return iob2.read(NAME, data_dir, train_size=train_size)
