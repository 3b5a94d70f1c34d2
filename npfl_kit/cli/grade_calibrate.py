"""Measure what the reference solution answers, over threads, kernels and repeats, and write LAB.reference.json.

npfl-kit grade calibrate sequence_classification --repeats=3

Numbers of a training lie in a band, which what comes here decides; values of functions are kept for public cases, so
that students check without running the solution. A mutant that lies inside of every band is named: no case sees it.
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from npfl_kit import errors, files
from npfl_kit.cli import table

HELP = "measure the bands of a task"
REPEATS = {"functions": 1, "runs": 5}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The task, and how often."""
    parser.add_argument("lab", metavar="LAB", help="name of a task")
    parser.add_argument("--repeats", default=None, type=int, metavar="N", help="how often each setting is run; hidden "
                        "cases have another seed in each; when not given, 5 times, of functions once")
    parser.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")


def run(args: argparse.Namespace) -> int:
    """Run the solution, write the file, then see which mutants the cases tell from it."""
    from npfl_kit.grading.grader import engine, reference
    from npfl_kit.grading.proofs import calibrate, selftest
    from npfl_kit.grading.sandbox import isolation
    from npfl_kit.grading.tasks import task_file

    if args.repeats is not None and args.repeats < 1:
        raise errors.UsageError(f"--repeats must be at least 1, got {args.repeats}.")
    path = task_file.find(args.lab)
    task = task_file.read(path, calibrated=False)
    if task.data:
        raise errors.UsageError(f"{task.lab} is judged by the answers of {task.data.dataset}, so there is nothing to "
                                f"calibrate. Type: npfl-kit grade selftest {task.lab}")
    script = reference.script(task.lab)
    context = engine.Context(isolation.probe(), secret=b"calibration 0", trusted=True,
                             data_dirs=(args.data_dir.absolute(),) if args.data_dir else ())
    solution = selftest.submission(task, script)
    mutants = selftest.wrong_files(task, solution)
    repeats = args.repeats or REPEATS[task.kind]
    document = calibrate.calibrate(task, script, context, repeats,
                                   say=lambda text: print(text, file=sys.stderr, flush=True))
    files.write_text(task_file.reference(path), calibrate.text(document))
    rows = [[case, name, f"{band['min']:.6g}", f"{band['max']:.6g}", f"{band['margin']:.2g}"]
            for case, entry in document["cases"].items() for name, band in entry.get("bands", {}).items()]
    print(*table.lines(rows, header=["case", "number", "least", "most", "margin"]) if rows else [], sep="\n")
    print(f"Written: {task_file.reference(path)}")
    calibrated = task_file.read(path)
    trials = [selftest.tried_wrong(calibrated, mutant, wrong, context) for mutant, wrong in mutants]
    unseen = [trial for trial in trials if not trial.ok]
    for trial in unseen:
        print(f"not discriminating: {trial.name}: {trial.why}. Add a case that sees it, or points to one.")
    print(f"Next: npfl-kit grade selftest {task.lab}")
    return 1 if unseen else 0
