"""Anybody's own pictures, sorted into one folder per class, RGB.

    pictures/cat/*.jpg                                           pictures/train/cat/*.jpg
    pictures/dog/*.jpg     dev and test are set aside, or        pictures/test/cat/*.jpg

Classes are the folders, sorted by name; `class_names.json` beside them may give English names.
"""
from __future__ import annotations

from typing import Optional

from npfl_kit import errors
from npfl_kit.data import file_tree, image_folder, picture_splits, sources
from npfl_kit.data.image_classification import ImageClassification

NAME = "folder"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ImageClassification:
    """Pictures in `data_dir` (or NPFL_KIT_DATA), a folder or an archive; an element is `{"image": uint8 [S, S, 3],
    "label": int32 []}`. Without `image_size`, pictures of one size up to 96 pixels keep it, others become 64 x 64."""
    place = sources.own(data_dir)
    found = image_folder.find(place)
    if found is None:
        raise errors.DataError(f"{place}: expected {image_folder.FORM}; found none.")
    source = file_tree.FileTree(found)
    parts = image_folder.official_parts(image_folder.layout(source), found)
    folders = sorted(parts["train"])
    splits = picture_splits.class_splits(source, parts, folders, channels=3, size=image_size)
    return ImageClassification(NAME, image_folder.class_names(found, folders), splits, str(found),
                               train_size=train_size)
