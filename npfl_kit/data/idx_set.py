"""The four idx files of MNIST and of the sets that copy its format: train and test, pictures and labels."""
from __future__ import annotations

import pathlib
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import idx
from npfl_kit.data.image_classification import Split

FORM = "the four idx files {train,t10k}-images-idx3-ubyte[.gz] and {train,t10k}-labels-idx1-ubyte[.gz]"
DEV_FRACTION = 1 / 12  # the last 5,000 of the 60,000 training pictures


def find(folder: pathlib.Path) -> Optional[dict[str, pathlib.Path]]:
    """The four files by the start of their names ("train-images" ...), or None if there is none of them.

    Raises: DataError if some of the four are there and others are not.
    """
    for place in (folder, folder / "raw", folder / "MNIST" / "raw"):
        files = {name: _one(place, name) for name in ("train-images", "train-labels", "t10k-images", "t10k-labels")}
        missing = [name for name, path in files.items() if path is None]
        if len(missing) < 4:
            if missing:
                raise errors.DataError(f"{place}: expected {FORM}; missing: {', '.join(missing)}. Get them, or "
                                       f"type --dataset=glyphs, which needs no file.")
            return {name: path for name, path in files.items() if path is not None}
    return None


def splits(files: dict[str, pathlib.Path], num_classes: int) -> dict[str, Split]:
    """Train, dev (the last twelfth of the train files) and test; the pictures are `[N, H, W, 1]`."""
    train, test = _read_pair(files, "train", num_classes), _read_pair(files, "t10k", num_classes)
    count = len(train) - round(DEV_FRACTION * len(train))
    if count == len(train):
        raise errors.DataError(f"{files['train-labels']}: expected at least 12 pictures, found {len(train)}.")
    return {"train": train.first(count), "test": test,
            "dev": Split(train.labels[count:], lambda wanted: train.images[count:count + wanted])}


def _one(folder: pathlib.Path, name: str) -> Optional[pathlib.Path]:
    kind = "idx3" if name.endswith("images") else "idx1"
    for path in (folder / f"{name}{joint}{kind}-ubyte{suffix}" for joint in "-." for suffix in ("", ".gz")):
        if path.is_file():
            return path
    return None


def _read_pair(files: dict[str, pathlib.Path], part: str, num_classes: int) -> Split:
    images_path, labels_path = files[f"{part}-images"], files[f"{part}-labels"]
    labels, dims = idx.read(labels_path), idx.header(images_path)
    if labels.ndim != 1 or len(dims) != 3 or dims[0] != len(labels):
        raise errors.DataError(f"{images_path} and {labels_path.name}: expected pictures [N, H, W] and as many labels "
                               f"[N], found {list(dims)} and {list(labels.shape)}; they are not of one set.")
    if labels.max() >= num_classes:
        raise errors.DataError(f"{labels_path}: expected classes from 0 to {num_classes - 1}, found {labels.max()}.")
    return _SharedSplit(labels.astype(np.int32), lambda count: idx.read(images_path)[..., np.newaxis])


class _SharedSplit(Split):
    """A split whose parts look into one array instead of reading the file twice."""

    def first(self, count: int) -> Split:
        return Split(self.labels[:count], lambda wanted: self.images[:wanted])
