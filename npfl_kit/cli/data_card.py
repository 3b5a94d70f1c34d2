"""What is in a data set: its card, its counts per class and split, its element; read without TensorFlow."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from npfl_kit.cli import table

SPLITS = ("train", "dev", "test")


def lines(name: str, data_dir: Path | None, is_here: bool) -> Iterator[str]:
    """The text of `npfl-kit data show NAME`.

    Args:
      is_here: whether the files can be read without a download; if not, the numbers are those of the manifest.
    """
    from npfl_kit import data
    from npfl_kit.data import manifest

    yield from introduction(name, True)
    if is_here:
        loaded = data.load(name, data_dir)
        shape: Sequence[int] = loaded.image_shape
        counts, source = class_counts(loaded), loaded.sources
    else:
        facts = manifest.read(name)
        counts = [["all", *(facts.splits[split] for split in SPLITS)], *([each, "", "", ""] for each in facts.classes)]
        shape, source = facts.image_shape, f"absent; type: npfl-kit data get {name}"
    yield from table.lines([[each if isinstance(each, str) else f"{each:,}" for each in row] for row in counts],
                           header=["class", *SPLITS])
    yield f'\nElement: {{"image": uint8 {list(shape)}, "label": int32 []}}'
    yield f"Files:   {source}"


def introduction(name: str, is_here: bool) -> Iterator[str]:
    """What there is to say before the counts: the card of the manifest, if there is one, and what is missing."""
    from npfl_kit.data import manifest

    card = manifest.card(name)
    if card:
        yield card
    if not is_here:
        yield f"Files:   absent; type: npfl-kit data show {name} --data_dir=FOLDER"


def class_counts(loaded) -> list[list]:
    """The number of pictures of all classes, then of each, in train, dev and test."""
    labels = [loaded.split(split).labels for split in SPLITS]
    return [["all", *map(len, labels)], *([name, *(int((each == index).sum()) for each in labels)]
                                          for index, name in enumerate(loaded.classes))]
