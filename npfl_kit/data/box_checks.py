"""What is wrong with the boxes of a data set: what can be survived is left out or mended, and counted by file."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

KINDS = {
    "no number": "boxes with a coordinate that is no finite number, left out",
    "no area": "boxes without height or width, left out",
    "outside": "boxes wholly outside of their picture, left out",
    "cut": "boxes that stick out of their picture by more than a pixel, cut off at its border",
    "crowd": "crowds and difficult objects, neither taught nor scored",
    "same id": "annotations with the id of another one, given a new id",
    "no picture": "annotations of a picture that is not listed, left out",
    "no annotation": "pictures without an annotation, left out",
    "not in train": "classes without an object in train",
}
NAMED = 5           # files that a line of the report names
TOLERANCE = 1.0     # pixels; annotation tools round in many ways

Report = dict[str, list[str]]  # kind, from KINDS -> the file of each occurrence


def note(report: Report, kind: str, name: str, count: int = 1) -> None:
    """Write down `count` occurrences of one kind in one file.

    >>> report: Report = {}
    >>> note(report, "no area", "a.xml", 2)
    >>> report
    {'no area': ['a.xml', 'a.xml']}
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}")
    if count:
        report.setdefault(kind, []).extend([name] * count)


def merged(*reports: Report) -> Report:
    """One report of several, in the order of `KINDS`."""
    kinds = [kind for kind in KINDS if any(kind in report for report in reports)]
    return {kind: [name for report in reports for name in report.get(kind, [])] for kind in kinds}


def lines(report: Report) -> Iterator[str]:
    """One sentence per kind, with the files.

    >>> list(lines({"no area": ["a.xml", "b.xml", "a.xml"]}))
    ['3 boxes without height or width, left out: a.xml (2), b.xml']
    """
    for kind, names in report.items():
        counts = {name: names.count(name) for name in dict.fromkeys(names[:1000])}
        shown = [name if count == 1 else f"{name} ({count})" for name, count in list(counts.items())[:NAMED]]
        more = len(set(names)) - len(shown)
        yield f"{len(names):,} {KINDS[kind]}: {', '.join(shown)}{f' and {more:,} more' if more else ''}"


def usable(boxes: np.ndarray, size: tuple[int, int], name: str, report: Report) -> tuple[np.ndarray, np.ndarray]:
    """Which boxes can be used, and all boxes cut off at the border of their picture.

    Args:
      boxes: float64 `[G, 4]`, tlbr pixels as they were read.
      size: height and width of the picture.
      name: of the file that they were read from.
      report: what is odd about them is added to it.
    Returns: float32 `[G, 4]` inside of the picture, and bool `[G]`, False for a box that must be left out.

    >>> usable(np.array([[0., 0, 5, 5], [3, 3, 3, 8], [-4, 2, 5, 5]]), (9, 9), "a.xml", {})[1].tolist()
    [True, False, True]
    """
    limits = np.array([*size, *size], np.float64)
    if ((boxes >= 0) & (boxes <= limits)).all() and (np.float32(boxes[:, :2]) < np.float32(boxes[:, 2:])).all():
        return boxes.astype(np.float32), np.ones(len(boxes), bool)          # nearly always
    finite = np.isfinite(boxes).all(-1)
    cut = np.where(finite[:, np.newaxis], boxes, 0).clip(0, limits)
    area = finite & (boxes[:, :2] < boxes[:, 2:]).all(-1)
    keep = area & (cut[:, :2].astype(np.float32) < cut[:, 2:].astype(np.float32)).all(-1)
    note(report, "no number", name, int((~finite).sum()))
    note(report, "no area", name, int((finite & ~area).sum()))
    note(report, "outside", name, int((area & ~keep).sum()))
    note(report, "cut", name, int((np.abs(cut - boxes)[keep] > TOLERANCE).any(-1).sum()))
    return cut.astype(np.float32), keep
