"""SVHN: street view house numbers, photographs with a box around each digit, in the TFRecord files of the course.

A record has `image` (PNG), `classes` (int64, the digits from left to right) and `bboxes` (int64, four numbers for each
digit: top, left, bottom, right). Put `svhn.train.tfrecord`, `svhn.dev.tfrecord` and `svhn.test.tfrecord` into one
folder.

Splits: those files, in the course 10,000, 1,267 and 4,535 pictures; what is absent is carved out of train.
Source: Netzer et al. 2011, Reading Digits in Natural Images with Unsupervised Feature Learning.
"""
from __future__ import annotations

import pathlib
from typing import Any, Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import box_checks, decode, detection_sources, sources, tf_records
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection

NAME = "svhn"
CLASSES = tuple("0123456789")
FORM = "svhn.train.tfrecord, svhn.dev.tfrecord and svhn.test.tfrecord of the course"


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """SVHN as `data.load` gives it; the judge is the course's share of pictures that are wholly right."""
    tree, report = detection_sources.find(NAME, data_dir, FORM, ".tfrecord"), box_checks.Report()
    files = {detection_sources.split_of(name) or "": name for name in tree.names if name.endswith(".tfrecord")}
    if not tree.path.is_dir():
        raise errors.DataError(f"{tree.path}: TFRecord files are read from a folder; unpack the archive first.")
    splits = {part: _split(tree.path / name, report) for part, name in files.items()}
    return ObjectDetection(NAME, CLASSES, detection_sources.complete(splits, str(tree.path)), str(tree.path),
                           train_size=train_size, image_size=image_size, auto_augment="characters", report=report,
                           judge=judge)


def judge(split: DetectionSplit, predictions: Any) -> dict[str, float]:
    """The share of pictures that are wholly right: `{"accuracy": ...}`.

    Args:
      predictions: `[N]`, for each picture its classes `[D]` and boxes `[D, 4]`, or a file of lines.
    """
    from npfl_kit.scoring import svhn
    objects = [split.objects(index) for index in range(len(split))]
    return {"accuracy": svhn.evaluate([(each.labels, each.boxes) for each in objects], predictions)}


def _split(path: pathlib.Path, report: box_checks.Report) -> DetectionSplit:
    """The pictures of one file, which stay encoded until they are asked for."""
    pictures, names, sizes, objects = [], [], [], []
    for number, record in enumerate(tf_records.read(path), start=1):
        name = f"{path.name} record {number}"
        picture, labels, boxes = record.get("image"), record.get("classes", []), record.get("bboxes", [])
        if not isinstance(picture, list) or len(picture) != 1:
            raise errors.DataError(f"{name}: expected a picture in the feature image; found "
                                   f"{', '.join(sorted(record)[:9]) or 'nothing'}.")
        pictures.append(picture[0])
        names.append(name)
        sizes.append(decode.image_size(picture[0], name))
        objects.append(_objects(np.asarray(labels), np.asarray(boxes), sizes[-1], name, report))
    return DetectionSplit(names, sizes, lambda index: decode.decode(pictures[index], names[index]),
                          objects.__getitem__)


def _objects(labels: np.ndarray, boxes: np.ndarray, size: tuple[int, int], name: str,
             report: box_checks.Report) -> Objects:
    if boxes.size != 4 * labels.size or boxes.dtype.kind not in "if" or labels.dtype.kind not in "if":
        raise errors.DataError(f"{name}: expected four numbers in bboxes for each of classes; found {boxes.size} for "
                               f"{labels.size}.")
    if labels.size and not (labels.min() >= 0 and labels.max() < len(CLASSES)):
        raise errors.DataError(f"{name}: expected classes from 0 to 9; found {labels.min()} to {labels.max()}.")
    cut, keep = box_checks.usable(boxes.reshape(-1, 4).astype(np.float64), size, name, report)
    return Objects.of(cut[keep], labels[keep])
