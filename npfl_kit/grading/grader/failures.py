"""Records of cases: with points only where a judge said so; else with what failed, first cause first, and one step."""
from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Optional

from npfl_kit.grading import record
from npfl_kit.grading.judging.judges import Verdict
from npfl_kit.grading.sandbox import runner
from npfl_kit.grading.tasks.task import Case, Task

LONGEST = 1000      # letters of a rationale, in which a student's code may have its say
LONGEST_ARGUMENT = 160


def reproduce(task: Task, case: Case) -> str:
    """What a student types to see a public case again; nothing for others, whose inputs are not at home."""
    if case.visibility != "public":
        return ""
    names = [task.data.home_file] if task.data else task.files
    return shlex.join(["npfl-kit", "check", task.lab, *names, f"--case={case.id}"])


def called(case: Case, job: runner.JobCase) -> str:
    """What was asked, for people: a call with its small arguments, or a command with its flags; empty if it is hidden.

    >>> called(Case("a", 1, call="area"), runner.JobCase("a", 1, "call", "area", {"box": [0, 0, 2, 2], "high": 3}))
    'area(box=[0, 0, 2, 2], high=3)'
    """
    if case.visibility != "public":
        return ""
    if job.kind == "main":
        return f"main with {shlex.join(job.flags)}" if job.flags else "main"
    parts = [f"{name}={shown_argument(value)}".replace(f"{name}=", "" if name.isdigit() else f"{name}=", 1)
             for name, value in job.arguments.items()]
    return f"{job.call}({', '.join(parts)})"


def shown_argument(value: Any) -> str:
    """An argument in the form of `values`, or the shape of one that is too large to be read."""
    if isinstance(value, dict) and "shape" in value:
        text = str(value["array"])
        return text if len(text) <= LONGEST_ARGUMENT else f"{value['dtype']} {value['shape']}"
    text = repr(value)
    return text if len(text) <= LONGEST_ARGUMENT else f"{text[:LONGEST_ARGUMENT]}..."


def judged(task: Task, case: Case, verdict: Verdict, **measured: Any) -> record.CaseRecord:
    """The record of a case that a judge has seen: all of its points, or none."""
    return record.CaseRecord(
        case.id, "graded", case.points if verdict.ok else 0.0, case.points, case.visibility, verdict.expected_short,
        verdict.actual_short, verdict.rationale, verdict.help, reproduce=reproduce(task, case), **measured)


def failed(task: Task, case: Case, state: str, rationale: str, help: str, **measured: Any) -> record.CaseRecord:
    """The record of a case that no judge could see."""
    return record.CaseRecord(case.id, state, 0.0, case.points, case.visibility, rationale=rationale, help=help,
                             reproduce=reproduce(task, case), **measured)


def ungradable(task: Task, case: Case, rationale: str, state: str = "ungradable") -> record.CaseRecord:
    """The record of a case of an upload that cannot be judged, or took more than it may while it was."""
    return failed(task, case, state, rationale, f"Mend the files, then type: npfl-kit pack {task.lab} FILES")


def grader_error(task: Task, case: Case, rationale: str) -> record.CaseRecord:
    """The record of a case that we could not judge."""
    return failed(task, case, "grader_error", rationale, "Do nothing: it is graded again.")


def not_counted(task: Task, case: Case, cause: record.CaseRecord) -> record.CaseRecord:
    """The record of a case that depends on another one, which failed."""
    if cause.state == "grader_error":
        return grader_error(task, case, f"Case {cause.id} could not be graded.")
    return failed(task, case, "graded", f"Not counted, as case {cause.id} failed.", f"Mend case {cause.id} first.")


def of_outcome(task: Task, case: Case, outcome: Optional[runner.Outcome], asked: str = "", **measured: Any) \
        -> Optional[record.CaseRecord]:
    """The record of a case whose code gave no value; None if it gave one."""
    if outcome is not None and outcome.state == "ok":
        return None
    if outcome is None or outcome.state == "lost":
        return failed(task, case, "student_error", f"{asked or 'The program'}: it ended before it gave an answer.",
                      "Remove what ends the program: exit, quit, os._exit, or a crash inside a library.", **measured)
    error = outcome.error or {}
    text = ": ".join(filter(None, [asked, str(error.get("type") or ""), str(error.get("text") or "")]))[:LONGEST]
    if outcome.state == "limit":
        return failed(task, case, "limit", text or "It took too much.",
                      "Make it use less; the reproduce command shows where it goes.", **measured)
    return failed(task, case, "student_error", text or "It gave no value.", next_step(error), **measured)


def next_step(error: Mapping[str, Any]) -> str:
    """One step for an error of the student's code, as the child describes it.

    >>> next_step({"type": "ValueError", "traceback": ["boxes.py, line 7, in area: return x"]})
    'Look at boxes.py, line 7, in area: return x'
    """
    lines = error.get("traceback") or ["the script, from its first line on"]
    if error.get("type") == "MissingName":
        return "Define it in the script, under this very name and outside of any other function."
    if error.get("type") == "NotImplementedError":
        return f"Write what is still to do: {lines[-1].split(': ')[0]}."
    return f"Look at {lines[-1]}"
