"""Reader of pictures sorted into one folder per class, as folders, a zip or a tar file."""
from __future__ import annotations

import json
import os
import pathlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import decode, file_tree

FORM = "pictures as <class>/<name>.jpg, or train/<class>/<name>.jpg and test/..., in a folder, .zip, .tar or .tgz"
SPLIT_FOLDERS = {"train": "train", "training": "train", "val": "dev", "valid": "dev", "validation": "dev",
                 "dev": "dev", "test": "test", "testing": "test"}

Layout = dict[str, dict[str, list[str]]]  # split ("" if there is none) -> class folder -> names


def find(folder: pathlib.Path) -> Optional[pathlib.Path]:
    """Where the class folders are: `folder` itself, or the archive in it; class folders win over an archive.

    Raises: DataError if that is a question, as there are several archives, or one beside a lone folder of pictures.
    """
    folders = sub_folders(folder)
    if not archives(folder):
        return folder if folders else None
    pictured = [path for path in folders if holds_picture(path)]
    if len(pictured) > 1 or any(path.name.lower() in SPLIT_FOLDERS for path in pictured):
        return folder
    packed = archive(folder)
    if packed is not None and pictured:
        raise errors.DataError(f"{folder} holds {packed.name}, and pictures in the folder {pictured[0].name}; choose "
                               f"one by --data_dir={packed} or --data_dir={pictured[0]}.")
    return packed


def archive(folder: pathlib.Path, name: str = "") -> Optional[pathlib.Path]:
    """The archive in `folder` (the one called `name`..., if there are several), or `folder` if it is one itself."""
    found = archives(folder)
    named = [path for path in found if path.name.startswith(name)] or found
    if len(named) > 1:
        raise errors.DataError(f"{folder} holds several archives: {', '.join(path.name for path in named)}; "
                               f"choose one by --data_dir={named[0]}.")
    return named[0] if named else None


def archives(folder: pathlib.Path) -> list[pathlib.Path]:
    """The archives in `folder`, sorted, or `folder` if it is one itself."""
    return [path for path in (sorted(folder.iterdir()) if folder.is_dir() else [folder]) if file_tree.is_archive(path)]


def sub_folders(folder: pathlib.Path) -> list[pathlib.Path]:
    """The folders in `folder`, sorted; hidden ones are left out."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if path.is_dir() and not file_tree.is_hidden(path.name)]


def holds_picture(folder: pathlib.Path) -> bool:
    """Whether a picture lies anywhere below `folder`."""
    return any(name.lower().endswith(decode.SUFFIXES) for _, _, names in os.walk(folder) for name in names)


def layout(source: file_tree.FileTree) -> Layout:
    """The names of the pictures by split and class folder; other files and a common top folder are left out.

    Raises: DataError if there is no picture, or one lies outside of the class folders.
    """
    paths = [tuple(name.split("/")) for name in source.names if name.lower().endswith(decode.SUFFIXES)]
    if not paths:
        raise errors.DataError(f"{source.path}: expected {FORM}; found no picture there.")
    top = 0
    while len({path[top] for path in paths}) == 1 and all(len(path) > top + 2 for path in paths) \
            and paths[0][top].lower() not in SPLIT_FOLDERS:
        top += 1
    has_splits = any(path[top].lower() in SPLIT_FOLDERS and len(path) > top + 2 for path in paths)
    found: Layout = defaultdict(lambda: defaultdict(list))
    for path in paths:
        split, rest = ("", path[top:]) if not has_splits else (SPLIT_FOLDERS.get(path[top].lower()), path[top + 1:])
        if split is None:
            continue  # a folder beside train and test
        if len(rest) < 2:
            raise errors.DataError(f"{source.path}: expected {FORM}; {'/'.join(path)} lies in no class folder. "
                                   f"Move or delete it.")
        found[split][rest[0]].append("/".join(path))
    return found


def official_parts(found: Layout, path: pathlib.Path) -> Layout:
    """Split folders to `train` and at most `dev` and `test`: a lone validation folder is the test part."""
    if "" in found:
        found = {"train": found[""]}
    if "train" not in found:
        raise errors.DataError(f"{path}: expected a folder train beside {', '.join(sorted(found))}; found none.")
    if "dev" in found and "test" not in found:
        found = {"train": found["train"], "test": found["dev"]}
    for split, classes in found.items():
        unknown = sorted(set(classes) - set(found["train"]))
        if unknown:
            raise errors.DataError(f"{path}: train has {len(found['train'])} classes, {split} has {len(classes)}, and "
                                   f"{', '.join(unknown[:3])} is not in train. Add it there, or delete it in {split}.")
    if len(found["train"]) < 2:
        raise errors.DataError(f"{path}: expected at least two class folders, found {len(found['train'])}.")
    return found


def class_names(source: pathlib.Path, folders: Sequence[str]) -> list[str]:
    """English names of class folders from `class_names.json` beside the pictures; a folder not in it keeps its name.

    Raises: DataError if the file is not one JSON object of strings.
    """
    path = (source if source.is_dir() else source.parent) / "class_names.json"
    if not path.is_file():
        return list(folders)
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
        return [{str(key): str(value) for key, value in names.items()}.get(folder, folder) for folder in folders]
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise errors.DataError(f"{path}: expected a JSON object such as {{\"n01440764\": \"tench\"}}, found something "
                               f"else ({error}). Mend or delete it.") from None
