"""What a child is asked to do for the cases of a task."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from npfl_kit.grading.sandbox import runner
from npfl_kit.grading.tasks import inputs, seeds
from npfl_kit.grading.tasks.task import Case, Task


@dataclasses.dataclass(frozen=True)
class Plan:
    """A case, its seed, and its jobs, one for each repeat."""

    case: Case
    seed: int
    jobs: tuple[runner.JobCase, ...]


def plans(task: Task, cases: Sequence[Case], secret: bytes) -> list[Plan]:
    """What to run for the cases, with the seeds that the secret gives to those that are not public."""
    return [plan(task, case, seeds.seed(task.lab, case, secret)) for case in cases]


def plan(task: Task, case: Case, seed: int) -> Plan:
    """The jobs of a case with a certain seed."""
    seconds = task.limits.seconds if case.seconds is None else case.seconds
    if case.call:
        return Plan(case, seed, tuple(runner.JobCase(case.id, repeat, "call", case.call,
                                                     inputs.arrays(case, seed, repeat), (), seconds)
                                      for repeat in range(case.repeats)))
    flags = tuple(flag.replace("{seed}", str(seed)) for flag in case.flags)
    return Plan(case, seed, (runner.JobCase(case.id, 0, "main", None, {}, flags, seconds),))
