"""A record as a student may see it: the only way from a record to a student, on paper, on a page or in a terminal.

Of a hidden case a student sees id, state and points, and nothing else; likewise of an `after_due` case, until the last
moment at which a submission has points. Of values a student sees the public one, rounded as the board says, and after
that moment the private one, rounded too.
"""
from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, policy
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
    return last is not None and when > policy.instant(last)


def visible(found: record.Record, description: task.Task, when: datetime.datetime) -> record.Record:
    """The record without what a student may not see at this moment.

    Args:
      description: the task as it is now; where it and the record differ, the stricter visibility holds.
      when: with a time zone.
    """
    over, known = is_over(description, when), {case.id: case.visibility for case in description.cases}
    cases = []
    for case in found.cases:
        visibility = max(case.visibility, known.get(case.id, case.visibility), key=STRICT.index)
        seen = visibility == "public" or visibility == "after_due" and over
        cases.append(dataclasses.replace(case, visibility=visibility) if seen else
                     record.CaseRecord(case.id, case.state, case.score, case.max, visibility))
    all_seen = all(case.visibility == "public" or over and case.visibility == "after_due" for case in cases)
    said = found.rationale if all_seen or found.state == "ungradable" else SAID[found.state]
    return dataclasses.replace(found, cases=tuple(cases), values=_values(found.values, description.board, over),
                               rationale=said)


def _values(values: Mapping[str, float], shown: Optional[task.Board], over: bool) -> dict[str, float]:
    names = ((board.PUBLIC, board.PRIVATE) if over else (board.PUBLIC,)) if shown else ()
    return {name: board.public_score(values[name], shown.decimals) for name in names if shown and name in values}


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
    text += [f"  {line(seen.rationale)}"] if seen.rationale else []
    for case in seen.cases:
        text.append(f"{case.id}: {number(case.score)} of {number(case.max)}, {case.state}"
                    + ("" if case.visibility == "public" else f" ({case.visibility.replace('_', ' ')})"))
        parts = {"why": case.rationale, "expected": shown_text.value(case.expected, 300),
                 "got": shown_text.value(case.actual, 300), "next": case.help, "try": case.reproduce}
        if case.score < case.max or case.state != "graded":
            text += [f"  {name:<9}{line(part)}" for name, part in parts.items() if part]
    return text
