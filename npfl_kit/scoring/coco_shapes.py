"""What COCO compares, and how much two of them overlap: boxes, masks, or keypoints.

The overlap with a crowd, a region of many objects, is the share of the detection that lies in it.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from npfl_kit.scoring import keypoints

BLOCK = 2**20       # pairs, or ends of runs, that are compared at a time: some ten megabytes


class Shapes(Protocol):
    """Shapes of one kind, and their overlaps with others of that kind."""

    def overlaps(self, gold: Any, mine: np.ndarray, theirs: np.ndarray, crowd: np.ndarray) -> np.ndarray:
        """The overlap of my shape `mine[i]` with the annotated `theirs[i]`, a crowd if `crowd[i]`; float64 `[P]`."""
        ...

    def areas(self) -> np.ndarray:
        """Float64 `[N]`, in pixels."""
        ...


@dataclasses.dataclass(frozen=True)
class Boxes:
    """Boxes as COCO has them: float64 `[N, 4]`, left, top, width, height.

    The arithmetic is that of the COCO tools, step by step. `core.boxes.iou` of the same boxes differs in the sixteenth
    digit, and so on the wrong side of a threshold when the overlap is 0.75 to the point.
    """

    boxes: np.ndarray

    def overlaps(self, gold: Boxes, mine: np.ndarray, theirs: np.ndarray, crowd: np.ndarray) -> np.ndarray:
        """IoU; with a crowd, intersection over the own area; 0 if either box is empty."""
        left, top, width, height = self.boxes[mine].T
        gold_left, gold_top, gold_width, gold_height = gold.boxes[theirs].T
        with np.errstate(over="ignore", invalid="ignore"):
            wide = np.minimum(left + width, gold_left + gold_width) - np.maximum(left, gold_left)
            high = np.minimum(top + height, gold_top + gold_height) - np.maximum(top, gold_top)
            shared = wide * high
            own = width * height
            union = np.where(crowd, own, own + gold_width * gold_height - shared)
            return np.where((wide > 0) & (high > 0), shared / np.where(union == 0, 1, union), 0.0)

    def areas(self) -> np.ndarray:
        """Width times height."""
        with np.errstate(over="ignore"):
            return self.boxes[:, 2] * self.boxes[:, 3]


@dataclasses.dataclass(frozen=True)
class Masks:
    """Masks as runs of ones, one mask behind another.

    Args:
      runs: int64 `[R, 2]`, see `pixel_runs`.
      first: int64 `[N + 1]`, where the runs of each mask begin.
      sizes: int64 `[N, 2]`, height and width.
    """

    runs: np.ndarray
    first: np.ndarray
    sizes: np.ndarray

    def areas(self) -> np.ndarray:
        """How many pixels there are."""
        before = np.concatenate([[0], np.cumsum(self.runs[:, 1] - self.runs[:, 0])])
        return np.diff(before[self.first]).astype(np.float64)

    def boxes(self) -> Boxes:
        """The smallest box around each mask; zeros for an empty one."""
        found = np.zeros([len(self.sizes), 4])
        full = np.flatnonzero(np.diff(self.first))
        height = np.repeat(self.sizes[:, 0], np.diff(self.first))
        begin, end = self.runs[:, 0], self.runs[:, 1] - 1
        left, right, wraps = begin // height, end // height, begin // height < end // height
        top, bottom = np.where(wraps, 0, begin % height), np.where(wraps, height - 1, end % height)
        if len(full):
            low = [np.minimum.reduceat(side, self.first[full]) for side in (left, top)]
            high = [np.maximum.reduceat(side, self.first[full]) for side in (right, bottom)]
            found[full] = np.stack([*low, *(above - below + 1 for above, below in zip(high, low))], axis=-1)
        return Boxes(found)

    def overlaps(self, gold: Masks, mine: np.ndarray, theirs: np.ndarray, crowd: np.ndarray) -> np.ndarray:
        """IoU in pixels; with a crowd, intersection over the own area; 0 if either mask is empty."""
        shared = np.zeros(len(mine))
        near = np.flatnonzero(self.boxes().overlaps(gold.boxes(), mine, theirs, np.zeros(len(mine), bool)) > 0)
        gaps = gold.sizes.prod(-1) + 1                          # all annotated masks on one axis, one behind another
        origin = np.cumsum(gaps) - gaps
        edges = (gold.runs + np.repeat(origin, np.diff(gold.first))[:, None]).reshape(-1)
        lengths = np.diff(gold.runs, axis=-1)[:, 0]
        filled = np.stack([np.cumsum(lengths) - lengths, np.cumsum(lengths)], -1).reshape(-1)    # pixels up to an edge
        counts = np.diff(self.first)[mine[near]]
        for pairs, runs in ragged(self.first[mine[near]], counts):
            ends = self.runs[runs] + origin[theirs[near[pairs]]][:, None]                           # [Q, 2]
            covered = np.diff(np.interp(ends, edges, filled), axis=-1)[:, 0]    # exact: its slope is 0 or 1
            shared += np.bincount(near[pairs], covered, minlength=len(mine))
        own = self.areas()[mine]
        union = np.where(crowd, own, own + gold.areas()[theirs] - shared)
        return shared / np.maximum(union, 1)


@dataclasses.dataclass(frozen=True)
class Keypoints:
    """Keypoints, with what their similarity needs to know of the objects they belong to.

    Args:
      points: float64 `[N, P, 3]`, x, y and visibility.
      boxes: float64 `[N, 4]`, left, top, width, height.
      object_areas: float64 `[N]`.
      sigmas: float64 `[P]`, see `keypoints`.
    """

    points: np.ndarray
    boxes: np.ndarray
    object_areas: np.ndarray
    sigmas: np.ndarray

    def overlaps(self, gold: Keypoints, mine: np.ndarray, theirs: np.ndarray, crowd: np.ndarray) -> np.ndarray:
        """Object keypoint similarity, with a crowd, too."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return keypoints.similarity(self.points[mine, :, :2], gold.points[theirs], gold.boxes[theirs],
                                        gold.object_areas[theirs], gold.sigmas)

    def areas(self) -> np.ndarray:
        """Areas of the objects."""
        return self.object_areas


def ragged(first: np.ndarray, counts: np.ndarray, limit: int = BLOCK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ranges of different lengths written out, about `limit` numbers at a time.

    Args:
      first, counts: int `[N]`, range n is `first[n], ..., first[n] + counts[n] - 1`.
    Yields: int `[Q]` twice: which range, and a number in it; a range is not cut in two.

    >>> [(rows.tolist(), numbers.tolist()) for rows, numbers in ragged(np.array([5, 8]), np.array([2, 1]))]
    [([0, 0, 1], [5, 6, 8])]
    """
    total, begin = np.cumsum(counts), 0
    while begin < len(counts):
        done = total[begin - 1] if begin else 0
        end = max(int(np.searchsorted(total, done + limit, side="right")), begin + 1)
        rows = np.repeat(np.arange(begin, end), counts[begin:end])
        if len(rows):
            yield rows, np.arange(len(rows)) + (first - total + counts)[rows] + done
        begin = end
