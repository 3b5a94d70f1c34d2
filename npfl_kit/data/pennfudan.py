"""Penn-Fudan: 170 photographs of streets and yards with the masks of 423 pedestrians.

Splits: train 117 and dev 13, carved out of the 130 training pictures; test is the 40 validation pictures.
Source: Wang et al. 2007, Object Detection Combining Recognition and Segmentation, Sec. 4.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import coco, sources
from npfl_kit.data.object_detection import ObjectDetection

NAME = "pennfudan"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """Penn-Fudan as `data.load` gives it, from its folder or a zip file of it."""
    return coco.read(NAME, data_dir, train_size=train_size, image_size=image_size)
