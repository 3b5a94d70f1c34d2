"""Whether a source uses names that a task forbids, such as tf.GradientTape where the gradient is the exercise.

Other names of it are followed (`import tensorflow as t`, `from tensorflow import GradientTape as g`, `t = tf`), and
so are getattr with a text, importlib, sys.modules and `__dict__`. This deters; it proves nothing: Python always has
one more way to say a name, and a task that must be sure judges what comes out.

A source from a stranger is parsed in a process of its own, as Python 3.9 and 3.10 crash on deep expressions.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Union

from npfl_kit.grading.uploads import source_names

MOST_BYTES = 2**20
SECONDS = 20
UNSEARCHABLE = "code that is too long or too deep to be searched"


def uses(source: Union[str, bytes], names: Sequence[str]) -> list[tuple[str, int]]:
    """Which of the names a source uses, and in which lines.

    Args:
      source: a file is given as bytes, as it may name its own encoding, in which Python will read it.
      names: dotted; a module stands for all that is in it; `tf`, `np` and `keras` stand for the modules that everybody
        means by them.
    Returns: pairs of name and line, by line; `UNSEARCHABLE` and line 1 for a source that cannot be searched.
    Raises: SyntaxError for a source that is no Python.

    >>> uses(b"import tensorflow as tf\\ntape = tf.GradientTape()", ["tf.GradientTape"])
    [('tf.GradientTape', 2)]
    """
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > MOST_BYTES:
        return [(UNSEARCHABLE, 1)]
    command = [sys.executable, "-I", "-B", "-S", os.path.abspath(source_names.__file__), *names]
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
