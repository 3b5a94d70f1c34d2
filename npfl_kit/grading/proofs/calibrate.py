"""What the reference solution answers on this machine, over threads, kernels and repeats: the bands of a task.

A training does not give the same numbers everywhere: sums are added in another order with other threads and kernels.
The solution is run with each of `SETTINGS`, some times; what it gives then, and a margin, is what a student may have.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from npfl_kit import errors
from npfl_kit.grading import environment, record
from npfl_kit.grading.grader import plans as planning
from npfl_kit.grading.grader import reference
from npfl_kit.grading.grader.context import Context
from npfl_kit.grading.judging import judges
from npfl_kit.grading.tasks.task import Case, Task
from npfl_kit.grading.wire import values

THREADS, KERNELS = (1, 2, 4), {"oneDNN": "1", "plain": "0"}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    f"{kernels}, {threads} thread{'s' * (threads > 1)}": {
        "TF_ENABLE_ONEDNN_OPTS": on, "TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads)}
    for threads in THREADS for kernels, on in KERNELS.items()}
SPREADS, RELATIVE, ABSOLUTE = 10.0, 1.5e-4, 2e-4     # of a margin: how many spreads, and at least so much


def calibrate(task: Task, solution: Path, context: Context, repeats: int,
              settings: Mapping[str, Mapping[str, str]] = SETTINGS,
              say: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """The reference file of a task, as JSON values.

    Args:
      solution: the script.
      context: level and data; its secret is not used: seeds of hidden cases are made up, others in each repeat.
      repeats: how often each setting is run.
      say: is told what is done.
    Raises: DataError if the solution fails, or differs from itself by more than a tolerance allows.
    """
    needed = [case for case in task.cases if reference.is_compared(case)]
    answers: dict[str, list[list[list[Any]]]] = {case.id: [] for case in needed}   # by repeat, setting, job
    for repeat in range(repeats if needed else 0):
        plans = planning.plans(task, needed, f"calibration {repeat}".encode())
        found = []
        for name, setting in settings.items():
            say(f"repeat {repeat + 1} of {repeats}: {name}")
            found.append(reference.run(task, plans, solution, context, setting))
        for case in needed:
            answers[case.id].append([each[case.id] for each in found])
    cases = {case.id: entry for case in needed for entry in [entry_of(task, case, answers[case.id])] if entry}
    return {"lab": task.lab, "solution": reference.sha256(solution), "environment": dict(environment.versions()),
            "settings": list(settings), "repeats": repeats, "cases": cases}


def entry_of(task: Task, case: Case, answers: Sequence[Sequence[Sequence[Any]]]) -> dict[str, Any]:
    """What the reference file says of a case; nothing of a function whose inputs are secret."""
    mark = {"fingerprint": reference.fingerprint(case)}
    if not case.call:
        return {**mark, "bands": {name: band([[answer[0][name] for answer in settings] for settings in answers])
                                  for name, wanted in case.expect.items() if wanted.band}}
    for settings in answers:
        for answer in settings:
            for one, other in zip(settings[0], answer):
                verdict = judges.same(one, other, case.tolerance)
                if not verdict.ok:
                    raise errors.DataError(f"The solution of {task.lab} differs from itself in the case {case.id}: "
                                           f"{verdict.rationale} Raise the tolerance of the case.")
    return {**mark, "values": [values.to_json(each) for each in answers[0][0]]} if case.visibility == "public" else {}


def band(numbers: Sequence[Sequence[float]]) -> dict[str, float]:
    """Smallest and largest number, and the margin beyond: ten times the largest spread of a repeat.

    Spreads are of one machine; other processors round otherwise, and ten times is what they were seen to need.

    Args:
      numbers: of each repeat those of all settings; repeats may have different seeds.

    >>> band([[1.0, 1.5], [2.0, 2.0]])
    {'min': 1.0, 'max': 2.0, 'margin': 5.0}
    """
    everything = [float(number) for each in numbers for number in each]
    if not all(map(record.is_finite, everything)):
        raise errors.DataError(f"The solution gives {everything}, not finite numbers only.")
    spread = max(max(each) - min(each) for each in numbers)
    largest = max(map(abs, everything))
    return {"min": min(everything), "max": max(everything),
            "margin": max(SPREADS * spread, RELATIVE * largest, ABSOLUTE)}


def text(document: Mapping[str, Any]) -> str:
    """The reference file, with a line for each case, so that a change of one is seen as one."""
    cases = ",\n".join(f"    {json.dumps(name)}: {record.canonical(entry)}"
                       for name, entry in document["cases"].items())
    head = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value, allow_nan=False)}"
                      for name, value in document.items() if name != "cases")
    return f"{{\n{head},\n  \"cases\": {{\n{cases}\n  }}\n}}\n"
