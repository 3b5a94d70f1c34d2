#!/usr/bin/env python3
"""How quick predictions are graded: a thousand archives of 20,000 lines, from bytes to numbers.

Run:    python3 benchmarks/grade_predictions.py        half a minute on 4 cores
Expect: 1,000 submissions in less than 60 s on 4 cores; less than 20 ms for one beyond its metric
"""
import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from npfl_kit.grading.course import pack
from npfl_kit.grading.judging import gold, prediction_files, predictions
from npfl_kit.grading.uploads import intake
from npfl_kit.grading.tasks.task import Board, Case, Data, Task
from npfl_kit.scoring import accuracy, class_lines

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--submissions", default=1000, type=int, help="How many.")
parser.add_argument("--rows", default=20_000, type=int, help="Lines of each.")
parser.add_argument("--jobs", default=4, type=int, help="Processes.")

CLASSES, SECRET, REPEATS = 10, b"s" * 32, 50
DATA = Data("glyphs", "accuracy")
TASK = Task("lab", "predictions", "0" * 64, "A task", (Case("a", 1),), (DATA.file,), data=DATA,
            board=Board("accuracy"))


def answers(rows: int, seed: int) -> bytes:
    return class_lines.format(np.random.default_rng(seed).integers(0, CLASSES, rows)).encode()


def grade(job: tuple[str, bytes]) -> dict[str, float]:
    folder, archive = job
    upload = intake.read_zip(archive)
    return predictions.judge(TASK, DATA, upload, folder, SECRET).values()


def milliseconds(function: Callable[[], object]) -> float:
    """The median time of a call."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return round(1000 * float(np.median(seconds)), 2)


def main(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, gold.LINES).write_bytes(answers(args.rows, seed=0))
        files = [answers(args.rows, seed) for seed in range(1, args.submissions + 1)]
        archives = [pack.zipped({DATA.file: content}) for content in files]
        grade((folder, archives[0]))
        true, found = (prediction_files.classes(content, "", args.rows, CLASSES)
                       for content in (answers(args.rows, 0), files[0]))
        times = {"metric": milliseconds(lambda: accuracy.accuracy(true, found)),
                 "archive": milliseconds(lambda: intake.read_zip(archives[0])),
                 "lines": milliseconds(lambda: prediction_files.classes(files[0], "", args.rows, CLASSES)),
                 "all": milliseconds(lambda: grade((folder, archives[0])))}
        start = time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
            graded = pool.map(grade, [(folder, archive) for archive in archives])
        seconds = time.perf_counter() - start
    assert not {"tensorflow", "keras"} & set(sys.modules) and len(graded) == args.submissions
    print(json.dumps({"submissions": args.submissions, "rows": args.rows, "jobs": args.jobs,
                      "seconds": round(seconds, 2), "milliseconds": times,
                      "overhead_ms": round(times["all"] - times["metric"], 2)}))


if __name__ == "__main__":
    main(parser.parse_args())
