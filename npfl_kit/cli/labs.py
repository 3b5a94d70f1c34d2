"""Show the labs of the course: topic, name, idea, time of the default run and the number to expect."""
from __future__ import annotations

import argparse
import ast
import dataclasses
import re
from pathlib import Path

from npfl_kit import lab_files
from npfl_kit.cli import table

HELP = "show the labs of the course"


@dataclasses.dataclass(frozen=True)
class Lab:
    """What the header of a lab script says about it."""

    path: Path
    idea: str
    expected: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def topic(self) -> str:
        return self.path.parent.name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`npfl-kit labs` has no flags of its own."""


def run(args: argparse.Namespace) -> int:
    """Print one line per lab."""
    rows = [[lab.topic, lab.name, lab.expected, lab.idea] for lab in map(read, lab_files.paths())]
    print(*table.lines(rows, header=["topic", "lab", "default run", "idea"]), sep="\n")
    print("\nType: npfl-kit run LAB, or npfl-kit run LAB --help for its flags.")
    return 0


def read(path: Path) -> Lab:
    """The header of a lab; the script is parsed, never run, so that a lab that is broken is shown as well."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "(it has no header)"
    except (SyntaxError, ValueError) as error:
        return Lab(path, f"(it does not parse: {error})", "")
    expected = re.search(r"^Run:[ \t]+\S.*?[ \t]{2,}(\S.*)$", text, re.MULTILINE)
    return Lab(path, text.splitlines()[0], expected.group(1).strip() if expected else "")
