"""Before a detector is trained: can its anchors find the objects at all?

The commonest reason of an AP of 0 is that no anchor fits: with the paper's sizes, 58 % of the objects in pictures of
256 pixels have no anchor with IoU 0.5, and the network is never told of them. It takes a second to know it before.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from npfl_kit.core import boxes

SIZES = (0, 8, 16, 32, 64, 128, np.inf)     # pixels of the letterboxed picture, square root of an object's area
ENOUGH = 0.8                                # share of objects with an anchor below which the report warns
FEW = 0.5                                   # share of the objects of a size below which it is pointed at
CHUNK = 128                                 # objects compared with all anchors at a time
FACTORS = tuple(2.0 ** (step / 2) for step in range(-8, 9) if step)     # other sizes of anchors, to be recommended
SAMPLE = 200                                # objects that those are tried on
WORTH_IT = 0.05                             # share of objects that other sizes must gain to be recommended


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


def coverage(objects: np.ndarray, anchors: np.ndarray, threshold: float = 0.5) -> Coverage:
    """Compare every object with all anchors.

    Args:
      objects: float `[G, 4]`, tlbr in the pixels that the anchors are in; of any number of pictures.
      anchors: float `[A, 4]`.

    >>> found = coverage(np.array([[0., 0, 10, 10], [0, 0, 2, 2]]), np.array([[0., 0, 10, 12]]))
    >>> found.covered, found.best.round(2).tolist()
    (0.5, [0.83, 0.03])
    """
    best = np.zeros(len(objects))
    for start in range(0, len(objects), CHUNK):
        best[start:start + CHUNK] = boxes.pairwise_iou(objects[start:start + CHUNK], anchors).max(-1, initial=0)
    return Coverage(np.sqrt(boxes.area(objects)), best, threshold)


def report(objects: Iterable[np.ndarray], anchors: np.ndarray, base: float, threshold: float = 0.5) -> list[str]:
    """The report for people: a line for each size that occurs, and a warning when many objects have no anchor.

    Args:
      objects: boxes of each picture, float `[G, 4]`, in the pixels that the anchors are in.
      anchors: float `[A, 4]`.
      base: float, the value of `--anchor_base` that made them.
    """
    every = np.concatenate([np.zeros([0, 4], np.float32), *objects])
    if not len(every):
        return ["Anchors: the pictures have no objects to compare them with."]
    found = coverage(every, anchors, threshold)
    return [*lines(found), *([advice(found, every, anchors, base)] if found.covered < ENOUGH else [])]


def lines(found: Coverage) -> list[str]:
    """How many objects have an anchor: all, those of each size that occurs, and which sizes are left out.

    >>> print(*lines(Coverage(np.array([5., 20., 25.]), np.array([0.2, 0.7, 0.4]), threshold=0.5)), sep="\\n")
    Anchors: 33.3% of 3 objects have one with IoU 0.5.
               0-8 px        1 objects    0.0%
             16-32 px        2 objects   50.0%
    """
    text = [f"Anchors: {found.covered:.1%} of {len(found.sides):,} objects have one with IoU {found.threshold:g}."]
    for low, high in zip(SIZES, SIZES[1:]):
        own = found.best[(found.sides >= low) & (found.sides < high)] >= found.threshold
        if len(own):
            size = f"{low:g}-{high:g} px" if high < np.inf else f"{low:g} px and more"
            hint = ""
            if found.covered >= ENOUGH and np.mean(own) < FEW:      # many of one size can hide that another has none
                hint = ("  few: lower --anchor_base, or raise --image_size" if high <= np.median(found.sides)
                        else "  few: raise --anchor_base")
            text.append(f"  {size:>15}  {len(own):7,} objects  {np.mean(own):6.1%}{hint}")
    return text


def advice(found: Coverage, objects: np.ndarray, anchors: np.ndarray, base: float) -> str:
    """What to change when many objects have no anchor: other sizes are tried, on at most 200 of the objects."""
    sample = objects[np.unique(np.linspace(0, len(objects) - 1, SAMPLE).astype(int))]
    now = coverage(sample, anchors, found.threshold).covered
    tried = {factor: coverage(sample, resized(anchors, factor), found.threshold).covered for factor in FACTORS}
    factor = max(tried, key=lambda each: (tried[each], -abs(np.log(each))))
    warning = (f"Warning: {1 - found.covered:.0%} of the objects have no anchor, and the network will not be taught "
               f"to find them.")
    if tried[factor] < now + WORTH_IT:
        return f"{warning} No --anchor_base is better; raise --image_size."
    return (f"{warning} {'Raise' if factor > 1 else 'Lower'} --anchor_base: with {base * factor:.2g} instead of "
            f"{base:g}, about {1 - tried[factor]:.0%} have none"
            + ("; raise --image_size, too." if tried[factor] < ENOUGH else "."))


def resized(anchors: np.ndarray, factor: float) -> np.ndarray:
    """Boxes `[A, 4]` with the same centers and `factor` times the sides.

    >>> resized(np.array([[0., 0, 4, 8]]), 0.5).tolist()
    [[1.0, 2.0, 3.0, 6.0]]
    """
    centers, halves = (anchors[:, 2:] + anchors[:, :2]) / 2, (anchors[:, 2:] - anchors[:, :2]) * (factor / 2)
    return np.concatenate([centers - halves, centers + halves], axis=1)
