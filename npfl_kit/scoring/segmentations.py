"""The masks of COCO files, in all forms that stand there: polygons, and run lengths as a list or a string.

A thousand masks are read at once; one by one, NumPy would take ten times as long.
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs, polygons, run_lengths

FORMS = "a list of polygons, or {'size': [height, width], 'counts': a list or a string}"
AT_ONCE = 1024


def mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """One mask.

    Args:
      segmentation: as it stands in the file.
      height, width: of the picture.
    Returns: bool `[height, width]`.
    Raises: DataError if it is no mask, or one of another size.

    >>> mask([[1, 1, 1, 3, 3, 3, 3, 1]], 4, 4).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    return pixel_runs.mask(runs([segmentation], np.array([[height, width]]))[0], height, width)


def runs(segmentations: Sequence[Any], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Many masks.

    Args:
      segmentations: `[N]`, as they stand in the file.
      sizes: int64 `[N, 2]`, height and width of the picture of each.
    Returns: runs of ones int64 `[R, 2]`, see `pixel_runs`, mask by mask, and int64 `[N + 1]`, where those of each mask
      begin.
    Raises: DataError if one is no mask, or one of another size.

    >>> [each.tolist() for each in runs([{"size": [2, 3], "counts": [1, 2, 3]}], np.array([[2, 3]]))]
    [[[1, 3]], [0, 1]]
    """
    sizes = sizes.reshape(-1, 2)
    wrong = np.flatnonzero((sizes < 0).any(-1) | (sizes.prod(-1, dtype=np.float64) > run_lengths.MAX_PIXELS))
    if len(wrong):
        raise errors.DataError(f"Expected a picture of at most {run_lengths.MAX_PIXELS:,} pixels, found "
                               f"{sizes[wrong[0], 0]} x {sizes[wrong[0], 1]}.")
    parts, counts = [np.zeros([0, 2], np.int64)], [np.zeros(1, np.int64)]
    for begin in range(0, len(segmentations), AT_ONCE):
        found, first = _read(segmentations[begin:begin + AT_ONCE], sizes[begin:begin + AT_ONCE])
        parts.append(found)
        counts.append(np.diff(first))
    return np.concatenate(parts), np.cumsum(np.concatenate(counts))


def _read(segmentations: Sequence[Any], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    owners: dict[str, list[int]] = {"polygons": [], "strings": [], "lists": []}
    outlines, strings, lists = [], [], []
    for index, (each, size) in enumerate(zip(segmentations, sizes.tolist())):
        if isinstance(each, list):
            outlines += [polygons.corners(polygon) for polygon in each]
            owners["polygons"] += [index] * len(each)
            continue
        counts = _counts(each, size)
        if isinstance(counts, list):
            lists.append(counts)
            owners["lists"].append(index)
        else:
            strings.append(counts)
            owners["strings"].append(index)
    pixels, places = sizes.prod(-1), {form: np.array(listed, np.int64) for form, listed in owners.items()}
    numbers = np.fromiter(itertools.chain.from_iterable(lists), np.int64)
    found = [(places["polygons"], polygons.runs(outlines, sizes[places["polygons"]])),
             (places["strings"], run_lengths.runs(*run_lengths.decompress(strings), pixels[places["strings"]])),
             (places["lists"], run_lengths.runs(numbers, np.array([len(each) for each in lists], np.int64),
                                                pixels[places["lists"]]))]
    return pixel_runs.unite(np.concatenate([each for _, (each, _) in found]),
                            np.concatenate([place[owner] for place, (_, owner) in found]), pixels)


def _counts(segmentation: Any, size: list[int]) -> Any:
    """The run lengths, a list of numbers or a string, of a mask that must have this height and width."""
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= segmentation.keys():
        raise errors.DataError(f"Expected a mask as {FORMS}, found {str(segmentation)[:40]!r}.")
    written, counts = segmentation["size"], segmentation["counts"]
    if not isinstance(written, (list, tuple)) or list(written) != size:
        raise errors.DataError(f"Expected a mask of {size[0]} x {size[1]}, the size of its picture, found "
                               f"{str(written)[:40]}.")
    if isinstance(counts, (str, bytes)):
        return counts
    if not isinstance(counts, (list, tuple)) or not set(map(type, counts)) <= {int} \
            or max(counts, default=0) > run_lengths.MAX_PIXELS or min(counts, default=0) < 0:
        raise errors.DataError(f"Expected run lengths as whole numbers of at most {run_lengths.MAX_PIXELS:,}, "
                               f"found {str(counts)[:40]!r}.")
    return list(counts)
