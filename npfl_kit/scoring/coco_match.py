"""COCO's matching of detections to objects: by decreasing score, each takes the best object that is still free.

In the reference this is a loop over pictures, classes, areas, thresholds, detections and objects. Here the first
detections of all pictures and classes choose at once, then all second ones, and so on, at all thresholds: two
detections of one round never want the same object.
"""
from __future__ import annotations

import numpy as np

from npfl_kit.scoring.coco_pairs import Pairs
from npfl_kit.scoring.coco_tables import Found, Gold

ALMOST_ONE = 1 - 1e-10      # at a threshold of 1 an overlap may miss it by rounding
NONE = -1


def match(pairs: Pairs, found: Found, gold: Gold, thresholds: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """What each detection matches.

    Objects that count are preferred to ignored ones, then the larger overlap wins, then the later object. A crowd can
    be matched again and again.

    Args:
      pairs: of one class, with overlaps from the least threshold on.
      thresholds: float64 `[T]`, what an overlap must reach.
      ignored: bool `[A, G]`, objects that do not count, for each range of areas.
    Returns: int32 `[A, T, D]`, rows of `gold`, or NONE.
    Source: https://cocodataset.org/#detection-eval
    """
    matched = np.full([len(ignored), len(thresholds), len(found)], NONE, np.int32)
    begins = np.flatnonzero(np.diff(pairs.found, prepend=-1))               # of the pairs of a detection
    rounds = np.repeat(_turns(found, pairs.found[begins]), np.diff(begins, append=len(pairs.found)))
    order = np.lexsort((-pairs.gold, -pairs.overlap, pairs.found, rounds))
    mine, theirs, overlap = pairs.found[order], pairs.gold[order], pairs.overlap[order]
    detection = np.cumsum(np.diff(mine, prepend=-1) != 0)                   # grows from one detection to the next
    reached = overlap[:, None] >= np.minimum(thresholds, ALMOST_ONE)        # [P, T]
    bounds = np.searchsorted(rounds[order], np.arange(rounds.max(initial=-1) + 2))
    for area in range(len(ignored)):
        last = np.argsort(2 * detection + ignored[area][theirs], kind="stable")     # ignored ones behind the others
        taken = np.zeros([len(gold), len(thresholds)], bool)
        for begin, end in zip(bounds[:-1], bounds[1:]):
            chosen = last[begin:end]
            _choose(mine[chosen], theirs[chosen], reached[chosen], gold.crowd, taken, matched[area])
    return matched


def _turns(found: Found, detections: np.ndarray) -> np.ndarray:
    """How many of the sorted `detections` come before each in its own picture and class."""
    image, label = found.image[detections], found.label[detections]
    starts = np.flatnonzero((np.diff(image, prepend=-1) != 0) | (np.diff(label, prepend=-1) != 0))
    return np.arange(len(detections)) - np.repeat(starts, np.diff(starts, append=len(detections)))


def _choose(mine: np.ndarray, theirs: np.ndarray, reached: np.ndarray, crowd: np.ndarray, taken: np.ndarray,
            matched: np.ndarray) -> None:
    """One round: each detection takes its first object that is free, at each threshold.

    Args:
      mine, theirs: int64 `[P]`, pairs by detection, the best first.
      reached: bool `[P, T]`, whether the overlap is enough.
      crowd: bool `[G]`.
      taken: bool `[G, T]`, matched: int `[T, D]`; both are changed.
    """
    starts = np.flatnonzero(np.diff(mine, prepend=-1))
    free = reached & ~(taken[theirs] & ~crowd[theirs, None])                # [P, T]
    places = np.where(free, np.arange(len(mine))[:, None], len(mine))
    first = np.minimum.reduceat(places, starts, axis=0)                     # [S, T], a pair, or behind the last one
    who, threshold = np.nonzero(first < len(mine))
    best = theirs[first[who, threshold]]
    matched[threshold, mine[starts[who]]] = best
    taken[best, threshold] = True
