"""A course of two labs that need no TensorFlow, with task files, mutants and contexts for tests of the engine."""
import pathlib
import secrets

from npfl_kit.grading.grader import engine, reference
from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.uploads import intake

DOUBLE = '''"""Twice the numbers.

Run:    python3 labs/01_start/double.py     1 s, right
"""
import argparse

import numpy as np

parser = argparse.ArgumentParser(description=__doc__)


def double(x):
    # Exercise: twice each number.
    return 2 * x


def plus(x, y):
    """The sum of both."""
    # Exercise: the sum.
    if y is None:
        return x
    return x + y


def main(args):
    print(double(np.ones(2)))


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
'''
DOUBLE_TASK = '''
title = "Twice"
kind = "functions"
forbidden = ["np.multiply"]

[limits]
seconds = 5

[[cases]]
id = "double"
points = 1
why = "All else builds on it."
call = "double"
inputs.sizes = { n = [0, 3] }
inputs.x = { normal = ["n"] }
repeats = 3

[[cases]]
id = "plus"
points = 1
depends = ["double"]
call = "plus"
inputs.x = { normal = [2] }
inputs.y = { normal = [2] }

[[cases]]
id = "secret"
points = 2
visibility = "hidden"
call = "double"
inputs.x = { normal = [4] }
'''
DOUBLE_MUTANTS = '''
[[mutants]]
name = "thrice"
old = "return 2 * x"
new = "return 3 * x"
fails = ["double", "secret"]

[[mutants]]
name = "minus"
old = "return x + y"
new = "return x - y"
fails = ["plus"]
'''
LOSS = '''"""A loss that follows from the flags."""
import argparse

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--size", default=1, type=int)
parser.add_argument("--seed", default=42, type=int)


def main(args):
    # Exercise: the loss.
    return {"loss": args.size + args.seed % 1000 / 1000, "accuracy": 1 / (1 + args.size)}
'''
LOSS_TASK = '''
title = "A loss"
kind = "runs"

[[cases]]
id = "one"
points = 1
flags = ["--size=1"]
expect.loss = { band = true }

[[cases]]
id = "two"
points = 1
flags = ["--size=2"]
differs_from = "one"
expect.loss = { band = true, at_most = 100 }

[[cases]]
id = "secret"
points = 2
visibility = "hidden"
flags = ["--size=3", "--seed={seed}"]
differs_from = "one"
expect.loss = { band = true }
'''
LOSS_MUTANTS = '''
[[mutants]]
name = "one_more"
old = '"loss": args.size +'
new = '"loss": args.size + 1 +'

[[mutants]]
name = "constant"
old = '"loss": args.size + args.seed % 1000 / 1000'
new = '"loss": 1.042'
fails = ["one", "two", "secret"]
'''
FILES = {"double.py": DOUBLE, "double.toml": DOUBLE_TASK, "double.mutants.toml": DOUBLE_MUTANTS,
         "loss.py": LOSS, "loss.toml": LOSS_TASK, "loss.mutants.toml": LOSS_MUTANTS}


def make(home: pathlib.Path) -> pathlib.Path:
    """Write the course; gives the folder of its labs, for NPFL_KIT_HOME to be `home`."""
    folder = home / "labs" / "01_start"
    folder.mkdir(parents=True)
    (home / "datasets").mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def task(name: str, calibrated: bool = False):
    return task_file.read(task_file.find(name), calibrated)


def context(**changes):
    """A context on level L0 that trusts the code."""
    parts = {"level": isolation.L0, "secret": secrets.token_bytes(32), "trusted": True,
             "references": reference.References()}
    return engine.Context(**{**parts, **changes})


def upload(**files) -> intake.Upload:
    """An upload with these texts; `double_py` is double.py."""
    contents = {name.replace("_py", ".py").replace("_txt", ".txt"): text.encode() for name, text in files.items()}
    return intake.Upload(contents, sha256=intake.content_sha256(contents))
