"""Raccoon: 200 photographs with 217 raccoons, mostly one in each, of many sizes.

Splits: train 144 and dev 16, carved out of the 160 training pictures of the authors; test 40.
Source: Dat Tran 2017, https://github.com/datitran/raccoon_dataset, MIT licence.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import sources, voc
from npfl_kit.data.object_detection import ObjectDetection

NAME = "raccoon"
CLASSES = ("raccoon",)


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """Raccoon as `data.load` gives it, from its folder or a zip file of it."""
    return voc.read(NAME, data_dir, CLASSES, train_size=train_size, image_size=image_size)
