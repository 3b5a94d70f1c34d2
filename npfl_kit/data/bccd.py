"""BCCD: 364 photographs of blood smears, 640 x 480 pixels, with boxes around red cells, white cells and platelets.

Splits: train 205, dev 87, test 72, as published. Two boxes without an area are left out.
Source: Shenggan and Nicolas Chen 2017, https://github.com/Shenggan/BCCD_Dataset, MIT licence.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import sources, voc
from npfl_kit.data.object_detection import ObjectDetection

NAME = "bccd"
CLASSES = ("RBC", "WBC", "Platelets")


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """BCCD as `data.load` gives it, from its folder or a zip file of it."""
    return voc.read(NAME, data_dir, CLASSES, train_size=train_size, image_size=image_size, auto_augment="microscope")
