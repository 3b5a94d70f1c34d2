"""What the reference solution, the lab itself, answers: out of `LAB.reference.json`, or by running it.

The file holds, for public cases, the values of functions, and for runs a band for each number: its smallest and
largest value over threads, kernels and repeats, and a margin beyond them. A case whose seed is secret has the margin
there; the solution is run with that seed, once, in the very engine that runs students.
"""
from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit import errors, lab_files
from npfl_kit.grading import environment, record
from npfl_kit.grading.grader.plans import Plan
from npfl_kit.grading.sandbox import runner
from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.tasks.task import Case, Task
from npfl_kit.grading.wire import values
from npfl_kit.scoring import bounded_file

if TYPE_CHECKING:
    from npfl_kit.grading.grader.context import Context

MOST_BYTES = 2**28


@dataclasses.dataclass(frozen=True)
class Expected:
    """What is expected of a case: of functions a value for each repeat, of runs a band for each metric."""

    values: Sequence[Any] = ()
    bands: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)


class References:
    """What the reference solution answers, remembered.

    Args:
      cache: text -> text, as of a store; it keeps what the solution answered in cases that are not public.
      solutions: lab -> path of another solution than the course's.
    """

    def __init__(self, cache: Optional[MutableMapping[str, str]] = None,
                 solutions: Optional[Mapping[str, Path]] = None) -> None:
        self.cache: MutableMapping[str, str] = {} if cache is None else cache
        self.solutions = solutions or {}
        self.lock = threading.Lock()

    def of(self, task: Task, plans: Sequence[Plan], context: Context) -> dict[str, Expected]:
        """What is expected of the cases that are compared with the solution, by their ids.

        Raises: DataError if the reference results are of other cases, or if the solution itself fails.
        """
        stored = read(task)
        require_current(task, [plan.case for plan in plans], stored, context.home)
        found = {plan.case.id: known for plan in plans for known in [of_stored(plan.case, stored)] if known}
        missing = [plan for plan in plans if is_compared(plan.case) and plan.case.id not in found]
        answers = self.answers(task, missing, context)
        for plan in missing:
            found[plan.case.id] = (Expected(answers[plan.case.id]) if plan.case.call
                                   else Expected(bands=around(plan.case, answers[plan.case.id][0], stored)))
        return found

    def answers(self, task: Task, plans: Sequence[Plan], context: Context) -> dict[str, list[Any]]:
        """The values that the solution gives to each repeat of the cases."""
        solution = self.solution(task)
        keys = {plan.case.id: key(task, plan, solution) for plan in plans}
        with self.lock:         # of many workers at once, the first computes and the others wait
            todo = [plan for plan in plans if keys[plan.case.id] not in self.cache]
            for case_id, answer in run(task, todo, solution, context).items():
                self.cache[keys[case_id]] = record.canonical([values.to_json(each) for each in answer])
        return {case_id: [values.from_json(each) for each in json.loads(self.cache[name])]
                for case_id, name in keys.items()}

    def solution(self, task: Task) -> Path:
        """The script that the course answers with."""
        return self.solutions.get(task.lab) or script(task.lab)


def script(task_name: str) -> Path:
    """The lab of a task: that of the same name, or the one whose name the task's begins with.

    Raises: UsageError if there is none.
    """
    names = [path.stem for path in lab_files.paths()]
    near = [name for name in names if task_name == name or task_name.startswith(f"{name}_")]
    return lab_files.named(max(near, key=len) if near else task_name)


def read(task: Task) -> Mapping[str, Any]:
    """The cases in the reference file of a task, by id; none if there is no file. Raises as `read_file`."""
    return read_file(task)["cases"]


def read_file(task: Task) -> Mapping[str, Any]:
    """The reference file of a task.

    Raises: DataError for a file that is none of `npfl-kit grade calibrate`.
    """
    path = task_file.reference(task_file.find(task.lab))
    found = bounded_file.read_json(path, errors.DataError, MOST_BYTES) if path.is_file() else {"cases": {}}
    if not isinstance(found, dict) or not isinstance(found.get("cases"), dict):
        raise errors.DataError(f"{path} holds no reference results. Type: npfl-kit grade calibrate {task.lab}")
    return found


def fingerprint(case: Case) -> str:
    """What the answers to a case follow from, besides seeds: two cases with one of these have the same answers."""
    parts = [case.call, dict(case.inputs), case.repeats, list(case.flags), case.visibility]
    return hashlib.sha256(record.canonical(parts).encode()).hexdigest()[:16]


