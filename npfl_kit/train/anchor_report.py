"""Before a detector is trained: can its anchors find the objects at all?

The commonest reason of an AP of 0 is that no anchor fits: with the paper's sizes, 58 % of the objects in pictures of
256 pixels have no anchor with IoU 0.5, and the network is never told of them. It takes a second to know it before.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from npfl_kit.core import boxes

SIZES = (0, 8, 16, 32, 64, 128, np.inf)     # pixels of the letterboxed picture, square root of an object's area
ENOUGH = 0.8                                # share of objects with an anchor below which the report warns
CHUNK = 256                                 # objects compared with all anchors at a time


@dataclasses.dataclass(frozen=True)
class Coverage:
    """How well anchors fit objects.

    Args:
      sides: float `[G]`, square roots of the objects' areas in pixels of the letterboxed pictures.
      best: float `[G]` in [0, 1], IoU of each with its best anchor.
      threshold: IoU from which an anchor is trained to find an object.
    """

    sides: np.ndarray
    best: np.ndarray
    threshold: float

    @property
    def covered(self) -> float:
        """Share of objects that have an anchor; 1 where there is no object."""
        return float(np.mean(self.best >= self.threshold)) if len(self.best) else 1.0


def coverage(objects: Iterable[np.ndarray], anchors: np.ndarray, threshold: float = 0.5) -> Coverage:
    """Compare every object with all anchors.

    Args:
      objects: boxes of each picture, float `[G, 4]`, in the pixels that the anchors are in.
      anchors: float `[A, 4]`.

    >>> found = coverage([np.array([[0., 0, 10, 10], [0, 0, 2, 2]])], np.array([[0., 0, 10, 12]]))
    >>> found.covered, found.best.round(2).tolist()
    (0.5, [0.83, 0.03])
    """
    every = np.concatenate([np.zeros([0, 4], np.float32), *objects])
    best = [boxes.pairwise_iou(every[start:start + CHUNK], anchors).max(-1) for start in range(0, len(every), CHUNK)]
    return Coverage(np.sqrt(boxes.area(every)), np.concatenate([np.zeros(0, np.float32), *best]), threshold)


def lines(found: Coverage, flags: Sequence[str] = ("--anchor_base", "--image_size")) -> list[str]:
    """The report for people: a line for each size that occurs, and a warning when much has no anchor."""
    text = [f"Anchors: {found.covered:.1%} of {len(found.sides):,} objects have one at IoU {found.threshold:g}."]
    for low, high in zip(SIZES, SIZES[1:]):
        of_size = (found.sides >= low) & (found.sides < high)
        if of_size.any():
            name = f"{low:g}-{high:g} px" if high < np.inf else f"{low:g} px and more"
            share = np.mean(found.best[of_size] >= found.threshold)
            text.append(f"  {name:>14}  {of_size.sum():7,} objects  {share:6.1%} with an anchor")
    if found.covered < ENOUGH:
        text.append(advice(found, flags))
    return text


def advice(found: Coverage, flags: Sequence[str]) -> str:
    """What to change when many objects have no anchor."""
    lost = found.best < found.threshold
    small = np.median(found.sides[lost]) < np.median(found.sides)
    return (f"Warning: {1 - found.covered:.0%} of the objects have no anchor, mostly {'small' if small else 'large'} "
            f"ones; the network will not be taught to find them. {'Lower' if small else 'Raise'} {flags[0]}"
            + (f", or raise {flags[1]}." if small else "."))
