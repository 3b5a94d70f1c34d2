"""Grade all submissions of a store that wait; one that was stopped or killed goes on where it was.

npfl-kit grade run STORE
npfl-kit grade run STORE --lab=bboxes_utils --jobs=8

Predictions are judged by the test split of their data set, which students may have, too. Answers that nobody else has
belong into STORE/gold/LAB/gold.txt, in the form of a predictions file, or gold.json, a COCO file.
"""
from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from npfl_kit import errors

if TYPE_CHECKING:
    from npfl_kit.grading.stores import batch
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "grade what waits"
LEVELS = ("auto", "L0", "L1", "L2", "L3")
STOPPED, FAULTS = 130, 1        # exit codes: Ctrl-C, and submissions that we could not grade


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, which lab, and how to grade."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("--lab", default=None, metavar="LAB", help="grade this lab only")
    add_batch_arguments(parser)


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """How to grade: the flags of every verb that grades."""
    parser.add_argument("--jobs", default=0, type=int, metavar="N", help="submissions graded at once; 0, which is the "
                        "default, is as many as there are cores")
    parser.add_argument("--isolation", default="auto", choices=LEVELS, help="the sandbox of students' code; auto "
                        "takes the best one that works here")
    parser.add_argument("--i-trust-these-files", action="store_true", dest="trusted", help="run students' code even "
                        "without a sandbox: it may do whatever you may do")


def run(args: argparse.Namespace) -> int:
    """Grade, with progress, and say what to do next."""
    from npfl_kit.grading.stores import store as stores

    with stores.Store(args.store) as store:
        return grade_pending(store, args)


def grade_pending(store: stores.Store, args: argparse.Namespace, only: Optional[Sequence[int]] = None) -> int:
    """Grade what waits, of `args.lab` or of the submissions in `only`; gives the exit code."""
    from npfl_kit.cli import machine
    from npfl_kit.grading import environment
    from npfl_kit.grading.course import course_grader, policy_history
    from npfl_kit.grading.grader import reference
    from npfl_kit.grading.sandbox import isolation
    from npfl_kit.grading.stores import batch, batch_progress, store_folder

    if args.jobs < 0:
        raise errors.UsageError(f"--jobs is the number of submissions graded at once, at least 1, or 0 for as "
                                f"many as there are cores, got {args.jobs}.")
    tasks, broken = course_grader.ready_tasks(store, args.lab)
    for lab, why in broken.items():
        print(f"{lab} is left out, and its submissions wait: {why}", file=sys.stderr)
    level = isolation.probe() if args.isolation == "auto" else isolation.at(args.isolation)
    grader = course_grader.CourseGrader(store, tasks, level, args.trusted)
    for lab, task in tasks.items():
        policy_history.keep(store, task)
        waiting = set(store.pending(lab))
        if not (waiting if only is None else waiting.intersection(only)):
            continue
        warn_of_silence(task)
        if reference.is_of_another_solution(task):
            print(f"{lab}: the solution was changed after its answers were measured. If it answers otherwise now, "
                  f"type: npfl-kit grade calibrate {lab}", file=sys.stderr)
        if task.data and not store.gold_dir(lab):
            print(f"{lab} is judged by the {task.data.split} split of {task.data.dataset}, which students may have, "
                  f"too. Hidden answers belong into {store.folder / store_folder.GOLD / lab}, see npfl-kit grade run "
                  f"--help.", file=sys.stderr)
    summary = batch.run(store, args.jobs or machine.cores(), grader.grade, grader.versions, environment.versions(),
                        batch_progress.of(sys.stdout), only)
    return report(store, summary, args)


def warn_of_silence(task: tasks.Task) -> None:
    """Tell the teacher of cases whose results no student will ever see."""
    from npfl_kit.grading.marks import student_view

    if student_view.never_told(task):
        print(student_view.never_told(task), file=sys.stderr)


def report(store: stores.Store, summary: batch.Summary, args: argparse.Namespace) -> int:
    """Say what was done and what comes next; gives the exit code."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(summary.states.items()))
    equal = f"; {summary.copied} more took over the result of an equal one" if summary.copied else ""
    print(f"{summary.graded} done{f' ({states})' if states else ''}{equal}; {summary.left} wait.")
    if summary.stopped:
        print(f"Stopped. What was being graded is begun again when you type: npfl-kit grade run {args.store}")
        return STOPPED
    faults = [number for number, run in store.latest(args.lab).items() if run.state == "grader_error"]
    if faults:
        numbers = " ".join(map(str, faults))
        print(f"By a fault of the grader these have no points yet: {numbers}. Type: npfl-kit grade why {args.store} "
              f"{faults[0]}, and when that is mended: npfl-kit grade rerun {args.store} {numbers}")
        return FAULTS
    print(f"Type: npfl-kit grade show {args.store}")
    return 0
