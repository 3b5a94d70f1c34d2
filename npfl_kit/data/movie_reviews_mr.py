"""Movie reviews: 10,662 sentences from the web, half of them positive, half negative.

There are no official splits. Here they are a fixed rule: of every ten sentences of a file the ninth is dev and the
tenth is test, so train has 8,530 sentences, dev and test 1,066 each. Of sentences that are equal but for blanks the
first one alone is kept, or they would be in two splits. SST-2 is made of the same reviews: never learn from one what
is measured on the other.

Source: Pang and Lee 2005, Seeing Stars.
"""
from __future__ import annotations

import pathlib
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import plain_text, sources, text_files, tokens
from npfl_kit.data.text_classification import Report, TextClassification, TextSplit

NAME = "movie_reviews_mr"
CLASSES = ("negative", "positive")
FILES = {name: (f"rt-polarity.{name[:3]}", f"rt-polarity.{name[:3]}.txt") for name in CLASSES}
PARTS = ("train",) * 8 + ("dev", "test")


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None) -> TextClassification:
    """Movie reviews as `data.load` gives them, from `rt-polarity.neg` and `rt-polarity.pos` in UTF-8."""
    paths = text_files.find(NAME, data_dir, FILES, instead="opinions")
    report: Report = {}
    seen: set[tuple[str, ...]] = set()
    classes = [read(paths[name], seen, report) for name in CLASSES]
    splits = {part: alternating([[text for place, text in enumerate(texts) if PARTS[place % 10] == part]
                                 for texts in classes]) for part in ("train", "dev", "test")}
    splits["train"].report.update(report)
    return TextClassification(NAME, CLASSES, splits, str(paths["negative"].parent), train_size=train_size)


def read(path: pathlib.Path, seen: set[tuple[str, ...]], report: Report) -> list[list[str]]:
    """The sentences of a file, one per line, without those `seen` before; `seen` and `report` grow."""
    texts = []
    for number, line in enumerate(plain_text.lines(path), 1):
        words = tokens.split(line)
        kind = "sentences without a word, left out" if not words else "sentences that occur again, left out"
        if not words or tuple(words) in seen:
            report.setdefault(kind, []).append(f"{path}:{number}")
            continue
        seen.add(tuple(words))
        texts.append(words)
    if len(texts) < len(PARTS):
        raise errors.DataError(f"{path}: expected at least {len(PARTS)} different sentences, one per line, found "
                               f"{len(texts)}.")
    return texts


def alternating(classes: list[list[list[str]]]) -> TextSplit:
    """One split of the sentences of all classes: the first of each, the second of each ...

    >>> split = alternating([[["bad"], ["poor"]], [["good"]]])
    >>> split.sentences, split.labels.tolist()
    ([['bad'], ['good'], ['poor']], [0, 1, 0])
    """
    ranked = sorted((rank, label) for label, texts in enumerate(classes) for rank in range(len(texts)))
    return TextSplit([classes[label][rank] for rank, label in ranked], [label for _, label in ranked])
