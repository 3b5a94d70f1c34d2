"""A file of predictions judged: the metric of its public and its private examples, and what it got wrong.

The file is data; nothing of it is run, and TensorFlow is never imported. What a student is told of hidden answers is
the public value, and nothing of single examples: `worst` is for the course, or for the home split.
"""
from __future__ import annotations

import dataclasses
import os
from typing import Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.judging import gold
from npfl_kit.grading.judging.public_rows import public_rows
from npfl_kit.grading.tasks.task import Data, Task
from npfl_kit.grading.uploads.intake import Upload
from npfl_kit.grading.uploads.ungradable import UngradableError

__all__ = ["PredictionScores", "judge", "public_rows"]
WORST = 12
SHOWN = 2000    # characters of an answer that people read


@dataclasses.dataclass(frozen=True)
class PredictionScores:
    """What is known of a file of predictions.

    Args:
      metric: its name.
      public, private, whole: its value for the public examples, the others, and all; finite. At home, where nothing is
        hidden, all three are that of all.
      error: standard error of the private value: by how much it would differ on other examples.
      rows: float64 `[N, 2]`, numerator and denominator of each example (picture, sentence), for a bootstrap; their
        sums divided are the value, except of detections.
      is_public: bool `[N]`.
      worst: the worst examples that are wrong at all, by their places in the split.
      expected, actual: of these, what is right and what was predicted; the second is a stranger's text.
    """

    metric: str
    public: float
    private: float
    whole: float
    error: float
    rows: np.ndarray
    is_public: np.ndarray
    worst: tuple[int, ...] = ()
    expected: tuple[str, ...] = ()
    actual: tuple[str, ...] = ()

    def values(self) -> dict[str, float]:
        """The numbers that a board needs, for `Record.values`."""
        return {"public": self.public, "private": self.private, "whole": self.whole, "private_error": self.error}


def judge(task: Task, data: Data, upload: Upload, gold_dir: Union[str, os.PathLike, None] = None,
          secret: bytes = b"", home: bool = False) -> PredictionScores:
    """Judge the file of predictions in an upload.

    Args:
      data: `task.data`, or what is to be judged in its place.
      gold_dir: of the hidden answers; see `gold.load`. At home, the folder of the data set, or None.
      secret: of the store: which examples are public.
      home: whether the home split is judged, whose answers students have; errors then say how many lines there
        must be.
    Raises: UngradableError if the file is missing or is not what it should be: it names the first bad lines;
      DataError or UsageError if the course's own answers cannot be had, which is no fault of the student.
    """
    split, name = (data.home_split, data.home_file) if home else (data.split, data.file)
    if name not in upload.files:
        raise UngradableError(f"The task {task.lab} asks for a file {name}; got "
                              f"{', '.join(sorted(upload.files)[:5]) or 'none'}. Add it.")
    return judge_bytes(task, data, upload.files[name], name, split, gold_dir, None if home else secret)


def judge_bytes(task: Task, data: Data, content: bytes, name: str, split: str,
                gold_dir: Union[str, os.PathLike, None], secret: Optional[bytes]) -> PredictionScores:
    """Judge the bytes of a file of predictions; without a secret nothing is hidden. See `judge`."""
    if secret == b"":
        raise ValueError("hidden answers need a secret, by which the public ones are chosen")
    answers = gold.load(data, split, gold_dir, task.version)
    predictions = answers.read(content, name, tell=secret is None)
    part = answers.judge(predictions, data.metric)
    is_public, is_private = _sides(task, len(answers), secret)
    public, private = (answers.value(part, predictions, data.metric, side) for side in (is_public, is_private))
    error = answers.error(part, predictions, data.metric, is_private)
    for number in (part.value, public, private, error):
        if not record.is_finite(number):
            raise errors.DataError(f"The metric {data.metric} of {data.dataset} is {number}, which is no score.")
    worst = _worst(part.wrong)
    shown = [answers.shown(predictions, row) for row in worst]
    expected, actual = (tuple(each[side][:SHOWN] for each in shown) for side in (0, 1))
    return PredictionScores(data.metric, public, private, part.value, error, part.rows, is_public, worst, expected,
                            actual)


def _sides(task: Task, count: int, secret: Optional[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Which examples are public, and which are private, bool `[count]` each; all are both where nothing is hidden."""
    if secret is None or task.board is None or count < 2:
        return np.ones(count, bool), np.ones(count, bool)
    is_public = public_rows(count, secret, task.lab, task.board.public)
    return is_public, ~is_public


def _worst(wrong: np.ndarray) -> tuple[int, ...]:
    """The places of the largest numbers above 0, the largest first; of equal ones some from everywhere.

    >>> _worst(np.array([0., 2., 0., 3.]))
    (3, 1)
    """
    places = np.flatnonzero(wrong > 0)
    if len(places) and (wrong[places] == wrong[places[0]]).all():
        return tuple(places[np.unique(np.linspace(0, len(places) - 1, WORST).astype(int))].tolist())
    return tuple(places[np.argsort(-wrong[places], kind="stable")[:WORST]].tolist())
