"""Grade some submissions again; what was found before stays in the history.

npfl-kit grade rerun STORE 17 23
"""
from __future__ import annotations

import argparse
from pathlib import Path

from npfl_kit.cli import grade_run, submission_number

HELP = "grade some submissions again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, which submissions, and how to grade."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("submissions", metavar="SUBMISSION", type=submission_number.parse, nargs="+",
                        help="numbers of submissions")
    grade_run.add_batch_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for new results, grade, and print what differs from before."""
    from npfl_kit.cli import grade_regrade
    from npfl_kit.grading.stores import store as stores

    with stores.Store(args.store) as store:
        numbers = [store.submission(number).id for number in dict.fromkeys(args.submissions)]
        args.lab = None
        return grade_regrade.again(store, args, numbers, "rerun")
