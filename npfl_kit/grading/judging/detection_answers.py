"""Objects in pictures, and detections judged by COCO's average precision, of all pictures or of some.

Detections are matched to objects once. The average precision of a part of the pictures is that of the same matches,
since no detection matches an object of another picture.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.judging import prediction_files
from npfl_kit.grading.judging.answers import Answers, Part
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import coco_match, coco_pairs, coco_summary, coco_tables

GROUPS = 10     # of pictures, each left out once, to see how much the average precision hangs on the choice of them


@dataclasses.dataclass(frozen=True)
class Matched:
    """Detections of a student.

    Args:
      found: their table.
      objects: int `[A, T, D]`, what each matches; see `coco_match.match`.
    """

    found: coco_tables.Found
    objects: np.ndarray


class DetectionAnswers(Answers):
    """Objects of a split.

    The metrics are COCO's numbers in small letters, such as "ap", "ap50" and "ar100"; where no object is to be found,
    they are 0.

    Args:
      gold: what stands in a COCO file.
      kind: "bbox", "segm" or "keypoints": what is compared; but for boxes, the metrics begin with it, as "segm_ap".
    Raises: DataError if it is no COCO file.
    """

    def __init__(self, gold: Mapping[str, Any], kind: str = "bbox") -> None:
        self.kind, self.gold = kind, coco_tables.read_gold(gold, kind)
        self.setting = coco_summary.SETTINGS[kind]
        self.all_sizes = dataclasses.replace(self.setting, areas=("",))     # enough for most metrics, and quicker
        self.ignored = self.gold.ignored | self.setting.outside(self.gold.area)                     # [A, G]
        numbers = self._numbers(self._matched([]), np.ones(len(self), bool), self.setting)
        self.metrics = [f"{_prefix(kind)}{name}" for name in numbers]

    def __len__(self) -> int:
        return len(self.gold.image_ids)

    def read(self, content: bytes, name: str, tell: bool) -> Matched:
        """The detections, each checked, and matched to the objects."""
        entries = prediction_files.detections(content, name, len(self))
        try:
            return self._matched(entries)
        except errors.PredictionsError as error:
            raise UngradableError(str(error).replace("The predictions", name, 1)) from None

    def judge(self, predictions: Matched, metric: str) -> Part:
        """Rows are twice the objects found at an overlap of 0.5, and objects and detections together."""
        found, partner = predictions.found, predictions.objects[0, 0]
        is_matched, real = partner != coco_match.NONE, ~self.gold.ignored
        counts = ~is_matched | real[partner] if len(real) else np.ones(len(found), bool)
        right = (is_matched & counts).astype(np.float64)
        missed = real.copy()
        missed[partner[is_matched]] = False
        total = [np.bincount(image, weights, minlength=len(self)) for image, weights in (
            (found.image, 2 * right), (found.image, counts), (self.gold.image, real),
            (found.image, np.maximum(found.score, 0) * (counts - right)), (self.gold.image, missed))]
        rows = np.stack([total[0], total[1] + total[2]], axis=-1)
        return Part(self.value(Part(0, rows, rows[:, 0]), predictions, metric, np.ones(len(self), bool)), rows,
                    total[3] + total[4])

    def value(self, part: Part, predictions: Matched, metric: str, chosen: np.ndarray) -> float:
        """The metric of some pictures."""
        name = metric[len(_prefix(self.kind)):]
        setting = self.setting if name.endswith(("s", "m", "l")) else self.all_sizes
        return max(0.0, self._numbers(predictions, chosen, setting)[name])

    def error(self, part: Part, predictions: Matched, metric: str, chosen: np.ndarray) -> float:
        """The standard error by a jackknife: pictures are left out group by group.

        Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, Sec. 11.5.
        """
        rows = np.flatnonzero(chosen)
        groups = min(GROUPS, len(rows))
        if groups < 2:
            return 0.0
        values = []
        for group in range(groups):
            kept = chosen.copy()
            kept[rows[group::groups]] = False
            values.append(self.value(part, predictions, metric, kept))
        return float(math.sqrt((groups - 1) * np.var(values)))

    def shown(self, predictions: Matched, row: int) -> tuple[str, str]:
        """How many objects there are, and how many detections."""
        return f"{(self.gold.image == row).sum()} objects", f"{(predictions.found.image == row).sum()} detections"

    def _matched(self, entries: list[Any]) -> Matched:
        found = coco_tables.read_found(entries, self.gold, self.kind, self.setting.tops[-1])
        pairs = coco_pairs.overlapping(found, self.gold, float(coco_summary.THRESHOLDS[0]))
        return Matched(found, coco_match.match(pairs, found, self.gold, coco_summary.THRESHOLDS, self.ignored))

    def _numbers(self, predictions: Matched, chosen: np.ndarray, setting: coco_summary.Setting) -> dict[str, float]:
        """COCO's numbers of the pictures for which bool `[I]` is true."""
        found, keep = predictions.found, chosen[predictions.found.image]
        part = dataclasses.replace(found, **{name: getattr(found, name)[keep] for name in (
            "image", "label", "area", "entry", "score", "rank")})
        areas = slice(len(setting.areas))
        ignored = self.ignored[areas] | ~chosen[self.gold.image]
        curves = coco_summary.curves(predictions.objects[areas, :, keep], ignored, part, self.gold, setting)
        return {name.lower(): value for name, value in coco_summary.numbers(curves, setting).items()}


def _prefix(kind: str) -> str:
    return "" if kind == "bbox" else f"{kind}_"


def kind_of(metric: str) -> str:
    """What a metric compares.

    >>> kind_of("ap50"), kind_of("segm_ap")
    ('bbox', 'segm')
    """
    return metric.rpartition("_")[0] if metric.startswith(("segm_", "keypoints_")) else "bbox"
