"""Show what you have handed in: points, history, what waits, what was late, and your place on the board.

npfl-kit status --store=DIR --person=NAME
npfl-kit status --lab=tagger            with the newest submission case by case
npfl-kit status --json      {"person", "labs": [{"lab", "title", "due", "grade": as of `grade show`, "history":
                            [{"submission", "received_at", "sha256", "team", "state", "points", "factor",
                            "within_attempts", "taken": what took points}],
                            "place": {"rank", "of", "value"} or null, "told_later"}],
                            "unreadable": [{"lab", "submissions"}], of labs whose task file cannot be read}

What is told after the deadline is not counted before it; `told_later` says what that is.
"""
from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit import errors
from npfl_kit.cli import submit, table

if TYPE_CHECKING:
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.marks import board
    from npfl_kit.grading.stores import entries
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
    from npfl_kit.grading.course import course_grader, handing_in
    from npfl_kit.grading.stores import store as stores

    folder, person = submit.folder_of(args.store), submit.person_name(args.person)
    with stores.Store(folder) as store:
        tasks, broken = course_grader.read_tasks(store)
        labs = [lab for lab in store.labs() if args.lab in (None, lab)]
        if args.lab and not labs:
            raise errors.unknown("lab with submissions", args.lab, store.labs())
        found = [status for status in (of_lab(store, tasks[lab], person, bool(args.lab))
                                       for lab in labs if lab in tasks) if status]
        near = [] if store.submissions(person=person) else handing_in.near_known(store, person)
        unread = {lab: received for lab in labs if lab in broken and (received := store.submissions(lab, person))}
    if args.json:
        print(json.dumps({"person": person, "labs": [each.pop("as_json") for each in found],
                          "unreadable": [{"lab": lab, "submissions": [each.id for each in received]}
                                         for lab, received in unread.items()]}, indent=1, allow_nan=False))
    else:
        for status in found:
            print(*status["text"], sep="\n", end="\n\n")
        for lab, received in unread.items():
            print(unreadable(lab, received))
        print(next_step(args.lab, folder, person, [each["lab"] for each in found], bool(unread), near))
    return 2 if unread else 0


def unreadable(lab: str, received: Sequence[entries.Submission]) -> str:
    """What is known of a lab without its task."""
    from npfl_kit.grading.marks import lateness

    each = ", ".join(f"#{one.id} at {lateness.moment(one.received_at)}" for one in received)
    return f"{lab}: received {each}; its task file cannot be read now, tell your teacher."


def next_step(lab: Optional[str], folder: Path, person: str, shown: Sequence[str], others: bool,
              near: Sequence[str]) -> str:
    """What to type next; `near` has known names that this person, who is not known, may have meant."""
    from npfl_kit.grading import shown_text

    if shown and not lab:
        one = shown[0] if len(shown) == 1 else "LAB"
        return (f"Type: npfl-kit status --lab={one} --store={submit.quoted(folder)} --person={submit.quoted(person)}, "
                f"to see the newest submission case by case.")
    if shown or others:
        return f"Type: npfl-kit submit LAB FILES --store={submit.quoted(folder)}, to hand in."
    if near:
        return (f"{person} has handed in nothing; did you mean {', '.join(map(shown_text.line, near))}? "
                f"Type: {submit.status(folder, near[0])}")
    return (f"{person} has handed in nothing{f' for {lab}' if lab else ''}. Was it by another name? Type: npfl-kit "
            f"status --store={submit.quoted(folder)} --person=NAME")


def of_lab(store: stores.Store, task: tasks.Task, person: str, by_case: bool) -> Optional[dict[str, Any]]:
    """What a person has in a lab, as JSON values and as text; None if nothing was handed in.

    Args:
      by_case: whether the text has the cases of the newest submission with a result.
    """
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.marks import policy, student_view

    when = datetime.datetime.now(datetime.timezone.utc)
    every = store.runs(lab=task.lab)
    shown, runs = student_view.told(task, every, when)
    past = gradebook.history(store, shown, runs, person)
    if not past:
        return None
    line = next(each for each in gradebook.lines(store, shown, runs) if each.person == person)
    place, later = gradebook.place(shown, runs, person), student_view.told_later(task, when)
    value = {"lab": task.lab, "title": task.title, "due": task.late.due, "grade": line.as_json(),
             "history": [each.as_json() for each in past],
             "place": {"rank": place[0].rank, "of": place[1], "value": place[0].value} if place else None,
             "told_later": later}
    lines = text(task, shown, line, past, place, later)
    own = {each.submission.id for each in past}
    graded = [run for run in policy.newest(every) if run.submission.id in own]
    if by_case and graded:
        lines += ["", f"#{graded[-1].submission.id}, case by case:",
                  *student_view.lines(graded[-1].result, task, when)]
    return {"lab": task.lab, "as_json": value, "text": lines}


def text(task: tasks.Task, shown: tasks.Task, line: gradebook.Line, past: Sequence[gradebook.Past],
         place: Optional[tuple[board.Row, int]], later: str) -> list[str]:
    """What a person has in a lab, for reading; `shown` is the task without what is told later."""
    from npfl_kit.grading import record, shown_text
    from npfl_kit.grading.marks import lateness, student_view

    number = shown_text.number
    points = f"{number(line.grade.points)} of {number(shown.points)} points{student_view.more(task)}"
    found = [f"{task.lab}: {shown_text.line(task.title)}, {points}",
             *filter(None, [deadline(task.late), student_view.needed(task), later])]
    if place and task.board:
        value = record.rounded_down(place[0].value, task.board.decimals)
        found += [f"place {place[0].rank} of {place[1]} on the board, with {value:.{task.board.decimals}f}"]
    rows = []
    for each in past:
        counted, counts = each.counted, line.grade.counted
        notes = list(counted.taken) if counted else []
        notes += ["counts"] if counted and counts and counted.run.id == counts.run.id else []
        rows.append([f"#{each.submission.id}", lateness.moment(each.submission.received_at, task.late), each.state,
                     number(counted.points) if counted else "-", "; ".join(notes)])
    return found + table.lines(rows, header=["submission", "received", "state", "points", "note"])


def deadline(late: tasks.Late) -> str:
    """Until when to hand in, and what it costs to be late; empty if there is no deadline."""
    from npfl_kit.grading.marks import lateness

    if not late.due:
        return ""
    after = f"late until {lateness.moment(late.until, late)}, x 1 falling to x {late.least:g}" if late.until else \
        "later ones have no points"
    return f"due {lateness.moment(late.due, late)}, {after}"
