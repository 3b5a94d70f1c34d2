"""Data sets: `data.load(NAME)` gives train, dev and test, the classes, and the judge of predictions.

One file per data set (`mnist.py`), one per standard format (`idx.py`, `image_folder.py`, `voc_xml.py`).
Nothing here imports TensorFlow until a pipeline is built, so that a grader starts in a fraction of a second.
"""
from __future__ import annotations

import importlib
import os
import pathlib
from collections.abc import Sequence
from typing import Any, Optional, Union

from npfl_kit import errors

CLASSIFICATION = ("glyphs", "mnist", "fashion_mnist", "cifar10", "imagenette", "folder")
DETECTION = ("glyph_scenes", "bccd", "raccoon", "svhn", "coco_mini", "nuclei", "pennfudan", "voc", "coco")
NAMES = CLASSIFICATION + DETECTION


def load(name: str, data_dir: Union[str, os.PathLike, None] = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None, among: Sequence[str] = NAMES) -> Any:
    """The data set called `name`; its pictures are read only when they are asked for.

    Looked for in `data_dir`, or in NPFL_KIT_DATA, then in the cache, then downloaded into the cache. `glyphs` and
    `glyph_scenes` are generated and need no file; `folder`, `voc` and `coco` are anybody's own pictures in `data_dir`.

    Args:
      name: one of `CLASSIFICATION`, which gives pictures with a class each, or of `DETECTION`, with boxes.
      data_dir: folder (or archive) of the data set, or a folder with a sub-folder called `name`.
      train_size: int in `[1, N]`, keep the first so many training pictures; None keeps all.
      image_size: int, side of the pictures in pixels; None keeps the size that the data set usually has.
      among: the names that the caller can use, `CLASSIFICATION` or `DETECTION`.
    Returns: an `ImageClassification` or an `ObjectDetection`.
    Raises: UsageError for an unknown name or an impossible size, DataError if the files are missing or broken.
    """
    if name not in NAMES:
        raise errors.unknown("data set", name, among)
    if name not in among:
        has = "boxes around objects" if name in DETECTION else "one class for each picture"
        raise errors.UsageError(f"{name} has {has}, which is not what is learned here; choose another --dataset: "
                                f"{', '.join(among)}.")
    if image_size is not None and not 1 <= image_size <= 1024:
        raise errors.UsageError(f"--image_size must be between 1 and 1024 pixels, got {image_size}.")
    module = importlib.import_module(f"npfl_kit.data.{name}")  # each has a function load
    return module.load(data_dir, train_size=train_size, image_size=image_size)


def where(name: str, data_dir: Union[str, os.PathLike, None] = None) -> Optional[pathlib.Path]:
    """The folder or file that `load` would read one of the sets with files of their own; None before a download.

    Raises: DataError if the files are broken.
    """
    from npfl_kit.data import sources

    if not any(place.exists() for place in sources.places(name, data_dir)):
        return None         # without the readers, which take a while to import
    found = sources.local(name, data_dir, importlib.import_module(f"npfl_kit.data.{name}").look)
    return None if found is None else pathlib.Path(found[1])
