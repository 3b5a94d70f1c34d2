"""COCO mini: 159 genuine photographs of COCO 2017 with 80 classes, masks and crowds; to look at, too few to train on.

Splits: train 72 and dev 8, carved out of the 80 training pictures; test is the 79 validation pictures.
Source: Lin et al. 2014, Microsoft COCO: Common Objects in Context; the annotations are CC BY 4.0.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit.data import coco, sources
from npfl_kit.data.object_detection import ObjectDetection

NAME = "coco_mini"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None, image_size: Optional[int] = None,
         kind: str = "instances") -> ObjectDetection:
    """COCO mini as `data.load` gives it; `kind="person_keypoints"` gives persons with 17 keypoints instead."""
    return coco.read(NAME, data_dir, kind, train_size=train_size, image_size=image_size)
