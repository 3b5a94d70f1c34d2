"""Average precision: the area under the precision-recall curve, as Pascal VOC draws it, and as it did before 2010.

Detections of a class are put in the order of their scores. After each of them, recall is the share of objects found so
far, and precision the share of detections so far that found one. Precision is made monotone first: at a recall it is
the best precision at that recall or a higher one.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import numpy as np

from npfl_kit import errors

ELEVEN = np.arange(11) / 10     # 3 / 10 is reached by 3 objects of 10, 3 * 0.1 is not


def precision_recall(right: Union[np.ndarray, Sequence[bool]], num_gold: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall after each detection.

    Args:
      right: bool `[N]`, whether a detection found an object that no earlier one did, by decreasing score.
      num_gold: int >= 0, how many objects there are to be found.
    Returns: two float64 `[N]` in `[0, 1]`; recall is 0 where there is no object.
    Raises: UsageError if more are right than there are objects.

    >>> precision, recall = precision_recall([True, False, True], num_gold=4)
    >>> precision.round(3).tolist(), recall.tolist()
    ([1.0, 0.5, 0.667], [0.25, 0.25, 0.5])
    """
    found = np.cumsum(np.asarray(right, bool))
    if len(found) and found[-1] > num_gold:
        raise errors.UsageError(f"Expected at most {num_gold:,} right detections, one per object, got {found[-1]:,}.")
    return found / np.arange(1, len(found) + 1), found / max(num_gold, 1)


def envelope(precision: np.ndarray) -> np.ndarray:
    """The best precision from each place on, `[N] -> [N]`.

    >>> envelope(np.array([.5, .25, .4])).tolist()
    [0.5, 0.4, 0.4]
    """
    return np.maximum.accumulate(np.asarray(precision, np.float64)[::-1])[::-1]


def at_recalls(precision: np.ndarray, recall: np.ndarray, recalls: np.ndarray) -> np.ndarray:
    """The best precision at each of `recalls` or a higher recall; 0 where that recall is never reached.

    Args:
      precision, recall: float `[N]`, after each detection.
      recalls: float `[R]`.
    Returns: float64 `[R]`.

    >>> at_recalls(np.array([1, .5, 2 / 3]), np.array([.25, .25, .5]), np.array([0, .25, .5, .75])).round(3).tolist()
    [1.0, 1.0, 0.667, 0.0]
    """
    place = np.searchsorted(recall, recalls, side="left")                   # [R], first detection that reaches it
    return np.append(envelope(precision), 0.0)[place]


def eleven_point(precision: np.ndarray, recall: np.ndarray) -> float:
    """The mean of the precision at recalls 0, 0.1, ..., 1: Pascal VOC's until 2009, and the lecture's.

    Source: Everingham et al. 2010, The Pascal VOC Challenge, Sec. 4.2.

    >>> round(eleven_point(*precision_recall([True, False, True], num_gold=4)), 4)
    0.4545
    """
    return float(np.mean(at_recalls(precision, recall, ELEVEN)))


def all_point(precision: np.ndarray, recall: np.ndarray) -> float:
    """The area under the monotone curve, every step of it: Pascal VOC's since 2010.

    Source: Everingham et al. 2015, The Pascal VOC Challenge: A Retrospective, Sec. 2.2.

    >>> round(all_point(*precision_recall([True, False, True], num_gold=4)), 4)
    0.4167
    """
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope(precision)))
