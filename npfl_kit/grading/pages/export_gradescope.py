"""A record as `results.json` of Gradescope, whose page then shows it to the student.

Gradescope hides the total as soon as one test is hidden, and keeps results where the next submission's code may read
them. So a hidden case is a visible test with its points and nothing else, as in `student_view`; a case that is told
after the deadline is in what is exported from that moment on. `score` overrides the sum of the tests: it is what the
policies make of them, and `output` says what took points.
"""
from __future__ import annotations

import datetime
import json
from typing import Any, Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, policy, student_view
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

LONGEST = 10_000    # letters of what a test says


def results(found: record.Record, description: task.Task, when: datetime.datetime,
            worth: Optional[policy.Counted] = None) -> dict[str, Any]:
    """The object that `results.json` holds.

    Args:
      found: the whole record.
      when: the moment of the export: what students may see at it is in the results.
      worth: what the submission is worth by the policies, by what students may see; None is the sum of its cases.
    """
    seen = student_view.visible(found, description, when)
    said = [shown_text.plain(seen.rationale)[:LONGEST] or student_view.SAID[seen.state],
            student_view.told_later(description, when), _why(seen, worth) if worth else ""]
    value = {"score": worth.points if worth else seen.score,
             "execution_time": round(sum(case.seconds or 0.0 for case in seen.cases), 3),
             "output": " ".join(filter(None, said)),
             "output_format": "text", "test_output_format": "text", "test_name_format": "text",
             "visibility": "visible", "stdout_visibility": "hidden",
             "extra_data": {"state": seen.state, "sha256": seen.submission, "task_version": seen.task_version,
                            **(_authors(worth.run.submission) if worth else {}),
                            "environment": {shown_text.line(name): shown_text.line(each)
                                            for name, each in seen.environment.items()}},
             "tests": [_test(number, case) for number, case in enumerate(seen.cases, 1)]}
    if description.board and board.PUBLIC in seen.values:
        value["leaderboard"] = [{"name": description.board.metric, "value": seen.values[board.PUBLIC],
                                 "order": description.board.order}]
    return value


def text(value: dict[str, Any]) -> str:
    """The file; a ValueError if a number is not finite, which Gradescope could not read."""
    return json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _why(seen: record.Record, worth: policy.Counted) -> str:
    """A sentence about what took points of the sum of the tests; empty if nothing did."""
    if not worth.taken or worth.points == seen.score:
        return ""
    return f"{shown_text.number(worth.points)} of these points count: {'; '.join(worth.taken)}."


def _authors(submission: entries.Submission) -> dict[str, Any]:
    return {"person": shown_text.line(submission.person), "team": [shown_text.line(each) for each in submission.team]}


def _test(number: int, case: record.CaseRecord) -> dict[str, Any]:
    said = {"": case.rationale, "Expected: ": shown_text.value(case.expected), "Got: ": shown_text.value(case.actual),
            "Next: ": case.help, "Again: ": case.reproduce}
    output = "\n".join(name + shown_text.plain(each) for name, each in said.items() if each)
    passed = case.state == "graded" and case.score >= case.max
    return {"name": case.id, "name_format": "text", "number": str(number), "score": case.score,
            "max_score": case.max, "status": "passed" if passed else "failed",
            "output": output[:LONGEST], "output_format": "text", "tags": [case.state],
            "visibility": "visible", "extra_data": {"state": case.state}}
