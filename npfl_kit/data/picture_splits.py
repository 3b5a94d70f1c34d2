"""Class folders to train, dev and test: what is not there is carved out of train, and all get one size."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import decode, file_tree, splits
from npfl_kit.data.image_classification import Split
from npfl_kit.data.image_folder import Layout
from npfl_kit.data.pictures import Pictures

CARVED_FRACTION = 0.1
KEEP_SIDE, DEFAULT_SIDE = 96, 64  # pictures of one size up to KEEP_SIDE pixels stay as they are

Listed = tuple[list[str], np.ndarray]  # names, and a class for each


def class_splits(source: file_tree.FileTree, parts: Layout, folders: Sequence[str], channels: int = 3,
                 size: Optional[int] = None) -> dict[str, Split]:
    """Train, dev and test of pictures in class folders.

    A missing test or dev is carved out of train, 10 % of each class with a fixed seed. Train is put into a fixed
    random order, so that its first thousand hold every class; dev and test go by class and name.

    Args:
      source: where the pictures lie.
      parts: class folders of "train" and, if there are, of "dev" and "test".
      folders: the class folders in the order of the labels.
      channels: 1 for grey, 3 for RGB.
      size: side in pixels; None keeps pictures that all have one size up to 96 pixels, and brings others to 64.
    """
    listed = {split: _listed(classes, folders) for split, classes in parts.items()}
    for split in ("test", "dev"):
        if split not in listed:
            listed["train"], listed[split] = _carved(listed["train"], folders, source)
    listed["train"] = _chosen(listed["train"], splits.shuffled(len(listed["train"][0])))
    names = [name for split in listed.values() for name in split[0]]
    side, shape = _target(source, names, size)
    return {split: _split(source, *listed[split], (*shape, channels), side) for split in ("train", "dev", "test")}


def _listed(classes: dict[str, list[str]], folders: Sequence[str]) -> Listed:
    counts = [len(classes.get(folder, ())) for folder in folders]
    return [name for folder in folders for name in classes.get(folder, ())], np.repeat(np.arange(len(folders)), counts)


def _chosen(listed: Listed, positions: np.ndarray) -> Listed:
    names, labels = listed
    return [names[position] for position in positions], labels[positions]


def _carved(listed: Listed, folders: Sequence[str], source: file_tree.FileTree) -> tuple[Listed, Listed]:
    counts = np.bincount(listed[1], minlength=len(folders))
    if counts.min() < 2:
        raise errors.DataError(f"{source.path}: expected at least 3 pictures in each class folder, so that train, dev "
                               f"and test have one each; {folders[int(counts.argmin())]} has too few. Add some.")
    stays, carved = splits.stratified(listed[1], CARVED_FRACTION)
    return _chosen(listed, stays), _chosen(listed, carved)


def _target(source: file_tree.FileTree, names: Sequence[str], size: Optional[int]) -> tuple[Optional[int], tuple]:
    """The side to bring pictures to (None: leave them), and the height and width that they then have."""
    if size is None:
        first = decode.image_size(source.read(names[0]), f"{names[0]} in {source.path}")
        if max(first) <= KEEP_SIDE and all(decode.image_size(source.read(name), f"{name} in {source.path}") == first
                                           for name in names):
            return None, first
        size = DEFAULT_SIDE
    return size, (size, size)


def _split(source: file_tree.FileTree, names: list[str], labels: np.ndarray, shape: tuple,
           side: Optional[int]) -> Split:
    return Split(labels, lambda count: Pictures(source, names[:count], shape, side))