def key(task: Task, plan: Plan, solution: Path) -> str:
    """The name of an answer in a cache; a solution that was mended has another one."""
    return record.canonical([task.lab, task.version, plan.case.id, plan.seed,
                             environment.identity(environment.versions()), sha256(solution)])


def sha256(solution: Path) -> str:
    """By what a reference file knows the solution that it is of."""
    return hashlib.sha256(solution.read_bytes()).hexdigest()


def is_of_another_solution(task: Task) -> bool:
    """Whether the solution was changed after its answers were measured, if they ever were."""
    known = read_file(task).get("solution")
    return known is not None and known != sha256(script(task.lab))


def is_compared(case: Case) -> bool:
    """Whether a case is compared with what the solution answers, not only with fixed bounds."""
    return bool(case.call) or any(each.band for each in case.expect.values())


def of_stored(case: Case, stored: Mapping[str, Any]) -> Optional[Expected]:
    """What the reference file says of a public case; None if it says nothing."""
    entry = stored.get(case.id)
    if entry is None or case.visibility != "public":
        return None
    if case.call:
        return Expected([values.from_json(each) for each in entry["values"]])
    return Expected(bands={name: (band["min"] - band["margin"], band["max"] + band["margin"])
                           for name, band in entry["bands"].items()})


def around(case: Case, answer: Any, stored: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """The bands of a case with a secret seed: what the solution answers, give or take the margin."""
    margins = {name: band["margin"] for name, band in stored[case.id]["bands"].items()}
    return {name: (answer[name] - margin, answer[name] + margin) for name, margin in margins.items()}


def require_current(task: Task, cases: Optional[Sequence[Case]] = None, stored: Optional[Mapping[str, Any]] = None,
                    home: bool = False) -> None:
    """Refuse reference results that are missing, or were measured for other cases than the task has now.

    Args:
      cases: which are needed; all of them if not given.
      stored: what `read` gives.
      home: whether a student reads the error.
    Raises: DataError that names the case.
    """
    stored = read(task) if stored is None else stored
    for case in task.cases if cases is None else cases:
        problem = outdated(case, stored.get(case.id))
        if problem and home:
            raise errors.DataError(f"The course's reference results are not up to date; tell your teacher. The case "
                                   f"{case.id} of {task.lab} {problem}.")
        if problem:
            raise errors.DataError(f"The case {case.id} of {task.lab} {problem}. Type: npfl-kit grade calibrate "
                                   f"{task.lab}")


def outdated(case: Case, entry: Optional[Mapping[str, Any]]) -> str:
    """What is wrong with the stored results of a case; empty if nothing is. Functions need none."""
    bands = [name for name, each in case.expect.items() if each.band]
    if entry is None:
        return "has no calibrated band" if bands else ""
    if (case.visibility == "public" if case.call else bands) and entry.get("fingerprint") != fingerprint(case):
        return "was changed after its calibration"
    return next((f"has no calibrated band of {name}" for name in bands if name not in entry["bands"]), "")


def run(task: Task, plans: Sequence[Plan], solution: Path, context: Context,
        settings: Optional[Mapping[str, str]] = None) -> dict[str, list[Any]]:
    """What a solution of ours answers, case by case.

    Raises: DataError if it fails, with what went wrong.
    """
    if not plans:
        return {}
    jobs = [job for plan in plans for job in plan.jobs]
    outcomes = {(each.id, each.repeat): each for each in runner.run(
        {f"{solution.stem}.py": solution.read_bytes()}, jobs, task.limits, context.level,
        data_dirs=context.data_dirs, environment={**context.variables, **(settings or {})})}
    for job in jobs:
        outcome = outcomes.get((job.id, job.repeat))
        if outcome is None or outcome.state != "ok":
            raise errors.DataError(failure(task, job, outcome, solution))
    return {plan.case.id: [outcomes[job.id, job.repeat].value for job in plan.jobs] for plan in plans}


def failure(task: Task, job: runner.JobCase, outcome: Optional[runner.Outcome], solution: Path) -> str:
    """Where in the task file stands what the solution fails with, and how it fails."""
    error = (outcome.error or {}) if outcome else {}
    said = f"{error.get('type', outcome.state if outcome else 'lost')}: {error.get('text', 'it gave no answer')}"
    named = re.search(r"argument:? '(\w+)'", said)
    key = "flags" if job.kind == "main" else f"inputs.{named[1]}" if named else "inputs"
    array = ' For an array in place of a list, write dtype = "float32" beside its value.' if "list" in said else ""
    return (f"{task_file.find(task.lab)}, [[cases]] {job.id}, {key}: the reference solution {solution.name} fails "
            f"with this, {said.rstrip('.')}. Mend the case or the solution.{array}")
