"""Fashion-MNIST: 70,000 pictures of clothes, grey, 28 x 28 pixels, in the format of MNIST.

Splits: train 55,000 and dev 5,000 (the last of the official training pictures), test 10,000.
Source: Xiao, Rasul and Vollgraf 2017, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning.
"""
from __future__ import annotations

import pathlib
from typing import Optional

from npfl_kit.data import idx_set, image_folder, known_set, sources
from npfl_kit.data.image_classification import ImageClassification

NAME = "fashion_mnist"
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
SIZE = 28
ACCEPTED = f"{idx_set.FORM}; or {image_folder.FORM}, with the classes 0 to 9 or their names"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ImageClassification:
    """Fashion-MNIST as `data.load` gives it; an element is `{"image": uint8 [28, 28, 1], "label": int32 []}`."""
    splits, source = sources.find(NAME, data_dir, lambda path: look(path, image_size), ACCEPTED)
    return ImageClassification(NAME, CLASSES, splits, source, train_size=train_size, auto_augment="crop_flip")


def look(path: pathlib.Path, image_size: Optional[int] = None) -> known_set.Found:
    """The splits that lie in a folder or file, and where; None if there is nothing of the kind."""
    names = [[str(label), name] for label, name in enumerate(CLASSES)]
    return (known_set.idx(path, CLASSES, image_size)
            or known_set.folders(path, NAME, names, channels=1, size=image_size or SIZE))
