"""Why a detection counts as right or wrong, and which objects are missed.

Average precision says how good a detector is, not what to do about it. Doubles ask for a stricter suppression, badly
placed boxes for a better regression, wrong classes for a better classifier, misses for other anchors.
Source: the kinds of errors are those of Bolya et al. 2020, TIDE: A General Toolbox for Identifying Object Detection
Errors, Sec. 2.2; unlike there, a detection on a found object is a double even if an object of another class is near.
"""
from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import coco_match, coco_pairs, coco_summary, coco_tables
from npfl_kit.scoring.coco_pairs import Pairs
from npfl_kit.scoring.coco_tables import Json

RIGHT, IGNORED, DOUBLE, WRONG_CLASS, BADLY_PLACED, WRONG_BOTH, BACKGROUND, NOT_COUNTED = VERDICTS = (
    "right",                    # the object's own detection
    "ignored",                  # on a crowd, or on an object that need not be found
    "double",                   # well on an object that a higher score has found
    "wrong class",              # well on an object of another class
    "badly placed",             # on an object, but not well
    "wrong class and place",    # on an object of another class, not well
    "background",               # on no object at all
    "not counted")              # a hundred others of its class in its picture have higher scores
MISSED = "missed"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of a detection.

    Args:
      entry: its place in the predictions, from 0.
      image_id, category_id, score: as they stand there.
      verdict: one of VERDICTS.
      gold_id: of the object that the verdict speaks of; None if there is none.
      overlap: with that object; 0.0 without one.
    """

    entry: int
    image_id: int
    category_id: int
    score: float
    verdict: str
    gold_id: Optional[int]
    overlap: float


@dataclasses.dataclass(frozen=True)
class Explanation:
    """All verdicts.

    Args:
      verdicts: in the order of the predictions.
      missed: ids of the objects that no detection found, nor was on with a wrong class or badly placed, ascending.
    """

    verdicts: list[Verdict]
    missed: list[int]

    def counts(self) -> dict[str, int]:
        """How often there is each of VERDICTS, and MISSED."""
        counted = Counter(each.verdict for each in self.verdicts)
        return {**{name: counted[name] for name in VERDICTS}, MISSED: len(self.missed)}


def explain(gold: Json, predictions: Json, kind: str = "bbox", well: float = .5, barely: float = .1,
            sigmas: Optional[Sequence[float]] = None) -> Explanation:
    """What each detection matched, or why it matched nothing, and the objects that are missed.

    Args:
      gold, predictions, kind, sigmas: as in `coco.evaluate`.
      well: float, the overlap from which a detection is right.
      barely: float, the overlap from which it is on an object, and not on background.
    Raises: as `coco.evaluate`; UsageError unless 0 < barely <= well <= 1.

    >>> gold = {"images": [{"id": 1}], "categories": [{"id": 7}, {"id": 8}], "annotations": [
    ...     {"id": 5, "image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 50]}]}
    >>> found = [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 40], "score": 0.9},
    ...          {"image_id": 1, "category_id": 8, "bbox": [0, 0, 50, 30], "score": 0.7}]
    >>> [(each.verdict, each.gold_id, round(each.overlap, 2)) for each in explain(gold, found).verdicts]
    [('right', 5, 0.8), ('wrong class', 5, 0.6)]
    """
    if not 0 < barely <= well <= 1:
        raise errors.UsageError(f"Expected 0 < barely <= well <= 1, got barely={barely} and well={well}.")
    table = coco_tables.read_gold(gold, kind, sigmas)
    found = coco_tables.read_found(predictions, table, kind, None, sigmas)
    counts = found.rank < coco_summary.SETTINGS[kind].tops[-1]
    code, partner, overlap = _judge(table, found, counts, min(well, coco_match.ALMOST_ONE), barely)
    is_missed = ~table.ignored
    is_missed[partner[np.isin(code, [VERDICTS.index(each) for each in (RIGHT, WRONG_CLASS, BADLY_PLACED)])]] = False
    gold_ids = [int(table.ids[row]) if row >= 0 else None for row in partner]
    verdicts = [Verdict(*row) for row in zip(
        found.entry.tolist(), table.image_ids[found.image].tolist(), table.category_ids[found.label].tolist(),
        found.score.tolist(), [VERDICTS[each] for each in code], gold_ids, overlap.tolist())]
    return Explanation(sorted(verdicts, key=lambda each: each.entry), sorted(table.ids[is_missed].tolist()))


def _judge(gold: coco_tables.Gold, found: coco_tables.Found, counts: np.ndarray, well: float,
           barely: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each detection its verdict's place in VERDICTS, the object's row or -1, and the overlap, `[D]` each."""
    pairs = coco_pairs.overlapping(found, gold, barely, same_class=False)
    pairs = pairs.where(counts[pairs.found])
    same, real = gold.label[pairs.gold] == found.label[pairs.found], ~gold.ignored[pairs.gold]
    fits = pairs.where(same & (pairs.overlap >= well))
    matched = coco_match.match(fits, found, gold, np.array([well]), gold.ignored[None])[0, 0]       # [D]
    partner = _best(pairs.where(matched[pairs.found] == pairs.gold), len(found))
    own, other = _best(pairs.where(same & real), len(found)), _best(pairs.where(~same & real), len(found))
    is_ignored = np.isin(matched, np.flatnonzero(gold.ignored))
    nothing = np.full(len(found), -1), np.zeros(len(found))
    cases = [(~counts, NOT_COUNTED, nothing), (is_ignored, IGNORED, partner),
             (matched != coco_match.NONE, RIGHT, partner), (own[1] >= well, DOUBLE, own),
             (other[1] >= well, WRONG_CLASS, other), (own[1] >= barely, BADLY_PLACED, own),
             (other[1] >= barely, WRONG_BOTH, other), (np.ones(len(found), bool), BACKGROUND, nothing)]
    whether, verdicts, objects = zip(*cases)
    rows, overlaps = zip(*objects)
    return (np.select(whether, [VERDICTS.index(verdict) for verdict in verdicts]), np.select(whether, rows),
            np.select(whether, overlaps))


def _best(pairs: Pairs, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The object with the largest overlap, row or -1, and that overlap, for each of `count` detections."""
    order = np.lexsort((pairs.gold, pairs.overlap, pairs.found))            # the best is the last to be written
    row, overlap = np.full(count, -1), np.zeros(count)
    row[pairs.found[order]], overlap[pairs.found[order]] = pairs.gold[order], pairs.overlap[order]
    return row, overlap
