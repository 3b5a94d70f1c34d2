"""SST-2: sentences of film reviews, positive or negative, from the Stanford Sentiment Treebank.

Splits: train 6,920, dev 872, test 1,821 whole sentences, as published; their phrases are not among them.
Source: Socher et al. 2013, Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import labeled_lines, sources, text_files
from npfl_kit.data.text_classification import TextClassification

NAME = "sst2"
CLASSES = ("negative", "positive")
FILES = {part: (f"{part}.tsv", f"sst2_{part}.tsv") for part in ("train", "dev", "test")}


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> TextClassification:
    """SST-2 as `data.load` gives it, from `train.tsv`, `dev.tsv` and `test.tsv` with `sentence TAB label` lines."""
    paths = text_files.find(NAME, data_dir, FILES, instead="opinions")
    splits = {part: labeled_lines.read(path, len(CLASSES)) for part, path in paths.items()}
    return TextClassification(NAME, CLASSES, splits, str(paths["train"].parent), train_size=train_size)
