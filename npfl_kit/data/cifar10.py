"""CIFAR-10: 60,000 photographs of animals and vehicles, RGB, 32 x 32 pixels.

Splits of the python batches: train 45,000 and dev 5,000 (the last of the official training pictures), test 10,000.
Class folders may hold fewer; there dev is 10 % of each class of train, chosen with a fixed seed.
Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images, Sec. 3.
"""
from __future__ import annotations

import pathlib
from typing import Optional

from npfl_kit.data import cifar_batches, image_folder, known_set, sources
from npfl_kit.data.image_classification import ImageClassification

NAME = "cifar10"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = 32
ACCEPTED = f"{cifar_batches.FORM}; or {image_folder.FORM}, with the classes {', '.join(CLASSES)}"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ImageClassification:
    """CIFAR-10 as `data.load` gives it; an element is `{"image": uint8 [32, 32, 3], "label": int32 []}`."""
    splits, source = sources.find(NAME, data_dir, lambda path: look(path, image_size), ACCEPTED)
    return ImageClassification(NAME, CLASSES, splits, source, train_size=train_size, auto_augment="crop_flip")


def look(path: pathlib.Path, image_size: Optional[int] = None) -> known_set.Found:
    """The splits that lie in a folder or file, and where; None if there is nothing of the kind."""
    return (known_set.batches(path, image_size)
            or known_set.folders(path, NAME, [[name] for name in CLASSES], channels=3, size=image_size or SIZE))
