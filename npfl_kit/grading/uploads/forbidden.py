"""Whether a source uses names that a task forbids, such as tf.GradientTape where the gradient is the exercise.

Other names of it are followed (`import tensorflow as t`, `from tensorflow import GradientTape as g`, `t = tf`), and
so are getattr with a text, importlib, sys.modules and `__dict__`. This deters; it proves nothing: Python always has
one more way to say a name, and a task that must be sure judges what comes out.

A task that calls functions asks what these use, and what they reach: the rest of a lab may compare them with the very
names that they must not use. A source from a stranger is parsed in a process of its own, as Python 3.9 and 3.10 crash
on deep expressions.
"""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Union

import npfl_kit
from npfl_kit.grading.tasks.task import Task

# A process without packages: the kit is found by its folder, behind Python's own modules.
SEARCH = ("import json, sys; sys.path.append(sys.argv[1]); from npfl_kit.grading.uploads import called_names; "
          "called_names.main(*json.loads(sys.argv[2]))")
KIT = str(Path(npfl_kit.__file__).absolute().parents[1])
MOST_BYTES = 2**20
SECONDS = 20
UNSEARCHABLE = "code that is too long or too deep to be searched"


def entries(task: Task, sources: Collection[str]) -> list[str]:
    """The functions whose uses count in a task; none if everything counts.

    Of several sources everything counts, as one may import any name of another.
    """
    return sorted({case.call for case in task.cases if case.call}) if len(sources) == 1 else []


def uses(source: Union[str, bytes], names: Sequence[str], called: Sequence[str] = ()) -> list[tuple[str, int]]:
    """Which of the names a source uses, and in which lines.

    Args:
      source: a file is given as bytes, as it may name its own encoding, in which Python will read it.
      names: dotted; a module stands for all that is in it; `tf`, `np` and `keras` stand for the modules that everybody
        means by them.
      called: functions of the source; with some, only what they reach counts, see `reachable`, and so does what can
        say any name there, such as eval. Without them, the whole source counts.
    Returns: pairs of name and line, by line; `UNSEARCHABLE` and line 1 for a source that cannot be searched.
    Raises: SyntaxError for a source that is no Python.

    >>> uses(b"import tensorflow as tf\\ntape = tf.GradientTape()", ["tf.GradientTape"])
    [('tf.GradientTape', 2)]
    >>> uses("import os\\ndef f(): pass\\ndef g(): os.fork()", ["os"], called=["f"])
    []
    """
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > MOST_BYTES:
        return [(UNSEARCHABLE, 1)]
    command = [sys.executable, "-I", "-B", "-S", "-c", SEARCH, KIT, json.dumps([list(names), list(called)])]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS)
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, BrokenPipeError, ValueError):
        answer = None
    if answer is None:
        return [(UNSEARCHABLE, 1)]
    if isinstance(answer, str):
        raise SyntaxError(answer)
    return [(name, line) for name, line in answer]
