"""The forms in which a data set with known classes may lie on the disk: each function reads one, or finds nothing."""
from __future__ import annotations

import pathlib
import re
from collections.abc import Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import cifar_batches, decode, file_tree, idx_set, image_folder, picture_splits
from npfl_kit.data.image_classification import Split

Found = Optional[tuple[dict[str, Split], str]]  # splits, and where they were read from


def idx(path: pathlib.Path, classes: Sequence[str], size: Optional[int]) -> Found:
    """Four idx files in the folder `path`; pictures `[N, H, W, 1]`, brought to `size` if it is given."""
    files = idx_set.find(path)
    if files is None:
        return None
    return _resized(idx_set.splits(files, len(classes)), size), str(files["train-images"].parent)


def batches(path: pathlib.Path, size: Optional[int]) -> Found:
    """Python batches of CIFAR-10; pictures `[N, 32, 32, 3]`, brought to `size` if it is given."""
    place = cifar_batches.find(path)
    return None if place is None else (_resized(cifar_batches.splits(place), size), str(place))


def folders(path: pathlib.Path, name: str, accepted: Sequence[Sequence[str]], channels: int, size: int) -> Found:
    """Class folders in `path` or in an archive there; pictures `[N, size, size, channels]`.

    Args:
      accepted: for each class, in the order of the labels, the names that its folder may have.
    Raises: DataError if the class folders are not these.
    """
    place = _place(path, name, accepted)
    if place is None:
        return None
    source = file_tree.FileTree(place)
    parts = image_folder.official_parts(image_folder.layout(source), place)
    ordered = in_order(sorted(parts["train"]), accepted, f"{name} in {place}")
    return picture_splits.class_splits(source, parts, ordered, channels, size), str(place)


def _place(path: pathlib.Path, name: str, accepted: Sequence[Sequence[str]]) -> Optional[pathlib.Path]:
    """`path` if it has some of the class folders, else the archive in it; other folders are not walked through, as
    there may be a hundred other data sets."""
    known = {_letters(each) for names in accepted for each in names} | set(image_folder.SPLIT_FOLDERS)
    folders = image_folder.sub_folders(path)
    classes = [folder for folder in folders if _letters(folder.name) in known]
    if any(map(image_folder.holds_picture, classes)):
        return path
    return image_folder.archive(path, name) or (path if classes or len(folders) == 1 else None)


def in_order(found: Sequence[str], accepted: Sequence[Sequence[str]], where: str) -> list[str]:
    """The class folders in the order of the labels; case and punctuation do not matter.

    Args:
      found: names of the class folders.
      accepted: for each class, the names that its folder may have.
      where: what to call the place in an error.
    Raises: DataError if a class has no folder, or a folder no class.

    >>> in_order(["ankle_boot", "Bag"], [["8", "bag"], ["9", "Ankle boot"]], "here")
    ['Bag', 'ankle_boot']
    """
    labels = {_letters(name): label for label, names in enumerate(accepted) for name in names}
    by_label = {labels[_letters(folder)]: folder for folder in found if _letters(folder) in labels}
    if len(by_label) != len(accepted) or len(found) != len(accepted):
        raise errors.DataError(f"{where}: expected the {len(accepted)} class folders "
                               f"{', '.join(names[0] for names in accepted)}; found {len(found)}: "
                               f"{', '.join(found[:12])}. For other pictures type --dataset=folder.")
    return [by_label[label] for label in range(len(accepted))]


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _resized(parts: dict[str, Split], size: Optional[int]) -> dict[str, Split]:
    def resized(split: Split) -> Split:
        return Split(split.labels, lambda count: decode.fit_all(split.first(count).images, size))  # type: ignore

    return parts if size is None else {name: resized(split) for name, split in parts.items()}
