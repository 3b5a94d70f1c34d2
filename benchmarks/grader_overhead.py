#!/usr/bin/env python3
"""What the grader adds to a student's code: the time from the upload to the outcomes, beyond the code's own.

Two submissions run on each level of isolation that the machine has, in turn: one of three functions without
TensorFlow, and one of two runs with it, whose import and training take what they take without a grader. Each time is the least of
the rounds, as a busy machine only adds to it; the time without a grader is that of `python SCRIPT`.

Run:    python3 benchmarks/grader_overhead.py           30 seconds
Expect: functions < 0.3 s in all; runs < 0.5 s beyond the script alone
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

from npfl_kit import home
from npfl_kit.grading import box_environment, isolation, runner
from npfl_kit.grading.task import Limits

FUNCTIONS = b"def double(x):\n    return 2 * x\n"
TRAINING = b"""
import argparse
import numpy as np
import tensorflow as tf
parser = argparse.ArgumentParser()
parser.add_argument("--seed", default=1, type=int)

def main(args):
    tf.keras.utils.set_random_seed(args.seed)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(np.ones([64, 3]), np.ones([64, 1]), verbose=0).history["loss"][-1]

if __name__ == "__main__":
    print([main(parser.parse_args([f"--seed={seed}"])) for seed in (1, 2)])
"""
SUBMISSIONS = {
    "functions": (FUNCTIONS, [runner.JobCase(name, call="double", arguments={"0": 1}) for name in "abc"]),
    "runs": (TRAINING, [runner.JobCase(str(seed), kind="main", flags=[f"--seed={seed}"]) for seed in (1, 2)])}


def alone(source: bytes) -> float:
    """Seconds of the script without a grader."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "script.py")
        script.write_bytes(source)
        variables = box_environment.variables(folder, home.folder("datasets").parent, {})
        started = time.perf_counter()
        subprocess.run([sys.executable, script], env=variables, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return time.perf_counter() - started


def graded(source: bytes, cases: list, level: isolation.Level) -> float:
    """Seconds from the upload to the outcomes."""
    started = time.perf_counter()
    outcomes = runner.run({"script.py": source}, cases, Limits(), level)
    taken = time.perf_counter() - started
    assert all(outcome.state == "ok" for outcome in outcomes), outcomes
    return taken


def main(rounds: int) -> None:
    levels = [isolation.at(name) for name in isolation.LEVELS if not isolation.describe()[name].startswith("no: ")]
    for name, (source, cases) in SUBMISSIONS.items():
        ways = {"alone": lambda: alone(source),
                **{level.name: lambda level=level: graded(source, cases, level) for level in levels}}
        times = {way: [] for way in ways}
        for _ in range(rounds):
            for way, run in ways.items():
                times[way].append(run())
        best = {way: min(each) for way, each in times.items()}
        print(f"{name}: " + ", ".join(f"{way} {taken:.2f} s ({taken - best['alone']:+.2f})"
                                      for way, taken in best.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", default=5, type=int)
    main(parser.parse_args().rounds)
