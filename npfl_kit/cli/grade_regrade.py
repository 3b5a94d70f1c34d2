"""Grade everything again, as after a change of the task, and print which results differ; history is kept.

npfl-kit grade regrade STORE --lab=tagger
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from npfl_kit import errors
from npfl_kit.cli import grade_run, table

if TYPE_CHECKING:
    from npfl_kit.grading.course import gradebook
    from npfl_kit.grading.stores import store as stores

HELP = "grade everything again and print what changed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The same as to grade."""
    grade_run.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for new results of all submissions, or of those of a lab, grade, and print what differs from before."""
    from npfl_kit.grading.stores import store as stores

    with stores.Store(args.store) as store:
        numbers = [each.id for lab in ([args.lab] if args.lab else store.labs()) for each in store.submissions(lab)]
        return again(store, args, sorted(numbers), "regrade")


def again(store: stores.Store, args: argparse.Namespace, numbers: Sequence[int], reason: str) -> int:
    """Grade these again, but those of labs that cannot be graded now; gives the exit code.

    Raises: KitError if this leaves none.
    """
    from npfl_kit.grading.course import course_grader, gradebook

    tasks, broken = course_grader.ready_tasks(store, args.lab)
    labs = {number: store.submission(number).lab for number in numbers}
    numbers = [number for number in numbers if labs[number] in tasks]
    if labs and not numbers:
        raise errors.DataError(" ".join(broken[lab] for lab in dict.fromkeys(labs.values())))
    before = store.latest(args.lab)
    store.ask(numbers, reason)
    code = grade_run.grade_pending(store, args, numbers)
    after = store.latest(args.lab)
    changes = gradebook.changes({number: before[number] for number in numbers if number in before}, after)
    if changes:
        print(*lines(changes), sep="\n")
    elif code != grade_run.STOPPED:
        print("Nothing changed.")
    return code


def lines(changes: Sequence[gradebook.Change]) -> list[str]:
    """A table of what differs."""
    from npfl_kit.grading import shown_text

    rows = [[f"#{each.after.submission.id}", each.after.submission.lab,
             shown_text.line(each.after.submission.person),
             *(f"{run.state} {run.score:g} of {run.max:g}" for run in (each.before, each.after)), each.because]
            for each in changes]
    return table.lines(rows, header=["submission", "lab", "person", "before", "now", "because"])
