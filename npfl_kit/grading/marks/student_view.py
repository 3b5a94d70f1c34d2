"""A record as a student may see it: the only way from a record to a student, on paper, on a page or in a terminal.

Of a hidden case a student sees id, state and points, and nothing else. An `after_due` case is told wholly after the
last moment at which a submission has points; until then not even its points are, since each attempt would tell a bit
of what is private. Of values a student sees the public one, rounded as the board says, and after that moment the
private one, rounded too.
"""
from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, lateness
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

STRICT = ("public", "after_due", "hidden")      # the later, the less is seen
SAID = {"graded": "All cases were judged.",
        "ungradable": "The upload cannot be judged, and this used no attempt.",
        "student_error": "Your code failed in at least one case.",
        "limit": "At least one case used more time, memory or space than it may.",
        "grader_error": "The grader failed, which is not your fault; the submission will be graded again."}


def is_over(description: task.Task, when: datetime.datetime) -> bool:
    """Whether no submission can have points any more; never so without a deadline."""
    last = description.late.until or description.late.due
    return last is not None and when > lateness.instant(last)


def untold(description: task.Task, when: datetime.datetime) -> list[task.Case]:
    """The cases of which students are told nothing yet."""
    return [] if is_over(description, when) else [case for case in description.cases if case.visibility == "after_due"]


def told_later(description: task.Task, when: datetime.datetime) -> str:
    """A sentence about the cases of which nothing is told yet; empty if there are none.

    >>> late = task.Late("2026-12-01T12:00:00Z")
    >>> unseen = task.Case("unseen", 3, "after_due")
    >>> told_later(task.Task("a", "predictions", "", "A", (unseen,), ("a.txt",), late=late),
    ...            lateness.instant("2026-11-21T12:00:00Z"))
    'Told after 2026-12-01 12:00:00 UTC: unseen (3 points).'
    """
    waiting = ", ".join(f"{case.id} ({shown_text.number(case.points)} point{'s' * (case.points != 1)})"
                        for case in untold(description, when))
    last = description.late.until or description.late.due
    after = lateness.moment(last, description.late) if last else "the deadline, which is not set yet"
    return waiting and f"Told after {after}: {waiting}."


def never_told(description: task.Task) -> str:
    """A sentence for teachers about the cases that wait for a deadline which is not set; empty if there are none.

    >>> never_told(task.Task("a", "functions", "", "A", (task.Case("unseen", 3, "after_due"),), ("a.py",)))
    'a: unseen is never told to students, as [late] due is not set.'
    """
    names = [case.id for case in description.cases if case.visibility == "after_due"]
    if not names or description.late.due:
        return ""
    return (f"{description.lab}: {', '.join(names)} {'is' if len(names) == 1 else 'are'} never told to students, as "
            f"[late] due is not set.")


def needed(description: task.Task) -> str:
    """A sentence about the threshold, which the cases that are told later count for, too; empty if there is none."""
    number = shown_text.number
    return (f"With fewer than {number(description.threshold)} of the {number(description.points)} points of all "
            f"cases there are none.") if description.threshold else ""


def more(description: task.Task) -> str:
    """What the final order may add to the points of cases, as the end of a sentence about them.

    >>> more(task.Task("a", "runs", "", "A", (), ("a.py",), board=task.Board("loss", order_points=5)))
    ', and up to 5 more for the final order'
    """
    if not (description.board and description.board.order_points):
        return ""
    return f", and up to {shown_text.number(description.board.order_points)} more for the final order"


def told(description: task.Task, runs: Sequence[entries.Run], when: datetime.datetime) \
        -> tuple[task.Task, Sequence[entries.Run]]:
    """A task and its runs as students may count them: without the cases that are not told yet, and then without the
    threshold that those are part of and the points of the final order."""
    waiting = untold(description, when)
    if not waiting:
        return description, runs
    cases = tuple(case for case in description.cases if case not in waiting)
    shown = description.board and dataclasses.replace(description.board, order_points=0.0)
    return (dataclasses.replace(description, cases=cases, threshold=0.0, board=shown),
            [dataclasses.replace(run, result=visible(run.result, description, when)) for run in runs])


def visible(found: record.Record, description: task.Task, when: datetime.datetime) -> record.Record:
    """The record without what a student may not see at this moment.

    Args:
      description: the task as it is now; where it and the record differ, the stricter visibility holds.
      when: with a time zone.
    """
    over, known = is_over(description, when), {case.id: case.visibility for case in description.cases}
    cases, all_seen = [], True
    for case in found.cases:
        visibility = max(case.visibility, known.get(case.id, case.visibility), key=STRICT.index)
        if visibility == "public" or visibility == "after_due" and over:
            cases.append(dataclasses.replace(case, visibility=visibility))
            continue
        all_seen = False
        if visibility == "hidden":
            cases.append(record.CaseRecord(case.id, case.state, case.score, case.max, visibility))
    state = found.state if found.state in ("ungradable", "grader_error") else record.overall(cases)
    said = found.rationale if all_seen or state == "ungradable" else SAID[state]
    return dataclasses.replace(found, cases=tuple(cases), values=_values(found.values, description.board, over),
                               rationale=said, state=state)


def _values(values: Mapping[str, float], shown: Optional[task.Board], over: bool) -> dict[str, float]:
    names = ((board.PUBLIC, board.PRIVATE) if over else (board.PUBLIC,)) if shown else ()
    return {name: record.rounded_down(values[name], shown.decimals) for name in names if shown and name in values}


def as_json(found: record.Record, description: task.Task, when: datetime.datetime) -> dict[str, Any]:
    """What a student may see, as JSON values: the record of `record.Record.as_json` with empty fields."""
    return visible(found, description, when).as_json()


def next_case(cases: Sequence[record.CaseRecord]) -> Optional[record.CaseRecord]:
    """The first case that lost points and says what to do, else the first that lost points; None if none did."""
    lost = [case for case in cases if case.score < case.max or case.state != "graded"]
    return next((case for case in lost if case.help), lost[0] if lost else None)


def lines(found: record.Record, description: task.Task, when: datetime.datetime) -> list[str]:
    """What a student may see, as lines for a terminal."""
    seen = visible(found, description, when)
    number, line = shown_text.number, shown_text.line
    text = [f"{line(description.title)}: {number(seen.score)} of {number(seen.max)} points, {seen.state}"]
    text += [f"  {line(said)}" for said in (seen.rationale, told_later(description, when)) if said]
    for case in seen.cases:
        text.append(f"{case.id}: {number(case.score)} of {number(case.max)}, {case.state}"
                    + ("" if case.visibility == "public" else f" ({case.visibility.replace('_', ' ')})"))
        parts = {"why": case.rationale, "expected": shown_text.value(case.expected, 300),
                 "got": shown_text.value(case.actual, 300), "next": case.help, "try": case.reproduce}
        if case.score < case.max or case.state != "graded":
            text += [f"  {name:<9}{line(part)}" for name, part in parts.items() if part]
    return text
