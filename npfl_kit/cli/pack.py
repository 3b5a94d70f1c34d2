"""Pack what a lab's task asks for into an archive to hand in; everything that can be checked at home is.

npfl-kit pack cnn_manual cnn_manual.py
npfl-kit pack tagger logs/LAB-DATE/predictions.txt tagger.py --team="Ada Lovelace,Alan Turing"
"""
from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from npfl_kit import errors, files
from npfl_kit.cli import table

if TYPE_CHECKING:
    from npfl_kit.grading.tasks.task import Task

HELP = "check files and pack them to hand in"
RESULTS = "results.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lab, the files, and who hands in."""
    parser.add_argument("lab", metavar="LAB", help="name of the lab; npfl-kit labs shows all")
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="what the task asks for")
    parser.add_argument("--team", default="", metavar="NAME,NAME", help="all members, you among them")
    parser.add_argument("--output", default=None, type=Path, metavar="FILE.zip", help="where to write it; LAB.zip")


def run(args: argparse.Namespace) -> int:
    """Check, pack, and print what is in the archive and the next command."""
    from npfl_kit.grading.course import pack
    from npfl_kit.grading.tasks import task_file
    from npfl_kit.grading.uploads import team

    task = task_file.read(task_file.find(args.lab))
    members = team.parse(args.team, task.team)
    output = args.output or Path(f"{task.lab}.zip")
    if output.suffix != ".zip":
        raise errors.UsageError(f"--output={output} does not end in .zip; type: --output={output}.zip")
    archive = pack.pack(task, args.files, members, measured(args.files, task.lab))
    with files.replacing(output) as scratch:
        scratch.write_bytes(archive)
    manifest = pack.contents(task, archive)
    rows = [[name, f"{entry['bytes']:,}", entry["sha256"][:12]] for name, entry in manifest["files"].items()]
    print(*table.lines(rows, header=["file", "bytes", "sha256"]), sep="\n")
    if members:
        print(f"Team: {', '.join(members)}")
    if manifest["metrics"]:
        print("Measured at home:", ", ".join(f"{name} {value:.4g}" for name, value in manifest["metrics"].items()))
    print(f"{output} is packed ({len(archive):,} bytes): the files can be read, and nothing was run. "
          f"That does: {check_command(task, args.files)}")
    store = [] if os.environ.get("NPFL_KIT_STORE") else ["--store=STORE"]
    print(f"Next: {shlex.join(['npfl-kit', 'submit', task.lab, str(output), *store])}")
    return 0


def check_command(task: Task, paths: Sequence[Path]) -> str:
    """How the files are checked at home; of predictions those of the home split, which lie beside the others."""
    given = [str(path) for path in paths]
    if task.data:
        given = [str(path.with_name(task.data.home_file)) for path in paths if path.name == task.data.file][:1]
    return shlex.join(["npfl-kit", "check", task.lab, *given])


def measured(paths: Sequence[Path], lab: str) -> Mapping[str, float]:
    """The metrics of the run folder that one of the files lies in; none if there is no such folder."""
    from npfl_kit.grading.uploads import upload_manifest

    for path in paths:
        try:
            results = json.loads((path.parent / RESULTS).read_text(encoding="utf-8"))
            if results["lab"] == lab:
                return upload_manifest.tellable(results["metrics"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return {}
