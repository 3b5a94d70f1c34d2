"""Run a lab by its name, or any script with a `parser` and a `main(args)` by its path.

All flags after the name belong to the lab: npfl-kit run cnn_manual --help
"""
from __future__ import annotations

import argparse
import sys

from npfl_kit import lab_files, version

HELP = "run a lab"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lab, and whatever follows it."""
    parser.add_argument("lab", metavar="LAB", help="name of a lab, or path of a .py file")
    parser.add_argument("flags", metavar="...", nargs=argparse.REMAINDER, help="flags of the lab, --help among them")


def run(args: argparse.Namespace) -> int:
    """Check the installed packages, import the lab and call its `main`."""
    path = lab_files.find(args.lab)
    version.check_stack()
    command = f"npfl-kit run {args.lab}"
    sys.argv = [command, *args.flags]
    lab = lab_files.load(path)
    lab.parser.prog = command
    lab.main(lab.parser.parse_args(args.flags))
    return 0
