"""Prove a task before it is used: the solution has full marks each time, the template none, and no mutant passes.

npfl-kit grade selftest bboxes_utils
npfl-kit grade selftest retinanet --run=logs/retinanet-DATE      a finished run, in place of a new one

Mutants, wrong submissions, stand in LAB.mutants.toml beside the task file:

    [[mutants]]
    name = "minus_for_plus"
    old = "return x + y"            # a text that stands in the solution once
    new = "return x - y"            # what takes its place
    fails = ["plus"]                # cases that must give no points; may be left out: some case must

    [[mutants]]
    name = "always_the_same"
    spoil = "constant"              # of predictions and weights, what is done to the file

Exit code 1 if one submission has not the points that it should, or if there are no mutants.
"""
from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

from npfl_kit import errors
from npfl_kit.cli import table

HELP = "prove that a task tells right from wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The task, how often, and with what."""
    parser.add_argument("lab", metavar="LAB", help="name of a task")
    parser.add_argument("--repeats", default=2, type=int, metavar="N", help="how often the solution is graded")
    parser.add_argument("--run", default=None, type=Path, metavar="FOLDER", dest="folder",
                        help="run folder of the solution, for tasks about predictions or weights; trained anew when "
                        "not given")
    parser.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")


def run(args: argparse.Namespace) -> int:
    """Grade the solution, the template and the mutants; print a table."""
    from npfl_kit.grading.grader import engine, reference
    from npfl_kit.grading.proofs import mutants, selftest
    from npfl_kit.grading.sandbox import isolation
    from npfl_kit.grading.tasks import task_file

    if args.repeats < 1:
        raise errors.UsageError(f"--repeats must be at least 1, got {args.repeats}.")
    task = task_file.read(task_file.find(args.lab))
    script = reference.script(task.lab)
    reference.require_current(task)
    mutants.read(task)      # a mistake in them is told before a training
    started, told = time.perf_counter(), []
    context = engine.Context(isolation.probe(), secret=secrets.token_bytes(32), gold_dir=args.data_dir, trusted=True,
                             data_dirs=(args.data_dir.absolute(),) if args.data_dir else (),
                             report=lambda error: told.append(f"{type(error).__name__}: {error}"))
    with tempfile.TemporaryDirectory(prefix="npfl_kit-") as scratch:
        folder: Optional[Path] = args.folder
        if task.data and folder is None:
            folder = selftest.train(task, script, Path(scratch) / "run", args.data_dir)
        trials = []
        for trial in selftest.trials(task, selftest.submission(task, script, folder), context, args.repeats,
                                     lambda name: print(f"{name}: ", end="", file=sys.stderr, flush=True)):
            trials.append(trial)
            print(f"{'as it should be' if trial.ok else 'WRONG'}, {trial.seconds:.1f} s", file=sys.stderr, flush=True)
    rows = [[trial.name, trial.wanted, f"{trial.record.score:g}", trial.record.state, f"{trial.seconds:.1f}",
             "ok" if trial.ok else f"WRONG: {trial.why}"[:200]] for trial in trials]
    print(*table.lines(rows, header=["submission", "wanted", "points", "state", "seconds", ""]), sep="\n")
    print(*dict.fromkeys(told), sep="\n", end="\n" if told else "")
    wrong = sum(not trial.ok for trial in trials)
    print(f"{task.lab}: {len(trials) - wrong} of {len(trials)} as they should be, isolation {context.level.name}, "
          f"{time.perf_counter() - started:.0f} s.")
    if not mutants.read(task):
        print(f"\n{mutants.invitation(task)}", end="")
        return 1
    return 1 if wrong else 0
