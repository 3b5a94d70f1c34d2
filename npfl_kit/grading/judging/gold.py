"""The answers that predictions are judged by, loaded once in a process."""
from __future__ import annotations

import functools
import os
import threading
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from npfl_kit import data as data_sets
from npfl_kit import errors
from npfl_kit.grading.judging.answers import Answers, ClassAnswers, PictureAnswers, TagAnswers
from npfl_kit.grading.judging.detection_answers import DetectionAnswers, kind_of
from npfl_kit.grading.tasks.task import Data
from npfl_kit.scoring import bounded_file, class_lines, svhn, tag_lines

LINES, JSON = "gold.txt", "gold.json"
_LOCK = threading.Lock()


def load(data: Data, split: str, folder: Union[str, os.PathLike, None] = None, version: str = "") -> Answers:
    """The right answers of a split.

    Args:
      data: what is predicted.
      split: "dev" or "test".
      folder: of the hidden answers: `gold.txt`, in the very form of a predictions file, or `gold.json`, a COCO file;
        or the files of the whole data set. None is the data set where it always is.
      version: of the task; another one is loaded anew.
    Raises: DataError or UsageError if the answers cannot be had: a fault of the course, not of a student.
    """
    with _LOCK:
        return _load(data.dataset, data.column, data.metric, split, None if folder is None else str(folder), version)


@functools.lru_cache(maxsize=16)
def _load(dataset: str, column: Optional[str], metric: str, split: str, folder: Optional[str],
          version: str) -> Answers:
    lines = Path(folder, LINES) if folder and Path(folder, LINES).is_file() else None
    json = Path(folder, JSON) if folder and Path(folder, JSON).is_file() else None
    known = data_sets.load(dataset, None if lines or json else folder, column=column)
    found = (_given(known, dataset, metric, split, lines, json) if lines or json
             else _own(known, dataset, metric, split))
    if metric not in found.metrics:
        raise errors.unknown(f"metric of {dataset}", metric, found.metrics)
    if not len(found):
        raise errors.DataError(f"The {split} split of {dataset} has no answers, so nothing can be judged by it.")
    return found


def _own(known: Any, dataset: str, metric: str, split: str) -> Answers:
    """The answers of the data set itself."""
    if dataset in data_sets.TAGGING:
        return TagAnswers(known.split(split).tags, known.spans)
    if dataset in data_sets.DETECTION and known.has_own_judge and metric == "accuracy":
        objects = map(known.split(split).objects, range(len(known.split(split))))
        return PictureAnswers([(each.labels, each.boxes.astype(np.float64)) for each in objects])
    if dataset in data_sets.DETECTION:
        return DetectionAnswers(known.gold(split, masks=kind_of(metric) == "segm"), kind_of(metric))
    _require_classes(dataset)
    return ClassAnswers(known.split(split).labels, known.classes)


def _given(known: Any, dataset: str, metric: str, split: str, lines: Optional[Path], json: Optional[Path]) -> Answers:
    """The answers in a file of the course."""
    if json is not None:
        return DetectionAnswers(bounded_file.read_json(json, errors.DataError), kind_of(metric))
    assert lines is not None
    if dataset in data_sets.TAGGING:
        sentences = known.split(split).sentences
        try:
            return TagAnswers(tag_lines.read(lines, [len(each) for each in sentences]), known.spans)
        except errors.PredictionsError as problem:
            raise errors.DataError(f"The course's own answers do not fit the {split} split of {dataset}: {problem}") \
                from None
    if dataset in data_sets.DETECTION:
        return PictureAnswers(svhn.read(lines))
    _require_classes(dataset)
    return ClassAnswers(class_lines.read(lines, None, len(known.classes)), known.classes)


def _require_classes(dataset: str) -> None:
    if dataset not in data_sets.CLASSIFICATION + data_sets.TEXT_CLASSIFICATION:
        raise errors.UsageError(f"{dataset} has no predictions that a task could judge; choose another data set.")
