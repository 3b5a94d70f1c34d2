"""Which detections lie on which objects, and how well: the only pairs that an evaluation looks at."""
from __future__ import annotations

import dataclasses

import numpy as np

from npfl_kit.scoring.coco_shapes import ragged
from npfl_kit.scoring.coco_tables import Found, Gold


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pairs by detection, then by object.

    Args:
      found, gold: int64 `[P]`, rows of the two tables.
      overlap: float64 `[P]`.
    """

    found: np.ndarray
    gold: np.ndarray
    overlap: np.ndarray

    def where(self, keep: np.ndarray) -> Pairs:
        """The pairs for which bool `[P]` is true."""
        return Pairs(self.found[keep], self.gold[keep], self.overlap[keep])


def overlapping(found: Found, gold: Gold, minimum: float, same_class: bool = True) -> Pairs:
    """All pairs in one picture with an overlap of at least `minimum`.

    Of a thousand possible pairs a few are left. So 500,000 detections need some ten megabytes, not gigabytes.

    Args:
      minimum: float in (0, 1].
      same_class: bool, leave out pairs of different classes.
    """
    scale = max(len(gold.image_ids), 1) if same_class else 0
    found_key, gold_key = found.label * scale + found.image, gold.label * scale + gold.image
    order = np.argsort(gold_key, kind="stable")
    first = np.searchsorted(gold_key[order], found_key, side="left")
    counts = np.searchsorted(gold_key[order], found_key, side="right") - first
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for mine, theirs in ragged(first, counts):
        theirs = order[theirs]
        overlap = found.shapes.overlaps(gold.shapes, found.entry[mine], gold.entry[theirs], gold.crowd[theirs])
        near = overlap >= minimum
        parts.append((mine[near], theirs[near], overlap[near]))
    return Pairs(*(np.concatenate(part) for part in zip(*parts)))
