"""Imagenette: photographs of ten easily told classes of ImageNet, RGB.

Splits: test is the official validation part; dev is 10 % of each class of train, chosen with a fixed seed.
Source: Howard 2019, Imagenette, https://github.com/fastai/imagenette; the photographs are of Russakovsky et al. 2015.
"""
from __future__ import annotations

import pathlib
from typing import Optional

from npfl_kit.data import image_folder, known_set, sources
from npfl_kit.data.image_classification import ImageClassification

NAME = "imagenette"
WORDNET_IDS = {"n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player",
               "n03000684": "chain saw", "n03028079": "church", "n03394916": "French horn",
               "n03417042": "garbage truck", "n03425413": "gas pump", "n03445777": "golf ball",
               "n03888257": "parachute"}
CLASSES = tuple(WORDNET_IDS.values())
SIZE = 64  # a lab trains in minutes on 4 cores; type --image_size=160 or 224 for real photographs
ACCEPTED = f"{image_folder.FORM}, with the classes {', '.join(WORDNET_IDS)}"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ImageClassification:
    """Imagenette as `data.load` gives it; an element is `{"image": uint8 [64, 64, 3], "label": int32 []}`."""
    splits, source = sources.find(NAME, data_dir, lambda path: look(path, image_size), ACCEPTED)
    return ImageClassification(NAME, CLASSES, splits, source, train_size=train_size, auto_augment="crop_flip")


def look(path: pathlib.Path, image_size: Optional[int] = None) -> known_set.Found:
    """The splits that lie in a folder or file, and where; None if there is nothing of the kind."""
    return known_set.folders(path, NAME, list(WORDNET_IDS.items()), channels=3, size=image_size or SIZE)
