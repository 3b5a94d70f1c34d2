"""What is said of a submission: a record per case and one of the whole, which is the only form of a grade.

States: `graded`, the case was judged; `ungradable`, the upload cannot be judged and costs no attempt; `student_error`,
the student's code failed; `limit`, it took too much time, memory or space; `grader_error`, the fault is ours, and the
submission is graded again. Only `graded` has points.
"""
from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Optional

STATES = ("graded", "ungradable", "student_error", "limit", "grader_error")
VISIBILITIES = ("public", "hidden", "after_due")
NO_CODE = "data only"       # isolation of what runs no code of a student


def is_finite(value: Any) -> bool:
    """Whether a value is a number that can be a score: an int or a float, no bool, neither NaN nor infinite.

    >>> [is_finite(value) for value in (1, 0.5, True, float("nan"), float("inf"), "1", None)]
    [True, True, False, False, False, False, False]
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def rounded_down(value: float, decimals: int) -> float:
    """A score as everybody may see it: never above what it is, so that a bound which is not reached does not look so.

    Raises: ValueError if it is not finite.

    >>> rounded_down(0.92496, 3), rounded_down(0.7, 3), rounded_down(-0.25, 1)
    (0.924, 0.7, -0.3)
    """
    if not is_finite(value):
        raise ValueError(f"expected a finite score, got {value}")
    return math.floor(value * 10**decimals + 1e-9) / 10**decimals


@dataclasses.dataclass(frozen=True)
class CaseRecord:
    """What is said of one case.

    Args:
      id: of the case, unique in its task.
      state: one of `STATES`.
      score: points, in `[0, max]`; 0 unless `graded`.
      max: points to get, >= 0.
      visibility: one of `VISIBILITIES`: who may see more than the points, and when.
      expected, actual: JSON values, short enough to be read.
      rationale: one sentence: what is wrong, or what is right.
      help: one sentence: what to do next; empty if nothing is.
      seconds: wall time; None where nothing ran.
      peak_rss: bytes, the most resident memory of all its processes together; None where nothing ran.
      isolation: the level that the code ran on (see `isolation`), or `NO_CODE`.
      reproduce: a command for a shell.
    Raises: ValueError if a part contradicts another one, so that no error can become points.
    """

    id: str
    state: str
    score: float
    max: float
    visibility: str = "public"
    expected: Any = None
    actual: Any = None
    rationale: str = ""
    help: str = ""
    seconds: Optional[float] = None
    peak_rss: Optional[int] = None
    isolation: str = NO_CODE
    reproduce: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES or self.visibility not in VISIBILITIES:
            raise ValueError(f"case {self.id}: unknown {self.state=} or {self.visibility=}")
        if not (is_finite(self.score) and is_finite(self.max) and 0 <= self.score <= self.max):
            raise ValueError(f"case {self.id}: expected a score in [0, max], got {self.score} of {self.max}")
        if self.score and self.state != "graded":
            raise ValueError(f"case {self.id}: {self.state} has no points, got {self.score}")


@dataclasses.dataclass(frozen=True)
class Record:
    """What is said of a submission.

    Args:
      task, task_version: the lab, and the sha256 of its task file.
      submission: sha256 of the archive.
      state: `graded`, or the first other state of a case in the order ungradable, grader_error, limit, student_error.
      cases: a `CaseRecord` each.
      environment: versions that the numbers depend on, by name.
      values: numbers for the board, by name: "public" and "private" of its metric, where there is a board.
      rationale: one sentence about the whole.

    `score` and `max` are the sums of the cases; what policies make of them is not in a record.
    """

    task: str
    task_version: str
    submission: str
    state: str
    cases: Sequence[CaseRecord]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    rationale: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"unknown {self.state=}")
        if not all(is_finite(value) for value in self.values.values()):
            raise ValueError(f"values of a record are finite numbers, got {dict(self.values)}")

    @property
    def score(self) -> float:
        return math.fsum(case.score for case in self.cases)

    @property
    def max(self) -> float:
        return math.fsum(case.max for case in self.cases)

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values, with `score` and `max`."""
        return {**dataclasses.asdict(self), "score": self.score, "max": self.max}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        """The record that `as_json` describes."""
        parts = {name: each for name, each in value.items() if name not in ("score", "max")}
        return cls(**{**parts, "cases": tuple(CaseRecord(**case) for case in parts["cases"])})


def overall(cases: Sequence[CaseRecord]) -> str:
    """The state of a submission whose cases are these.

    >>> overall([CaseRecord("a", "graded", 1, 1), CaseRecord("b", "limit", 0, 1)])
    'limit'
    """
    found = {case.state for case in cases}
    return next((state for state in ("ungradable", "grader_error", "limit", "student_error") if state in found),
                "graded")


def canonical(value: Any) -> str:
    """JSON in the one form that equal values have; a ValueError for what is not finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
