"""Write the students' version of a lab: where its solution marks an exercise, there is a TODO that says what to write.

npfl-kit grade template bboxes_utils --output=for_students

A mark is a line `# Exercise: what to write.`; it covers all that follows it in its block.
"""
from __future__ import annotations

import argparse
import shlex
import tempfile
from pathlib import Path

from npfl_kit import errors, files, lab_files
from npfl_kit.cli import table

HELP = "write the students' version of a lab"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lab, and where the file goes."""
    parser.add_argument("lab", metavar="LAB", help="name of a lab, or path of a marked solution")
    parser.add_argument("--output", default=Path(), type=Path, metavar="DIR", help="folder to write to; this one when "
                        "not given")


def run(args: argparse.Namespace) -> int:
    """Write the file and the assignment beside it; nothing is overwritten."""
    from npfl_kit.grading.proofs import template

    script = lab_files.find(args.lab)
    source = script.read_text(encoding="utf-8")
    text = template.template(source, script.name)
    assignment = script.with_suffix(".md")
    wanted = {args.output / script.name: text}
    if assignment.is_file():
        wanted[args.output / assignment.name] = assignment.read_text(encoding="utf-8")
    for path in wanted:
        if path.exists():
            raise errors.UsageError(f"{path} is there already. Choose another folder with --output=DIR.")
    require_writable(args.output)
    for path, content in wanted.items():
        files.write_text(path, content)
    print(*table.lines([[each.within, each.text] for each in template.exercises(source, script.name)],
                       header=["to write", "what"]), sep="\n")
    print(f"\nWritten: {', '.join(map(str, wanted))}",
          "Next:    " + "\n         ".join(next_commands(script, args.output / script.name)), sep="\n")
    return 0


def require_writable(folder: Path) -> None:
    """Make a folder, and refuse one that takes no files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        raise errors.UsageError(f"Nothing can be written to the folder {folder}. Choose another one with "
                                f"--output=DIR.") from None


def next_commands(script: Path, written: Path) -> list[str]:
    """What a student types who has written all: a check of the script, or of what a run of it predicts."""
    from npfl_kit.grading.proofs import selftest
    from npfl_kit.grading.tasks import task_file

    try:
        task = task_file.read(task_file.find(str(script)), calibrated=False)
    except errors.UsageError:       # it is not graded
        return [shlex.join(["npfl-kit", "run", str(written)])]
    if task.data is None:
        return [shlex.join(["npfl-kit", "check", task.lab, str(written)])]
    return [shlex.join(["npfl-kit", "run", str(written), *selftest.flags_of(task.data)]),
            f"npfl-kit check {task.lab} logs/{script.stem}-DATE/{task.data.home_file}"]
