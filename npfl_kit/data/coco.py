"""COCO: anybody's own pictures with annotations in one JSON file per part, as a folder, a zip or a tar file.

    annotations/instances_{train,val}2017.json              train/_annotations.coco.json and *.jpg
    train2017/*.jpg, val2017/*.jpg                 or       valid/..., test/...

Polygons, run lengths and keypoints are read; crowds are neither taught nor scored. The numbers of the classes in the
file become the labels 0 to K - 1, in their order, and `ObjectDetection.results` turns them back.
"""
from __future__ import annotations

import re
from collections import defaultdict
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import box_checks, coco_json, decode, detection_sources, file_tree, sources
from npfl_kit.data.detection_split import DetectionSplit
from npfl_kit.data.object_detection import ObjectDetection

NAME = "coco"
FORM = "annotations/instances_*.json in COCO format and the pictures beside them, open or as a .zip or .tar file"
MAX_BYTES = 2**31       # 2 GiB; the training part of COCO 2017 has 448 MB


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """Pictures in `data_dir` (or NPFL_KIT_DATA) with annotations in COCO format."""
    return read(NAME, data_dir, train_size=train_size, image_size=image_size)


def read(name: str, data_dir: sources.DataDir, kind: str = "instances", *, train_size: Optional[int] = None,
         image_size: Optional[int] = None, auto_augment: str = "photo") -> ObjectDetection:
    """A data set in COCO format.

    Args:
      name: of the data set.
      kind: how the names of its files begin, "instances" or "person_keypoints"; if none does, any JSON file counts.
    Raises: DataError if a file or a picture is absent or broken.
    """
    tree, report = detection_sources.find(name, data_dir, FORM, ".json"), box_checks.Report()
    files = {part: (path, coco_json.parse(_content(tree, path), f"{path} in {tree.path}", report))
             for part, path in _parts(tree, kind).items()}
    contents = {part: file for part, (_, file) in files.items()}
    unlike = coco_json.same_classes(contents, str(tree.path))
    if unlike:
        raise unlike
    categories = next(iter(contents.values())).categories
    if not categories:
        raise errors.DataError(f"{tree.path}: expected at least one entry in categories; found none.")
    splits = {part: _split(tree, path, file, report) for part, (path, file) in files.items()}
    splits = detection_sources.complete(splits, str(tree.path))
    taught = set(splits["train"].labels.tolist())
    for label, each in enumerate(categories):
        box_checks.note(report, "not in train", each["name"], label not in taught)
    return ObjectDetection(name, [each["name"] for each in categories], splits, str(tree.path),
                           category_ids=[each["id"] for each in categories], train_size=train_size,
                           image_size=image_size, auto_augment=auto_augment, report=report,
                           keypoints=next(iter(contents.values())).keypoints)


def _content(tree: file_tree.FileTree, name: str) -> bytes:
    """The bytes of an annotation file, which in a folder may be larger than any picture."""
    if not tree.path.is_dir():
        return tree.read(name)
    path = tree.path / name
    if path.stat().st_size > MAX_BYTES:
        raise errors.DataError(f"{path} has {path.stat().st_size:,} bytes; an annotation file has at most "
                               f"{MAX_BYTES:,}.")
    return path.read_bytes()


def _parts(tree: file_tree.FileTree, kind: str) -> dict[str, str]:
    """The annotation file of each part; "" for the only one of a set without parts."""
    files = [name for name in tree.names if name.lower().endswith(".json")]
    files = [name for name in files if name.rsplit("/", 1)[-1].startswith(kind)] or files
    parts: dict[str, list[str]] = defaultdict(list)
    for name in files:
        parts[detection_sources.split_of(name) or ""].append(name)
    if len(parts) > 1:
        parts.pop("", None)
    for part, names in parts.items():
        if len(names) > 1:
            raise errors.DataError(f"{tree.path} holds several annotation files for {part or 'all pictures'}: "
                                   f"{', '.join(names[:4])}. Keep one for each part.")
    return {part: names[0] for part, names in parts.items()}


def _split(tree: file_tree.FileTree, path: str, file: coco_json.CocoFile, report: box_checks.Report) -> DetectionSplit:
    """The part that one file describes."""
    names = _pictures(tree, path, [each["file_name"] for each in file.images])
    sizes = [_size(tree, each, name) for each, name in zip(file.images, names)]
    labels = {each["id"]: label for label, each in enumerate(file.categories)}
    found = [coco_json.objects(file.annotations.get(image["id"], ()), size, image["file_name"], labels,
                               len(file.keypoints), report) for image, size in zip(file.images, sizes)]
    return DetectionSplit([each["file_name"] for each in file.images], sizes, detection_sources.reader(tree, names),
                          lambda index: found[index][0], image_ids=[each["id"] for each in file.images],
                          annotations=lambda index: found[index][1])


def _pictures(tree: file_tree.FileTree, path: str, wanted: list[str]) -> list[str]:
    """Where each file_name lies: beside the annotations, or in a folder that is called like them, or anywhere once."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for name in tree.names:
        if name.lower().endswith(decode.SUFFIXES):
            by_name[name.rsplit("/", 1)[-1]].append(name)
    folder, stem = path.rpartition("/")[0], path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = {stem.rsplit("_", 1)[-1], re.sub(r"\d", "", stem.rsplit("_", 1)[-1])}    # val2017, val
    found, absent = [], []
    for file_name in wanted:
        ends = [name for name in by_name[file_name.replace("\\", "/").rsplit("/", 1)[-1]]
                if f"/{name}".endswith("/" + file_name.replace("\\", "/").lstrip("./"))]
        best = ([name for name in ends if name == f"{folder}/{file_name}".lstrip("/")]
                or [name for name in ends if words & set(name.split("/")[:-1])] or ends)
        if len(best) > 1:
            raise errors.DataError(f"{path} in {tree.path}: {file_name} may be {' or '.join(best[:3])}. Give it as "
                                   f"file_name with its folder.")
        found += best
        absent += [] if best else [file_name]
    if absent:
        raise errors.DataError(f"{path} in {tree.path} lists {len(wanted):,} pictures, and {len(absent):,} of them "
                               f"are not there: {', '.join(absent[:3])}. Add them, or delete them from the file.")
    return found


def _size(tree: file_tree.FileTree, image: dict, name: str) -> tuple[int, int]:
    height, width = image.get("height"), image.get("width")
    if isinstance(height, int) and isinstance(width, int) and min(height, width) > 0 and max(height, width) < 2**16:
        return height, width
    return decode.image_size(tree.read(name), f"{name} in {tree.path}")
