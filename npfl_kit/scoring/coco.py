"""COCO's judge of detections: average precision over ten overlaps, in pure NumPy, equal to pycocotools.

    coco.evaluate("instances_val.json", "results.json")     {"AP": 0.504, "AP50": 0.697, ...}
    coco.evaluate_classes(...)                              the AP of each class
    coco.explain(...)                                       what each detection matched, or why not

The ground truth is a COCO file or its content, the predictions are a COCO results file or its content.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from npfl_kit.scoring import coco_match, coco_pairs, coco_summary, coco_tables
from npfl_kit.scoring.coco_explain import Explanation, Verdict, explain
from npfl_kit.scoring.coco_summary import RECALLS, SETTINGS, THRESHOLDS, Curves
from npfl_kit.scoring.coco_tables import Json

__all__ = ["RECALLS", "THRESHOLDS", "Curves", "Explanation", "Verdict", "curves", "evaluate", "evaluate_classes",
           "explain"]


def evaluate(gold: Json, predictions: Json, kind: str = "bbox",
             sigmas: Optional[Sequence[float]] = None) -> dict[str, float]:
    """COCO's twelve numbers: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl.

    For keypoints there are ten: AP, AP50, AP75, APm, APl, AR, AR50, AR75, ARm, ARl.

    Args:
      gold: path of a COCO file, or what stands in one.
      predictions: path of a COCO results file, or the list that stands in one; it may be empty.
      kind: "bbox", "segm" (polygons and run lengths in all forms), or "keypoints".
      sigmas: for keypoints, see `keypoints.sigmas`.
    Returns: floats in [0, 1], and -1 where no class has an object to find, as in pycocotools.
    Raises: DataError for the ground truth, PredictionsError for the predictions; it names the entry. Ids twice or
      unknown, NaN, and masks of another size than the picture are errors, which pycocotools passes over in silence.
    Source: https://cocodataset.org/#detection-eval. Unlike there, an object with id 0 can be found.

    >>> gold = {"images": [{"id": 1}], "categories": [{"id": 7, "name": "cat"}], "annotations": [
    ...     {"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 50], "area": 2500, "iscrowd": 0}]}
    >>> found = [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 50, 40], "score": 0.9}]
    >>> {name: round(value, 2) for name, value in evaluate(gold, found).items() if name in ("AP", "AP75", "APs")}
    {'AP': 0.7, 'AP75': 1.0, 'APs': -1.0}
    """
    return coco_summary.numbers(_curves(*_tables(gold, predictions, kind, sigmas), kind), SETTINGS[kind])


def evaluate_classes(gold: Json, predictions: Json, kind: str = "bbox",
                     sigmas: Optional[Sequence[float]] = None) -> dict[str, float]:
    """The AP of each class by its name; -1 for a class without an object to find."""
    table, found = _tables(gold, predictions, kind, sigmas)
    precision = _curves(table, found, kind).precision[..., 0]                               # [T, R, K]
    return {name: float(value) for name, value in zip(table.names, precision.mean((0, 1)))}


def curves(gold: Json, predictions: Json, kind: str = "bbox",
           sigmas: Optional[Sequence[float]] = None) -> tuple[list[str], Curves]:
    """The names of the classes, and their precision-recall curves at all of THRESHOLDS, to be drawn over RECALLS."""
    table, found = _tables(gold, predictions, kind, sigmas)
    return table.names, _curves(table, found, kind)


def _tables(gold: Json, predictions: Json, kind: str,
            sigmas: Optional[Sequence[float]]) -> tuple[coco_tables.Gold, coco_tables.Found]:
    table = coco_tables.read_gold(gold, kind, sigmas)
    return table, coco_tables.read_found(predictions, table, kind, SETTINGS[kind].tops[-1], sigmas)


def _curves(gold: coco_tables.Gold, found: coco_tables.Found, kind: str) -> Curves:
    setting = SETTINGS[kind]
    ignored = gold.ignored | setting.outside(gold.area)                                     # [A, G]
    pairs = coco_pairs.overlapping(found, gold, float(THRESHOLDS[0]))
    matched = coco_match.match(pairs, found, gold, THRESHOLDS, ignored)
    return coco_summary.curves(matched, ignored, found, gold, setting)
