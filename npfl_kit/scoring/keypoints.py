"""Object keypoint similarity: what IoU is for boxes, for the joints of a person.

A joint that is off by a distance d counts `exp(-d^2 / (2 s^2 k^2))`, where s^2 is the area of the person and k is how
much annotators differ on that joint: an eye must be met far better than a hip.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from npfl_kit import errors

# Standard deviation of annotators, as a share of the person's size, of COCO's 17 joints: nose, eyes, ears, shoulders,
# elbows, wrists, hips, knees, ankles.
COCO_SIGMAS = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10
OTHER_SIGMA = .05           # for keypoints that nobody has measured


def sigmas(count: int, given: Optional[Sequence[float]] = None) -> np.ndarray:
    """The standard deviations of `count` keypoints: those given, or COCO's for 17, or 0.05 for each.

    Raises: UsageError if those given are not `count` positive numbers.

    >>> len(sigmas(17)), sigmas(2).tolist(), sigmas(2, [.1, .2]).tolist()
    (17, [0.05, 0.05], [0.1, 0.2])
    """
    if given is None:
        return COCO_SIGMAS if count == len(COCO_SIGMAS) else np.full(count, OTHER_SIGMA)
    found = np.asarray(given, np.float64)
    if found.shape != (count,) or not (found > 0).all():
        raise errors.UsageError(f"Expected {count} positive sigmas, one per keypoint, got {list(given)}.")
    return found


def similarity(found: np.ndarray, gold: np.ndarray, boxes: np.ndarray, areas: np.ndarray,
               deviations: np.ndarray) -> np.ndarray:
    """The similarity of detected and annotated keypoints, one by one.

    Of an object without an annotated joint only the box is known; joints within twice its size do not cost anything.

    Args:
      found: float64 `[N, P, 2]`, x and y of the detected keypoints.
      gold: float64 `[N, P, 3]`, x, y and visibility; 0 is not annotated, and left out.
      boxes: float64 `[N, 4]`, left, top, width and height of the annotated objects.
      areas: float64 `[N]`, of the annotated objects.
      deviations: float64 `[P]`, see `sigmas`.
    Returns: float64 `[N]` in [0, 1].
    Source: https://cocodataset.org/#keypoints-eval; there k is twice the standard deviation.
    """
    labeled, areas = gold[..., 2] > 0, np.maximum(areas, 0)                             # [N, P], [N]
    unknown = ~labeled.any(-1)
    low, high = boxes[:, None, :2] - boxes[:, None, 2:], boxes[:, None, :2] + 2 * boxes[:, None, 2:]    # [N, 1, 2]
    outside = np.maximum(low - found, 0) + np.maximum(found - high, 0)
    distance = np.where(unknown[:, None, None], outside, found - gold[..., :2])         # [N, P, 2]
    squares = (distance**2).sum(-1) / (2 * deviations)**2 / (areas[:, None] + np.spacing(1)) / 2
    counted = labeled | unknown[:, None]
    return (np.exp(-squares) * counted).sum(-1) / np.maximum(counted.sum(-1), 1)
