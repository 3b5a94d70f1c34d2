"""For teachers: grade what was handed in, see who has what and why, export, rank, and prove a task before it is used.

npfl-kit grade run STORE
npfl-kit grade show STORE
"""
from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from types import ModuleType

HELP = "for teachers: grade, show, explain, export, rank"
NAMES = ("run", "show", "why", "rerun", "regrade", "export", "board", "calibrate", "selftest", "template")
SUBVERBS: dict[str, ModuleType] = {
    name: importlib.import_module(f"npfl_kit.cli.grade_{name}") for name in NAMES
    if Path(__file__).with_name(f"grade_{name}.py").is_file()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The things that a teacher does."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, subverb in SUBVERBS.items():
        subverb.add_arguments(actions.add_parser(name, help=subverb.HELP, description=subverb.__doc__,
                                                 formatter_class=argparse.RawDescriptionHelpFormatter))


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    return SUBVERBS[args.action].run(args)
