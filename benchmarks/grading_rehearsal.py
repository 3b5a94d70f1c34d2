#!/usr/bin/env python3
"""A class of 1,000 hands in and is graded by a grader of no work, and 50 batches are killed: what the store costs.

Of each batch that is killed the moment is drawn; another one goes on in the same store, and its table has to be that
of a batch which nobody disturbed, with one result for each submission.

Run:    python3 benchmarks/grading_rehearsal.py        40 s on 4 CPU cores; at most 20 ms each, no other table
"""
import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from npfl_kit.grading.stores import batch
from npfl_kit.grading.stores import store as stores

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests" / "grading"))
import quick_grader  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--submissions", default=1000, type=int)
parser.add_argument("--kills", default=50, type=int, help="Moments at which a batch is killed.")
parser.add_argument("--jobs", default=4, type=int)
parser.add_argument("--seed", default=42, type=int, help="Of the moments.")
parser.add_argument("--target", default=20.0, type=float, help="Highest overhead of a submission wanted, in ms.")

CLASS, DISTINCT, SECONDS = 40, 33, 0.02     # of a batch that is killed: submissions, different ones, and of each


def timed(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def grade(store: stores.Store, jobs: int) -> batch.Summary:
    return batch.run(store, jobs, quick_grader.grade, quick_grader.VERSIONS, quick_grader.ENVIRONMENT)


def overhead(folder: str, args: argparse.Namespace) -> float:
    """Print what a submission costs besides its grading; gives it in milliseconds."""
    count = args.submissions
    with stores.Store(pathlib.Path(folder, "class"), make=True) as store:
        handed_in = timed(lambda: quick_grader.fill(store, count, count))
        graded = timed(lambda: grade(store, args.jobs))
        shown = timed(lambda: store.latest("cnn"))
        table = quick_grader.table(store)
        store.ask(range(1, count + 1), "regrade")
        again = timed(lambda: grade(store, args.jobs))
        same = quick_grader.table(store) == table
        for number in range(count):
            store.submit("cnn", b"one upload of a whole class", f"copy {number}")
        copied = timed(lambda: grade(store, args.jobs))
    for what, seconds in (("receipt", handed_in), ("grade", graded), ("grade again", again), ("equal upload", copied),
                          ("table of results", shown)):
        print(f"{what:<18}{1000 * seconds / count:6.2f} ms a submission")
    print(f"regrade of {count:,}: {'identical table' if same else 'ANOTHER TABLE'}")
    return 1000 * graded / count if same else float("inf")


def killed(folder: str, moment: float, table: list, jobs: int) -> bool:
    """Whether a batch that is killed, and one that goes on, give that table."""
    with stores.Store(pathlib.Path(folder), make=True) as store:
        quick_grader.fill(store, CLASS, DISTINCT)
        process = subprocess.Popen([sys.executable, quick_grader.__file__, folder, str(jobs), str(SECONDS)],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        process.stdout.readline()       # it has opened the store
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        done = len(store.latest())
        grade(store, jobs)
        is_same = quick_grader.table(store) == table
        once = sorted(run.submission.id for run in store.runs() if run.settled) == list(range(1, CLASS + 1))
    is_well = is_same and once
    print(f"killed after {moment:5.3f} s with {done:2} of {CLASS} graded: {'same' if is_well else 'ANOTHER'} table")
    return is_well


def main(args: argparse.Namespace) -> int:
    draw = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        cost = overhead(folder, args)
        with stores.Store(pathlib.Path(folder, "unbroken"), make=True) as store:
            quick_grader.fill(store, CLASS, DISTINCT)
            grade(store, 1)
            table = quick_grader.table(store)
        same = sum(killed(f"{folder}/{number}", draw.uniform(0, 0.3), table, args.jobs)
                   for number in range(args.kills))
    is_well = cost <= args.target and same == args.kills
    print(f"overhead {cost:.2f} ms a submission (at most {args.target:g}); {same} of {args.kills} killed batches end "
          f"with the same table: {'reached' if is_well else 'MISSED'}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(parser.parse_args()))
