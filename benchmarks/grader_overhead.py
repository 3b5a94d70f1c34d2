#!/usr/bin/env python3
"""What the grader adds to a student's code: the time from the upload to the outcomes, beyond the code's own.

Two submissions run on each level of isolation that the machine has, in turn: one of three functions without
TensorFlow, and one of two runs with it. The code's own time is that of its imports, which the script prints, and that
of its cases. Of all rounds the least counts, as a busy machine only adds to it.

Run:    python3 benchmarks/grader_overhead.py           30 seconds; expect < 0.3 s for functions, < 0.5 s for runs
"""
import argparse
import time

from npfl_kit.grading.sandbox import isolation, runner
from npfl_kit.grading.tasks.task import Limits

FUNCTIONS = b"print(0)\ndef double(x):\n    return 2 * x\n"
RUNS = b"""
import time
started = time.perf_counter()
import argparse
import numpy as np
import tensorflow as tf
print(time.perf_counter() - started)
parser = argparse.ArgumentParser()
parser.add_argument("--seed", default=1, type=int)

def main(args):
    tf.keras.utils.set_random_seed(args.seed)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(np.ones([64, 3]), np.ones([64, 1]), verbose=0).history["loss"][-1]
"""
SUBMISSIONS = {
    "functions": (FUNCTIONS, [runner.JobCase(name, call="double", arguments={"0": 1}) for name in "abc"]),
    "runs": (RUNS, [runner.JobCase(str(seed), kind="main", flags=[f"--seed={seed}"]) for seed in (1, 2)])}


def times(source: bytes, cases: list, level: isolation.Level) -> tuple[float, float]:
    """Seconds from the upload to the outcomes, in all and beyond the code's own."""
    started = time.perf_counter()
    outcomes = runner.run({"script.py": source}, cases, Limits(), level)
    taken = time.perf_counter() - started
    assert all(outcome.state == "ok" for outcome in outcomes), outcomes
    return taken, taken - float(outcomes[0].output.split()[0]) - sum(outcome.seconds for outcome in outcomes)


def main(rounds: int) -> None:
    levels = [isolation.at(name) for name, what in sorted(isolation.describe().items()) if not what.startswith("no: ")]
    for name, (source, cases) in SUBMISSIONS.items():
        found = [[times(source, cases, level) for level in levels] for _ in range(rounds)]
        for level, each in zip(levels, zip(*found)):
            print(f"{name}, {level.name}: {min(each)[0]:.2f} s, of which {min(own for _, own in each):.2f} s "
                  f"are the grader's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", default=5, type=int)
    main(parser.parse_args().rounds)
