"""Records of cases: with points only where a judge said so; else with what failed, first cause first, and one step."""
from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading import record
from npfl_kit.grading.judging.judges import Verdict
from npfl_kit.grading.sandbox import head_tail, runner
from npfl_kit.grading.tasks.task import Case, Task

LONGEST = 1000      # letters of a rationale, in which a student's code may have its say
LONGEST_ARGUMENT = 160
MOST_PRINTED = 4000     # bytes that are kept of what code printed
UNNAMED = ("lost", "MissingName", "Upload")     # errors of ours, whose text says all
NAMES = {"ValueRefused": "what it returned"}     # of errors of ours, for people
NO_INPUT = "EOF when reading a line"
LESS = {"memory": "Keep less at once: smaller batches, and no list that grows with each step.",
        "processes": "Start fewer threads and processes.", "disk": "Write less, or smaller files.",
        "claims": "Return only what the assignment names.", "cpu": "Let no thread run on after its work is done."}


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
        if 0 in value["shape"]:
            return f"{value['dtype']} {value['shape']}, empty"
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


def is_not_counted(case: record.CaseRecord) -> bool:
    """Whether a case was not looked at, as one that it depends on failed.

    >>> is_not_counted(record.CaseRecord("a", "graded", 0, 1)), is_not_counted(record.CaseRecord("a", "limit", 0, 1))
    (True, False)
    """
    return case.state == "graded" and case.score < case.max and case.seconds is None and case.expected is None


def is_of_import(outcome: Optional[runner.Outcome]) -> bool:
    """Whether the script could not be imported, so that no case could be run."""
    return outcome is not None and (outcome.error or {}).get("where") == "import"


def of_outcome(task: Task, case: Case, outcome: Optional[runner.Outcome], job: runner.JobCase, **measured: Any) \
        -> Optional[record.CaseRecord]:
    """The record of a case whose code gave no value; None if it gave one."""
    if outcome is not None and outcome.state == "ok":
        return None
    error = (outcome.error if outcome else None) or {}
    kind, text = str(error.get("type") or ""), str(error.get("text") or "")
    if text == NO_INPUT:
        text = "input() cannot be used here, as nobody types"
    asked = "The script cannot be imported" if is_of_import(outcome) else "" if kind == "Upload" else called(case, job)
    is_limit = outcome is not None and outcome.state == "limit"
    name = "" if is_limit or kind in UNNAMED else NAMES.get(kind, kind)
    said = ": ".join(filter(None, [asked, name, text]))[:LONGEST]
    if is_limit:
        return failed(task, case, "limit", said or "It took too much.", less(error), **measured)
    if outcome is None or outcome.state == "lost":
        ended = said if text else f"{asked or 'The program'}: it ended before it gave an answer."
        return failed(task, case, "student_error", ended, crashed(error), **measured)
    return failed(task, case, "student_error", said or "It gave no value.", next_step(error, job), **measured)


def frames(error: Mapping[str, Any]) -> Sequence[str]:
    """The lines of the student's files that an error came through, the innermost at the end."""
    return error.get("traceback") or ()


def less(error: Mapping[str, Any]) -> str:
    """One step for code that took too much."""
    if error.get("type") == "seconds":
        place = f" at {frames(error)[-1]}, where it was when its time was nearly over" if frames(error) else ""
        return f"Look for an endless loop{place}; or do it in fewer steps."
    return LESS.get(error.get("type", ""), "Make it use less.")


def crashed(error: Mapping[str, Any]) -> str:
    """One step for code that ended its process."""
    if frames(error):
        return f"Look at {frames(error)[-1]}, where it was then."
    return "Remove what ends the program: exit, quit, os._exit, or a crash inside a library."


def next_step(error: Mapping[str, Any], job: Optional[runner.JobCase] = None) -> str:
    """One step for an error of the student's code, as the child describes it.

    >>> next_step({"type": "ValueError", "traceback": ["boxes.py, line 7, in area: return x"]})
    'Look at boxes.py, line 7, in area: return x'
    """
    kind, lines = error.get("type"), frames(error)
    if kind == "MissingName":
        return "Define it in the script, under this very name and outside of any other function."
    if kind == "Upload":
        return "Hand in one script that defines them, outside of any other function."
    if kind == "ValueRefused":
        return "Return what the assignment names, and nothing besides."
    if kind == "NotImplementedError" and lines:
        return f"Write what is still to do: {lines[-1].split(': ')[0]}."
    if error.get("text") == NO_INPUT and lines:
        return f"Take the value from the arguments: {lines[-1]}"
    if not lines and job is not None and error.get("where") != "import":
        return not_called(kind, job)
    return f"Look at {lines[-1] if lines else 'the script, from its first line on'}"


def not_called(kind: Optional[str], job: runner.JobCase) -> str:
    """One step for an error that came before the first line of a student's function."""
    if job.kind == "main":
        flags = f" {shlex.join(job.flags)}" if job.flags else ""
        return f"Let the parser of the script take the flags{flags}, and main its result, as the template does."
    if kind == "TypeError" and all(name.isdigit() for name in job.arguments):
        return f"Let {job.call} take {len(job.arguments)} parameters, in the order of the template."
    if kind == "TypeError":
        return f"Name the parameters of {job.call} {', '.join(job.arguments)}, as the template does."
    return f"Look at {job.call}, from its first line on."


def printed(cases: Sequence[record.CaseRecord], outcomes: Mapping[str, Sequence[Optional[runner.Outcome]]]) -> str:
    """What was printed in cases that are not right, head and tail, and the lines that each error came through."""
    kept, seen = head_tail.HeadTail(MOST_PRINTED), {""}
    for case in cases:
        if case.state == "graded" and case.score == case.max:
            continue
        heading = f"[{case.id}]\n"
        for outcome in outcomes[case.id]:
            error = (outcome.error if outcome else None) or {}
            lines = frames(error) if len(frames(error)) > 1 else ()
            output = outcome.output.rstrip() if outcome else ""
            text = "\n".join([*([output] if output else []), *(f"  {line}" for line in lines)])
            if text not in seen:
                seen.add(text)
                kept.add(f"{heading}{text}\n".encode("utf-8", "replace"))
                heading = ""
    return kept.text()
