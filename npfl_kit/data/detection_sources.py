"""Where a detection data set without an official download lies, and how its parts become train, dev and test."""
from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Callable, Sequence
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import cache, decode, file_tree, sources, splits
from npfl_kit.data.detection_split import DetectionSplit
from npfl_kit.data.image_folder import SPLIT_FOLDERS

OWN = ("voc", "coco")      # names of formats, for pictures of anybody


def find(name: str, data_dir: sources.DataDir, form: str, ending: str) -> file_tree.FileTree:
    """The folder or the archive of a data set: in `data_dir`, else in NPFL_KIT_DATA, else in the cache.

    Args:
      name: of the data set; a folder with a sub-folder of that name stands for the sub-folder.
      form: what must be there, in words.
      ending: of the names of the files that tell the set, such as ".xml".
    Raises: DataError that says what was looked for and where.
    """
    place = _place(name, data_dir)
    if place is None:
        raise errors.DataError(f"The data set {name} is not here, and has no official download. Put {form} into a "
                               f"folder and type --data_dir=FOLDER, or type --dataset=glyph_scenes, which needs no "
                               f"file.")
    tree = file_tree.FileTree(place)
    if not _holds(tree, ending) and place.is_dir():
        tree = file_tree.FileTree(_archive(place, name) or place)
    if not _holds(tree, ending):
        raise errors.DataError(f"There is no data set {name} in {tree.path}: expected {form}; of its "
                               f"{len(tree.names):,} files none ends in {ending}. Type --data_dir=FOLDER with the "
                               f"right folder.")
    return tree


def _place(name: str, data_dir: sources.DataDir) -> Optional[pathlib.Path]:
    """Where to look, or None; NPFL_KIT_DATA may be the folder of other data sets, unless it is somebody's own."""
    variable = os.environ.get(sources.VARIABLE)
    if data_dir is not None:
        return sources.given(name, pathlib.Path(data_dir))
    if variable:
        place = sources.given(name, pathlib.Path(variable))
        if place.name == name or name in OWN or file_tree.is_archive(place):
            return place
    return cache.folder(name) if cache.folder(name).is_dir() else None


def _holds(tree: file_tree.FileTree, ending: str) -> bool:
    return any(each.lower().endswith(ending) for each in tree.names)


def _archive(place: pathlib.Path, name: str) -> Optional[pathlib.Path]:
    """The only archive of a folder, or the only one called `name`...; None if there is none."""
    archives = [path for path in sorted(place.iterdir()) if file_tree.is_archive(path)]
    named = [path for path in archives if path.name.startswith(name)] or archives
    if len(named) > 1:
        raise errors.DataError(f"{place} holds several archives: {', '.join(path.name for path in named)}; choose one "
                               f"by --data_dir={named[0]}.")
    return named[0] if named else None


def split_of(path: str) -> Optional[str]:
    """The split that a file or a folder is named after, or None.

    >>> split_of("annotations/instances_val2017.json"), split_of("a/train/1.xml"), split_of("Annotations/1.xml")
    ('dev', 'train', None)
    """
    words = re.findall(r"[a-z]+", path.lower())
    return next((SPLIT_FOLDERS[word] for word in reversed(words) if word in SPLIT_FOLDERS), None)


def reader(tree: file_tree.FileTree, names: Sequence[str]) -> Callable[[int], np.ndarray]:
    """A function that decodes picture `i` of these, uint8 `[H, W, 3]`."""
    return lambda index: decode.decode(tree.read(names[index]), f"{names[index]} in {tree.path}")


def complete(parts: dict[str, DetectionSplit], where: str) -> dict[str, DetectionSplit]:
    """Train, dev and test from the parts that are there.

    A lone validation part is the test part. A missing test or dev is carved out of train: a tenth of its pictures,
    chosen with a fixed seed. Train keeps the order of the files.

    Args:
      parts: of "train", "dev" and "test", or "" for pictures that belong to no part.
      where: what to call the place in an error.
    """
    parts = {"train" if name == "" else name: part for name, part in parts.items()}
    if "train" in parts and "dev" in parts and "test" not in parts:
        parts["test"] = parts.pop("dev")
    return splits.complete(parts, where, "pictures")
