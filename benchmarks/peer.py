"""Another library in a process of its own, under its own interpreter, timed in turn with the kit."""
from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable

import numpy as np

SERVE = """
import sys, time
import numpy as np
given = dict(np.load(sys.argv[1]))
{script}
for line in sys.stdin:
    case = line.strip()
    started = time.perf_counter()
    result = run(case) if case else np.save(sys.argv[2], result) or result
    print(time.perf_counter() - started, flush=True)
"""


class Peer:
    """A process that runs `run(case)` of a script on given arrays, as often as asked."""

    def __init__(self, python: str, script: str, **given: np.ndarray) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self._folder.name)
        np.savez(path / "given.npz", **given)
        self._result = path / "result.npy"
        self._process = subprocess.Popen([python, "-c", SERVE.format(script=script), path / "given.npz", self._result],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, case: str) -> float:
        """Run a case once."""
        assert self._process.stdin and self._process.stdout
        print(case, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("The peer's process died; its error stands above.")
        return float(answer)

    def result(self) -> np.ndarray:
        """What the last run gave."""
        self.seconds("")
        return np.load(self._result)


def is_there(python: str, module: str, install: str) -> bool:
    """Whether an interpreter has a library; otherwise says how to get it."""
    if python and os.path.exists(python) and not subprocess.run([python, "-c", f"import {module}"]).returncode:
        return True
    print(f"No {module} under --peer_python={python or 'PATH'}: its times are skipped. To get it:\n  {install}")
    return False


def seconds(function: Callable) -> float:
    """Run a function once."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def medians(rounds: int, *timers: Callable[[], float]) -> list[float]:
    """Median seconds of each timer; they run in turn, after two runs that do not count."""
    rows = [[timer() for timer in timers] for _ in range(rounds + 2)][2:]
    return [statistics.median(column) for column in zip(*rows)]
