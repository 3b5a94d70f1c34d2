"""MNIST: 70,000 handwritten digits, grey, 28 x 28 pixels.

Splits: train 55,000 and dev 5,000 (the last of the official training pictures), test 10,000.
Source: LeCun, Bottou, Bengio and Haffner 1998, Gradient-Based Learning Applied to Document Recognition, Sec. III-A.
"""
from __future__ import annotations

import pathlib
from typing import Optional

from npfl_kit.data import idx_set, image_folder, known_set, sources
from npfl_kit.data.image_classification import ImageClassification

NAME = "mnist"
CLASSES = tuple("0123456789")
SIZE = 28
ACCEPTED = f"{idx_set.FORM}; or {image_folder.FORM}, with the classes 0 to 9"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ImageClassification:
    """MNIST as `data.load` gives it; an element is `{"image": uint8 [28, 28, 1], "label": int32 []}`."""
    splits, source = sources.find(NAME, data_dir, lambda path: look(path, image_size), ACCEPTED)
    return ImageClassification(NAME, CLASSES, splits, source, train_size=train_size, auto_augment="affine")


def look(path: pathlib.Path, image_size: Optional[int] = None) -> known_set.Found:
    """The splits that lie in a folder or file, and where; None if there is nothing of the kind."""
    return (known_set.idx(path, CLASSES, image_size)
            or known_set.folders(path, NAME, [[name] for name in CLASSES], channels=1, size=image_size or SIZE))
