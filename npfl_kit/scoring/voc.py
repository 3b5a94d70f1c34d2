"""Pascal VOC's judge of detections: average precision at one overlap, class by class.

A detection belongs to the object of its class that it overlaps most. If that one is taken by a higher score, it is a
double and wrong, even if it is well on another object, too: the difference from COCO's matching. Boxes are borders
between pixels here as everywhere in the kit; the old development kit added one pixel to each side.
Source: Everingham et al. 2010, The Pascal VOC Challenge, Sec. 4.2.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import average_precision, coco_pairs, coco_tables
from npfl_kit.scoring.coco_pairs import Pairs
from npfl_kit.scoring.coco_tables import Found, Gold, Json

MEANS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "11": average_precision.eleven_point, "all": average_precision.all_point}
UNCOUNTED, WRONG, RIGHT = -1, 0, 1


def evaluate(gold: Json, predictions: Json, overlap: float = .5, points: str = "all") -> dict[str, float]:
    """The AP of each class by its name, and their mean as "mAP".

    Args:
      gold: path of a COCO file, or what stands in one; `iscrowd` are the difficult objects, which need not be found.
      predictions: path of a COCO results file, or the list that stands in one.
      overlap: float in (0, 1], the IoU from which a detection is right.
      points: "all" for the area under the curve, "11" for the mean at eleven recalls.
    Returns: floats in [0, 1]; a class without an object to find is left out.
    Raises: UsageError for other `points`; else as `coco.evaluate`.

    >>> gold = {"images": [{"id": 1}], "categories": [{"id": 7, "name": "cat"}], "annotations": [
    ...     {"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 50]}]}
    >>> evaluate(gold, [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 40], "score": 0.9}])
    {'mAP': 1.0, 'cat': 1.0}
    """
    if points not in MEANS:
        raise errors.unknown("kind of average precision", points, MEANS)
    if not 0 < overlap <= 1:
        raise errors.UsageError(f"Expected an overlap above 0 and at most 1, got {overlap}.")
    table = coco_tables.read_gold(gold, "bbox")
    found = coco_tables.read_found(predictions, table, "bbox", None)
    plain = dataclasses.replace(table, crowd=np.zeros(len(table), bool))    # IoU with difficult objects, too
    outcome = outcomes(coco_pairs.overlapping(found, plain, overlap), found, table)
    order = np.argsort(-found.score, kind="stable")
    scores = {}
    for label, name in enumerate(table.names):
        num_gold = int(np.sum(~table.ignored[table.label == label]))
        if num_gold:
            ranked = outcome[order][(found.label == label)[order]]
            right = ranked[ranked != UNCOUNTED] == RIGHT
            scores[name] = MEANS[points](*average_precision.precision_recall(right, num_gold))
    return {"mAP": float(np.mean(list(scores.values()))) if scores else 0.0, **scores}


def outcomes(pairs: Pairs, found: Found, gold: Gold) -> np.ndarray:
    """For each detection RIGHT, WRONG, or UNCOUNTED if it is on a difficult object; int `[D]`.

    Args:
      pairs: of one class, with the overlap that is needed or a larger one.
    """
    outcome = np.full(len(found), WRONG)
    order = np.lexsort((-pairs.gold, pairs.overlap, pairs.found))
    last = np.append(np.diff(pairs.found[order]) != 0, True)[:len(order)]   # the pair with the largest overlap
    mine, theirs = pairs.found[order][last], pairs.gold[order][last]
    outcome[mine[gold.ignored[theirs]]] = UNCOUNTED
    mine, theirs = mine[~gold.ignored[theirs]], theirs[~gold.ignored[theirs]]
    outcome[mine[np.unique(theirs, return_index=True)[1]]] = RIGHT          # in one picture, `found` is by score
    return outcome
