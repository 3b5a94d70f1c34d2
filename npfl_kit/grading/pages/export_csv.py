"""Grades as a table for a spreadsheet: one line per person, and no cell that a spreadsheet would run."""
from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import policy

COLUMNS = ("lab", "person", "points", "of", "order_points", "state", "late", "submission", "received_at",
           "submissions", "note")
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")     # and their wide forms


def cell(value: object) -> object:
    """A cell as it is to be read: text that would be a formula gets an apostrophe in front of it.

    >>> cell("=1+1"), cell(" @a"), cell("ada"), cell(0.5)
    ("'=1+1", "' @a", 'ada', 0.5)
    """
    if not isinstance(value, str):
        return value
    text = shown_text.plain(value).replace("\n", " ")
    starts = value.startswith(STARTS) or text.lstrip().startswith(STARTS)
    return f"'{text}" if starts else text


def table(grades: Mapping[str, Mapping[str, policy.Grade]]) -> str:
    """The table, RFC 4180 with line feeds.

    Args:
      grades: lab -> person -> grade.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for lab, persons in grades.items():
        writer.writerows([cell(each) for each in row(lab, person, grade)] for person, grade in persons.items())
    return text.getvalue()


def row(lab: str, person: str, grade: policy.Grade) -> list[object]:
    """The cells of one person."""
    counted = grade.counted
    if not all(map(record.is_finite, (grade.points, grade.of, grade.order_points))):
        raise ValueError(f"the grade of {person!r} is not finite")
    return [lab, person, grade.points, grade.of, grade.order_points, grade.state, "yes" if grade.late else "no",
            counted.run.submission.id if counted else "", counted.run.received_at if counted else "",
            grade.submissions, grade.note]
