"""What a task file says, as values: the cases of a lab, their points, limits and policies. `task_file` reads one."""
from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Optional

KINDS = ("functions", "runs", "predictions", "weights")


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """`|actual - expected| <= abs + rel * |expected|`, for each number; whole numbers and shapes are exact."""

    abs: float = 1e-6
    rel: float = 1e-5


@dataclasses.dataclass(frozen=True)
class Expectation:
    """What a metric that `main` returns has to be; all that is given must hold.

    Args:
      at_least, at_most: fixed bounds.
      band: whether it must lie in the calibrated band of the reference solution (`LAB.reference.json`).
    """

    at_least: Optional[float] = None
    at_most: Optional[float] = None
    band: bool = False


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that is tested.

    Args:
      id: letters, digits, `_` and `-`.
      points: >= 0.
      visibility: "public" is what `npfl-kit check` runs; "hidden" shows only its points; "after_due" all after the
        deadline, and nothing before it.
      depends: ids of earlier cases; where one of them failed, this one is not run and has no points.
      why: one sentence for students: why it matters.
      seconds: wall time allowed; None is that of the task.
      call: of functions, the name of the function.
      inputs: of functions, name or position of an argument -> how it is made; see `inputs`.
      repeats: of functions, how many random inputs.
      tolerance: of functions.
      flags: of runs, arguments for the parser of the script; "{seed}" stands for the seed of the case.
      expect: of runs, and of predictions and weights, metric -> what it has to be.
      differs_from: of runs, the id of a case with other flags whose metrics must not be the same.

    The seed of a public case is known to everybody; that of another one comes from the secret of the store.
    """

    id: str
    points: float
    visibility: str = "public"
    depends: tuple[str, ...] = ()
    why: str = ""
    seconds: Optional[float] = None
    call: Optional[str] = None
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    repeats: int = 1
    tolerance: Tolerance = Tolerance()
    flags: tuple[str, ...] = ()
    expect: Mapping[str, Expectation] = dataclasses.field(default_factory=dict)
    differs_from: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a submission may use; sizes in bytes."""

    seconds: float = 60.0           # wall time of one case, after the imports
    memory: int = 3 * 2**29         # resident, all processes together: 1.5 GiB
    processes: int = 256            # and threads
    output: int = 2**16             # of what is printed, head and tail are kept
    disk: int = 2**27               # of what is written
    files: int = 20                 # in an upload
    upload: int = 20 * 10**6        # unpacked


@dataclasses.dataclass(frozen=True)
class Data:
    """Of predictions and weights: what is predicted.

    Args:
      dataset, column: as `data.load` knows them.
      split: which the course judges; `check` judges `home_split`, whose answers students have.
      file: of predictions or weights, as it is called in an upload; `home_file` is that of the home split.
      metric: of the data set's own judge.
      flags: of weights, further arguments of the lab.
    """

    dataset: str
    metric: str
    split: str = "test"
    home_split: str = "dev"
    file: str = "predictions.txt"
    home_file: str = "predictions_dev.txt"
    column: Optional[str] = None
    flags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Board:
    """Who is best.

    Args:
      metric: of `main`'s metrics, or that of the data.
      order: "desc", the more the better, or "asc".
      public: the share of the examples whose score everybody sees; marks use the others.
      decimals: of the public score.
      order_points: for the best of those who reached the threshold; see `board.order_points` for the formula.
    """

    metric: str
    order: str = "desc"
    public: float = 0.3
    decimals: int = 3
    order_points: float = 0.0


@dataclasses.dataclass(frozen=True)
class Late:
    """What lateness costs: `lateness.late_factor`.

    Args:
      due: ISO 8601 with a time zone; None is never.
      until: the second deadline, after which there are no points; between the two the factor falls linearly from 1
        to `least`.
    """

    due: Optional[str] = None
    until: Optional[str] = None
    least: float = 0.5


@dataclasses.dataclass(frozen=True)
class Task:
    """A task: what to hand in, how it is judged, and what it is worth.

    Args:
      lab: its name.
      kind: one of `KINDS`.
      version: sha256 of the task file and of its reference results.
      title: for people.
      cases: at least one; their points add up to the points of the task.
      files: names (patterns of `fnmatch`) that an upload must have; `optional` ones that it may have.
      forbidden: dotted names that sources may not use, as "tf.GradientTape"; where functions are called, that these
        and all that they reach may not use.
      threshold: points of cases, below which there are none at all.
      team: most members.
      per_day: graded submissions of one person or team a day.
    """

    lab: str
    kind: str
    version: str
    title: str
    cases: tuple[Case, ...]
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    threshold: float = 0.0
    limits: Limits = Limits()
    data: Optional[Data] = None
    board: Optional[Board] = None
    late: Late = Late()
    team: int = 3
    per_day: int = 20

    @property
    def points(self) -> float:
        return sum(case.points for case in self.cases)

    def case(self, case_id: str) -> Case:
        """The case of that id; a KeyError for another one."""
        return {case.id: case for case in self.cases}[case_id]
