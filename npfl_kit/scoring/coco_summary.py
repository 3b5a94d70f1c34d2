"""From matches to COCO's numbers: precision at 101 recalls for each class, then means."""
from __future__ import annotations

import dataclasses

import numpy as np

from npfl_kit.scoring import average_precision
from npfl_kit.scoring.coco_match import NONE
from npfl_kit.scoring.coco_tables import Found, Gold

THRESHOLDS = np.linspace(.5, .95, 10)
RECALLS = np.linspace(0, 1, 101)
AREAS = {"": (0, 1e5**2), "s": (0, 32**2), "m": (32**2, 96**2), "l": (96**2, 1e5**2)}   # both ends belong to them
ABSENT = -1.0       # of a class without objects that count


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a kind of evaluation looks at.

    Args:
      areas: names of the ranges of areas, of AREAS; the first is all.
      tops: the numbers of detections of a class in a picture that count, ascending; all but the last for recall only.
    """

    areas: tuple[str, ...] = ("", "s", "m", "l")
    tops: tuple[int, ...] = (1, 10, 100)

    @property
    def ranges(self) -> np.ndarray:
        """Float64 `[A, 2]`."""
        return np.array([AREAS[name] for name in self.areas], np.float64)

    def outside(self, area: np.ndarray) -> np.ndarray:
        """Which areas lie outside each range, `[N] -> [A, N]`."""
        low, high = self.ranges[:, :, None].swapaxes(0, 1)
        return (area < low) | (area > high)


SETTINGS = {"bbox": Setting(), "segm": Setting(), "keypoints": Setting(("", "m", "l"), (20,))}


@dataclasses.dataclass(frozen=True)
class Curves:
    """What all numbers of an evaluation are means of; ABSENT where there is nothing to find.

    Args:
      precision: float64 `[T, R, K, A]`, the best at each of RECALLS or a higher one.
      recall: float64 `[M, T, K, A]`, what is reached with each of the tops.
    """

    precision: np.ndarray
    recall: np.ndarray


def curves(matched: np.ndarray, ignored: np.ndarray, found: Found, gold: Gold, setting: Setting) -> Curves:
    """Precision and recall of every class.

    Args:
      matched: int `[A, T, D]`, what each detection matches.
      ignored: bool `[A, G]`, objects that do not count.
    """
    num_classes, (num_areas, num_thresholds, _) = len(gold.category_ids), matched.shape
    precision = np.full([num_thresholds, len(RECALLS), num_classes, num_areas], ABSENT)
    recall = np.full([len(setting.tops), num_thresholds, num_classes, num_areas], ABSENT)
    order = np.lexsort((-found.score, found.label))         # stable: at one score, by picture, then by rank there
    label, rank, outside = found.label[order], found.rank[order], setting.outside(found.area[order])
    for area in range(num_areas):
        present = np.bincount(gold.label[~ignored[area]], minlength=num_classes)        # [K], objects to find
        for threshold in range(num_thresholds):
            partner = matched[area, threshold, order]
            is_matched = partner != NONE
            counts = ~(ignored[area][partner] & is_matched) if len(gold) else np.ones(len(partner), bool)
            right, wrong = np.flatnonzero(is_matched & counts), ~is_matched & ~outside[area]
            precision[threshold, :, :, area] = _precision(right, wrong, label, present)
            for top, limit in enumerate(setting.tops):
                reached = np.bincount(label[right[rank[right] < limit]], minlength=num_classes)
                recall[top, threshold, :, area] = np.where(present > 0, reached / np.maximum(present, 1), ABSENT)
    return Curves(precision, recall)


def _precision(right: np.ndarray, wrong: np.ndarray, label: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Float64 `[R, K]`; only right detections matter, because precision falls from one to the next.

    Args:
      right: int64 `[N]`, places of right detections, by class and score.
      wrong: bool `[D]`.
      label: int64 `[D]`, sorted.
      present: int64 `[K]`, objects to find.
    """
    found = np.full([len(RECALLS), len(present)], ABSENT)
    before = np.concatenate([[0], np.cumsum(wrong)])                        # [D + 1]
    classes = np.arange(len(present))
    begins, first = np.searchsorted(label, classes), np.searchsorted(label[right], np.arange(len(present) + 1))
    for k in np.flatnonzero(present):
        places = right[first[k]:first[k + 1]]                               # [N_k]
        true = np.arange(1, len(places) + 1)
        false = before[places] - before[begins[k]]
        found[:, k] = average_precision.at_recalls(true / (false + true + np.spacing(1)), true / present[k], RECALLS)
    return found


def numbers(found: Curves, setting: Setting) -> dict[str, float]:
    """COCO's twelve numbers, or ten for keypoints, under their usual names.

    AP is the mean over thresholds and classes, AP50 and AP75 that at one threshold, APs, APm and APl that for small,
    medium and large objects; AR1, AR10 and AR100 are the recalls with so many detections of a class in a picture.
    """
    areas = dict(zip(setting.areas, range(len(setting.areas))))
    strict = {"50": 0, "75": 5}
    result = {"AP": _mean(found.precision[..., 0])}
    result.update({f"AP{name}": _mean(found.precision[place, ..., 0]) for name, place in strict.items()})
    result.update({f"AP{name}": _mean(found.precision[..., place]) for name, place in areas.items() if name})
    if len(setting.tops) > 1:
        result.update({f"AR{top}": _mean(found.recall[place, ..., 0]) for place, top in enumerate(setting.tops)})
    else:
        result["AR"] = _mean(found.recall[0, ..., 0])
        result.update({f"AR{name}": _mean(found.recall[0, place, ..., 0]) for name, place in strict.items()})
    result.update({f"AR{name}": _mean(found.recall[-1, ..., place]) for name, place in areas.items() if name})
    return result


def _mean(values: np.ndarray) -> float:
    present = values[values > ABSENT]
    return float(np.mean(present)) if len(present) else ABSENT
