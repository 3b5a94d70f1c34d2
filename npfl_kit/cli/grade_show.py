"""Show who has what: a line per person with points, state, what counts and what a teacher should look at.

npfl-kit grade show STORE --lab=tagger
npfl-kit grade show STORE --json        [{"lab", "task_version", "persons": [{"person", "points", "of", "state",
                                        "late", "factor", "order_points", "submission", "received_at",
                                        "submissions", "waiting", "note"}]}]
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from npfl_kit.cli import grade_run, table

if TYPE_CHECKING:
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.stores import entries
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "show points and states"
LEFT_OUT = 2        # exit code where the task of a lab cannot be read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, which lab, and for whom."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("--lab", default=None, metavar="LAB", help="show this lab only")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Print the grades of each lab."""
    from npfl_kit.grading.course import course_grader, final_order, gradebook
    from npfl_kit.grading.stores import store as stores

    with stores.Store(args.store) as store:
        tasks, broken = course_grader.read_tasks(store, args.lab)
        runs = {lab: store.runs(lab=lab) for lab in tasks}
        found = {lab: remarked(store, task, gradebook.lines(store, task, runs[lab],
                                                            final_order.order_points(store, task)))
                 for lab, task in tasks.items()}
        for lab, why in broken.items():
            print(f"{lab} is left out: {why}", file=sys.stderr)
        for task in tasks.values():
            grade_run.warn_of_silence(task)
        if args.json:
            print(json.dumps([{"lab": lab, "task_version": tasks[lab].version,
                               "persons": [line.as_json() for line in lines]} for lab, lines in found.items()],
                             indent=1, allow_nan=False))
            return LEFT_OUT if broken else 0
        for lab, lines in found.items():
            print(*text(store, tasks[lab], lines), *older(store, tasks[lab], runs[lab]), sep="\n", end="\n\n")
        if found or not broken:
            print(f"Type: npfl-kit grade why {args.store} SUBMISSION, for every case of one." if found else
                  f"The store has no submissions yet. Type: npfl-kit submit LAB FILES --store={args.store}")
    return LEFT_OUT if broken else 0


def remarked(store: stores.Store, task: tasks.Task, lines: Sequence[gradebook.Line]) -> list[gradebook.Line]:
    """The lines with what only a teacher should see in their notes."""
    from npfl_kit.grading.course import gradebook

    grades = gradebook.remarked(store, task, {line.person: line.grade for line in lines})
    return [dataclasses.replace(line, grade=grades[line.person]) for line in lines]


def older(store: stores.Store, task: tasks.Task, runs: Sequence[entries.Run]) -> list[str]:
    """A sentence about results of an older version of the task, but those of submissions that wait."""
    from npfl_kit.grading.course import gradebook

    count = len(set(gradebook.older(task, runs)) - set(store.pending(task.lab)))
    return [f"{count} {'was' if count == 1 else 'were'} graded by an older version of the task. Type: npfl-kit grade "
            f"regrade {store.folder} --lab={task.lab}"] if count else []


def text(store: stores.Store, task: tasks.Task, lines: Sequence[gradebook.Line]) -> list[str]:
    """The grades of a lab: a heading, a line per person, and what is to be done."""
    from npfl_kit.grading import shown_text
    from npfl_kit.grading.marks import lateness, student_view

    more, rows = student_view.more(task), []
    for each in lines:
        counted = each.grade.counted
        late = f", late x {lateness.shown_factor(counted.factor)}" if counted and each.grade.late else ""
        order = [shown_text.number(each.grade.order_points) if each.grade.order_points else "-"] if more else []
        rows.append([shown_text.line(each.person), shown_text.number(each.grade.points), *order, each.state + late,
                     f"#{counted.run.submission.id}" if counted else "-", each.grade.submissions,
                     len(each.waiting) or "-", shown_text.line(each.grade.note)])
    waiting = len(store.pending(task.lab))
    found = [f"{task.lab}: {shown_text.line(task.title)}, {shown_text.number(task.points)} points{more}",
             *table.lines(rows, header=["person", "points", *(["of which order"] if more else []), "state", "counts",
                                        "graded", "waiting", "note"])]
    found += provisional(task) if more else []
    return found + ([f"{waiting} wait. Type: npfl-kit grade run {store.folder} --lab={task.lab}"] if waiting else [])


def provisional(task: tasks.Task) -> list[str]:
    """A sentence about points for the final order while they can still change; what is late is not on the board."""
    import datetime

    from npfl_kit.grading.marks import lateness

    if task.late.due and datetime.datetime.now(datetime.timezone.utc) > lateness.instant(task.late.due):
        return []
    until = f"until {lateness.moment(task.late.due, task.late)}" if task.late.due else "as [late] due is not set"
    return [f"Points for the final order are as of now: they change with submissions, {until}."]
