"""Share of right answers, and which class is taken for which."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import numpy as np

from npfl_kit import errors

Classes = Union[np.ndarray, Sequence[int]]


def accuracy(y_true: Classes, y_pred: Classes) -> float:
    """The share of examples whose predicted class is the right one.

    Args:
      y_true, y_pred: int `[N]`, classes.
    Returns: float in [0, 1]; 0.0 if there is no example.
    Raises: PredictionsError if the two do not have the same length, or are not lists of whole numbers.

    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    y_true, y_pred = _paired(y_true, y_pred)
    return float(np.mean(y_true == y_pred)) if len(y_true) else 0.0


def confusion_matrix(y_true: Classes, y_pred: Classes, num_classes: int) -> np.ndarray:
    """How often each class (row) was taken for each class (column).

    Args:
      y_true, y_pred: int `[N]`, classes in `[0, num_classes)`.
    Returns: int64 `[K, K]`, which sums to N; its trace over N is the accuracy.
    Raises: PredictionsError as `accuracy`, and for a class out of range.

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], num_classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    y_true, y_pred = _paired(y_true, y_pred)
    for kind, classes in (("right", y_true), ("predicted", y_pred)):
        wrong = classes[(classes < 0) | (classes >= num_classes)]
        if len(wrong):
            raise errors.PredictionsError(f"Expected classes from 0 to {num_classes - 1}, "
                                          f"but one of the {kind} classes is {wrong[0]}.")
    pairs = y_true.astype(np.int64) * num_classes + y_pred                      # [N]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _paired(y_true: Classes, y_pred: Classes) -> tuple[np.ndarray, np.ndarray]:
    true, pred = np.asarray(y_true), np.asarray(y_pred)
    for classes in (true, pred):
        if classes.ndim != 1 or (classes.size and classes.dtype.kind not in "iu"):
            raise errors.PredictionsError(f"Expected one whole number per example, got {classes.dtype} of shape "
                                          f"{list(classes.shape)}; take the argmax of the probabilities.")
    if len(true) != len(pred):
        raise errors.PredictionsError(f"Expected {len(true):,} predictions, one per example, got {len(pred):,}.")
    return true.astype(np.int64), pred.astype(np.int64)
