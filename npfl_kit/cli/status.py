"""Show what you have handed in: points, history, what waits, what was late, and your place on the board.

npfl-kit status --store=DIR --person=NAME
npfl-kit status --json      {"person", "labs": [{"lab", "title", "due", "grade": as of `grade show`, "history":
                            [{"submission", "received_at", "sha256", "team", "state", "points", "factor",
                            "within_attempts"}], "place": {"rank", "of", "value"} or null, "told_later"}]}

What is told after the deadline is not counted before it; `told_later` says what that is.
"""
from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit.cli import grade_why, submit, table

if TYPE_CHECKING:
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.marks import board
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "show your points, your submissions and your place"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where, whose, and which lab."""
    submit.add_store_arguments(parser)
    parser.add_argument("--lab", default=None, metavar="LAB", help="show this lab only")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Print what a person has in each lab."""
    from npfl_kit.grading.course import course_grader
    from npfl_kit.grading.stores import store as stores

    folder, person = submit.folder_of(args.store), submit.person_name(args.person)
    with stores.Store(folder) as store:
        tasks, _ = course_grader.read_tasks(store, args.lab)
        found = [status for status in (of_lab(store, task, person) for task in tasks.values()) if status]
    if args.json:
        print(json.dumps({"person": person, "labs": [each.pop("as_json") for each in found]}, indent=1,
                         allow_nan=False))
        return 0
    for status in found:
        print(*status["text"], sep="\n", end="\n\n")
    print(f"Type: npfl-kit submit LAB FILES --store={folder}, to hand in." if found else
          f"{person} has handed in nothing{f' for {args.lab}' if args.lab else ''}. Was it by another name? Type: "
          f"npfl-kit status --store={folder} --person=NAME")
    return 0


def of_lab(store: stores.Store, task: tasks.Task, person: str) -> Optional[dict[str, Any]]:
    """What a person has in a lab, as JSON values and as text; None if nothing was handed in."""
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.marks import student_view

    when = datetime.datetime.now(datetime.timezone.utc)
    shown, runs = student_view.told(task, store.runs(lab=task.lab), when)
    past = gradebook.history(store, shown, runs, person)
    if not past:
        return None
    line = next(each for each in gradebook.lines(store, shown, runs) if each.person == person)
    place, later = gradebook.place(shown, runs, person), student_view.told_later(task, when)
    value = {"lab": task.lab, "title": task.title, "due": task.late.due, "grade": line.as_json(),
             "history": [each.as_json() for each in past],
             "place": {"rank": place[0].rank, "of": place[1], "value": place[0].value} if place else None,
             "told_later": later}
    return {"as_json": value, "text": text(task, shown, line, past, place, later)}


def text(task: tasks.Task, shown: tasks.Task, line: gradebook.Line, past: Sequence[gradebook.Past],
         place: Optional[tuple[board.Row, int]], later: str) -> list[str]:
    """What a person has in a lab, for reading; `shown` is the task without what is told later."""
    from npfl_kit.grading import record, shown_text

    number = shown_text.number
    points = f"{number(line.grade.points)} of {number(shown.points)} points"
    if task.board is not None and task.board.order_points:
        points += f", and up to {number(task.board.order_points)} more for the final order"
    found = [f"{task.lab}: {shown_text.line(task.title)}, {points}"]
    found += [f"due {task.late.due}"] if task.late.due else []
    found += [later] if later else []
    if place and task.board:
        value = record.rounded_down(place[0].value, task.board.decimals)
        found += [f"place {place[0].rank} of {place[1]} on the board, with {value:.{task.board.decimals}f}"]
    rows = []
    for each in past:
        counted, counts = each.counted, line.grade.counted
        notes = [f"late: x {counted.factor:.2f}"] if counted and counted.factor < 1 else []
        notes += ["one too many of its day"] if counted and not counted.within else []
        notes += ["counts"] if counted and counts and counted.run.id == counts.run.id else []
        rows.append([f"#{each.submission.id}", grade_why.moment(each.submission.received_at), each.state,
                     number(counted.points) if counted else "-", ", ".join(notes)])
    return found + table.lines(rows, header=["submission", "received", "state", "points", "note"])
