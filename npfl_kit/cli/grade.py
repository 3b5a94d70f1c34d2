"""For teachers: grade what was handed in, see who has what and why, export, rank, and prove a task before it is used.

npfl-kit grade run STORE
npfl-kit grade show STORE
"""
from __future__ import annotations

import argparse

from npfl_kit.cli import (grade_board, grade_calibrate, grade_export, grade_regrade, grade_rerun, grade_run,
                          grade_selftest, grade_show, grade_template, grade_why)

HELP = "for teachers: grade, show, explain, export, rank"
SUBVERBS = {"run": grade_run, "show": grade_show, "why": grade_why, "rerun": grade_rerun, "regrade": grade_regrade,
            "export": grade_export, "board": grade_board, "calibrate": grade_calibrate, "selftest": grade_selftest,
            "template": grade_template}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The things that a teacher does."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, subverb in SUBVERBS.items():
        subverb.add_arguments(actions.add_parser(name, help=subverb.HELP, description=subverb.__doc__,
                                                 formatter_class=argparse.RawDescriptionHelpFormatter))


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    return SUBVERBS[args.action].run(args)
