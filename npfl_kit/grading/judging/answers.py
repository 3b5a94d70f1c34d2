"""The right answers of a split: one class for each kind of them, with the reader and the judge of its predictions.

A metric of classes, tags or digits is a ratio of sums over examples: an example adds to the numerator what is right,
and to the denominator what there was. So the metric of any part of the examples is known without judging again, and
how much it would differ on other examples, too. The average precision of detections is no such ratio; see
`detection_answers`.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.judging import prediction_files
from npfl_kit.scoring import spans, svhn


class Part(NamedTuple):
    """What is known of one metric.

    Args:
      value: of all examples.
      rows: float64 `[N, 2]`, numerator and denominator of each example.
      wrong: float64 `[N]`, how wrong each example is, 0 if it is right; the largest are the worst.
    """

    value: float
    rows: np.ndarray
    wrong: np.ndarray


def ratio(rows: np.ndarray) -> float:
    """The sum of the first column divided by that of the second; 0.0 if nothing counts.

    >>> ratio(np.array([[1., 1.], [0., 1.]]))
    0.5
    """
    right, counted = rows.sum(0)
    return float(right / counted) if counted else 0.0


def ratio_error(rows: np.ndarray) -> float:
    """The standard error of `ratio`: by how much it would differ on as many other examples; 0.0 if nothing counts.

    Source: the linearization of a ratio, Cochran 1977, Sampling Techniques, Sec. 2.11.

    >>> round(ratio_error(np.array([[1., 1.], [0., 1.]] * 50)), 3)
    0.05
    """
    counted, count = rows[:, 1].sum(), len(rows)
    if not counted or count < 2:
        return 0.0
    left = rows[:, 0] - ratio(rows) * rows[:, 1]                                            # [N]
    return float(math.sqrt((left**2).sum() * count / (count - 1)) / counted)


class Answers:
    """The right answers of a split.

    `metrics` are the names of what can be judged.
    """

    metrics: Sequence[str] = ("accuracy",)

    def __len__(self) -> int:
        raise NotImplementedError

    def read(self, content: bytes, name: str, tell: bool) -> Any:
        """The predictions in a file; see `prediction_files`, also for what `tell` is."""
        raise NotImplementedError

    def judge(self, predictions: Any, metric: str) -> Part:
        """One of `metrics` of all examples."""
        raise NotImplementedError

    def value(self, part: Part, predictions: Any, metric: str, chosen: np.ndarray) -> float:
        """The metric of the examples for which bool `[N]` is true."""
        return ratio(part.rows[chosen])

    def error(self, part: Part, predictions: Any, metric: str, chosen: np.ndarray) -> float:
        """The standard error of `value`."""
        return ratio_error(part.rows[chosen])

    def shown(self, predictions: Any, row: int) -> tuple[str, str]:
        """What is right for an example, and what was predicted, for people; a stranger wrote the second."""
        raise NotImplementedError


class ClassAnswers(Answers):
    """One class per example.

    Args:
      labels: int `[N]`.
      classes: their names.
    """

    def __init__(self, labels: np.ndarray, classes: Sequence[str]) -> None:
        self.labels, self.classes = np.asarray(labels, np.int32), list(classes)

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, content: bytes, name: str, tell: bool) -> np.ndarray:
        return prediction_files.classes(content, name, len(self), len(self.classes), tell)

    def judge(self, predictions: np.ndarray, metric: str) -> Part:
        if predictions.shape != self.labels.shape:
            raise errors.PredictionsError(f"Expected one class per example, got {list(predictions.shape)}.")
        right = (predictions == self.labels).astype(np.float64)
        rows = np.stack([right, np.ones(len(self))], axis=-1)
        return Part(ratio(rows), rows, 1 - right)

    def shown(self, predictions: np.ndarray, row: int) -> tuple[str, str]:
        return self.classes[self.labels[row]], self.classes[predictions[row]]


class TagAnswers(Answers):
    """One tag per word.

    Args:
      tags: `[N]` lists of tags.
      entities: whether the tags are IOB2, and entities are judged.
    """

    def __init__(self, tags: Sequence[Sequence[str]], entities: bool = False) -> None:
        self.tags = list(tags)
        self.metrics = ("accuracy", "f1", "precision", "recall") if entities else ("accuracy",)
        self._lengths = [len(each) for each in self.tags]
        self._true = [set(spans.spans(each)) for each in self.tags] if entities else []

    def __len__(self) -> int:
        return len(self.tags)

    def read(self, content: bytes, name: str, tell: bool) -> list[list[str]]:
        return prediction_files.tags(content, name, self._lengths, tell)

    def judge(self, predictions: list[list[str]], metric: str) -> Part:
        if [len(each) for each in predictions] != self._lengths:
            raise errors.PredictionsError("Expected one tag per word of every sentence.")
        right = np.array([sum(tag == other for tag, other in zip(*pair)) for pair in zip(self.tags, predictions)])
        words = np.array(self._lengths)
        rows = self._entity_rows(predictions, metric) if metric != "accuracy" else np.stack([right, words], axis=-1)
        rows = rows.reshape(-1, 2).astype(np.float64)
        return Part(ratio(rows), rows, (words - right).astype(np.float64))

    def _entity_rows(self, predictions: list[list[str]], metric: str) -> np.ndarray:
        found = [set(spans.spans(each)) for each in predictions]
        right = np.array([len(true & given) for true, given in zip(self._true, found)])
        guessed, wanted = np.array([*map(len, found)]), np.array([*map(len, self._true)])
        return np.stack({"f1": [2 * right, guessed + wanted], "precision": [right, guessed],
                         "recall": [right, wanted]}[metric], axis=-1)

    def shown(self, predictions: list[list[str]], row: int) -> tuple[str, str]:
        return " ".join(self.tags[row]), " ".join(predictions[row])


class PictureAnswers(Answers):
    """Digits and their boxes in pictures, judged as SVHN is: a picture is right if all of it is.

    Args:
      pictures: `[N]`, labels `[G]` and boxes `[G, 4]` of each.
    """

    def __init__(self, pictures: Sequence[svhn.Picture]) -> None:
        self.pictures = list(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def read(self, content: bytes, name: str, tell: bool) -> list[svhn.Picture]:
        return prediction_files.pictures(content, name, len(self), tell)

    def judge(self, predictions: list[svhn.Picture], metric: str) -> Part:
        if len(predictions) != len(self):
            raise errors.PredictionsError("Expected one line per picture.")
        right = np.array([svhn.is_right(*pair) for pair in zip(self.pictures, predictions)], np.float64)
        rows = np.stack([right, np.ones(len(self))], axis=-1)
        return Part(ratio(rows), rows, 1 - right)

    def shown(self, predictions: list[svhn.Picture], row: int) -> tuple[str, str]:
        true, found = (" ".join(map(str, each[row][0].tolist())) for each in (self.pictures, predictions))
        return true, found
