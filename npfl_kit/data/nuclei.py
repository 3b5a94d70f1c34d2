"""Nuclei: 250 microscope pictures with the masks of 9,173 cell nuclei, fluorescent or stained, of four sizes.

Splits: train 180 and dev 20, carved out of the 200 training pictures; test is the 50 validation pictures.
Source: Caicedo et al. 2019, Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl; CC0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import coco, sources
from npfl_kit.data.object_detection import ObjectDetection

NAME = "nuclei"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """Nuclei as `data.load` gives it, from its folder or a zip file of it."""
    return coco.read(NAME, data_dir, train_size=train_size, image_size=image_size, auto_augment="microscope")
