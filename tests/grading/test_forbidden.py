"""Forbidden names are found under other names, too; what cannot be searched is not taken for harmless."""
import ast
import sys
import time

import pytest

from npfl_kit.grading.uploads import forbidden, source_names

TAPE = ["tf.GradientTape"]


def lines(source, names=TAPE):
    return [line for _, line in source_names.search(ast.parse(source), names)]


@pytest.mark.parametrize("source", [
    "import tensorflow as tf\nwith tf.GradientTape() as tape: pass",
    "import tensorflow as nothing_special\nnothing_special.GradientTape()",
    "import tensorflow\ntensorflow.GradientTape",
    "import tensorflow.python.eager.backprop as b\nb.GradientTape()",
    "import tensorflow as tf\ntf.compat.v1.GradientTape()",
    "\nfrom tensorflow import GradientTape as harmless",
    "\nfrom tensorflow.python.eager.backprop import GradientTape",
    "from tensorflow import *\nGradientTape()",
    "import tensorflow as tf\ngetattr(tf, 'GradientTape')",
    "import tensorflow as tf\ngetattr(tf, 'Gradient' + 'Tape')()",
    "import tensorflow as tf; n = 'Tape'\ngetattr(tf, f'Gradient{n}')()",
    "import tensorflow as tf, builtins\nbuiltins.getattr(tf, 'GradientTape')",
    "import tensorflow as tf, operator\noperator.attrgetter('GradientTape')(tf)",
    "import tensorflow as tf\ntf.__dict__['GradientTape']",
    "import tensorflow as tf\nvars(tf)['GradientTape']",
    "import importlib\nimportlib.import_module('tensorflow').GradientTape",
    "from importlib import import_module as load; t = load('tensorflow')\nt.GradientTape",
    "t = __import__('tensorflow')\nt.GradientTape()",
    "import sys\nsys.modules['tensorflow'].GradientTape",
    "import tensorflow as tf\nglobals()['tf'].GradientTape",
    "import tensorflow as tf; t = tf; u = t; v = u\nv.GradientTape",
    "def f():\n    return v.GradientTape\ndef g():\n    global v, u\n    v = u\n    u = t\nimport tensorflow as t",
    "import tensorflow as tf; a, b = 1, tf\nb.GradientTape",
    "import tensorflow as tf\ndef f(t=tf): return t.GradientTape",
    "import tensorflow as tf\n(t := tf).GradientTape",
    "def f(self):\n    return self.tf.GradientTape()",
    "def f():\n    return load_it().GradientTape()",
])
def test_a_name_is_found_whatever_it_is_called(source):
    assert 2 in lines(source), lines(source)


@pytest.mark.parametrize("source", [
    "import tensorflow as tf\ntape = tf.gradients", "# tf.GradientTape", "'tf.GradientTape'",
    "class GradientTape:\n    pass\nGradientTape()", "def GradientTape(): pass\nx = GradientTape()",
    "from my_tapes import GradientTape\nGradientTape()", "import my_tapes\nmy_tapes.GradientTape()",
    "tape = GradientTape = None", "import tensorflow as tf\ngetattr(tf.optimizers, name)", ""])
def test_what_only_looks_like_it_is_left_alone(source):
    assert lines(source) == []


@pytest.mark.parametrize("source, names, found", [
    ("import numpy as np\nnp.linalg.inv(x)", ["np.linalg.inv"], 2),
    ("from numpy.linalg import inv", ["np.linalg.inv"], 1),
    ("from numpy import linalg\nlinalg.inv(x)", ["np.linalg"], 2), ("import torch.nn as nn", ["torch"], 1),
    ("from torch.nn import Linear", ["torch"], 1),
    ("import numpy as np\ndef f(a=np.linalg): return a.inv(x)", ["np.linalg.inv"], 2),
    ("def f(x):\n    return c.inv(x)\ndef g():\n    global b, c\n    c = b\n    b = a\nimport numpy.linalg as a",
     ["np.linalg.inv"], 2),
    ("import tensorflow as tf\ntf.keras.layers.LSTM(3)", ["keras.layers"], 2),
    ("from tensorflow import keras\nkeras.layers.LSTM(3)", ["tf.keras.layers.LSTM"], 2),
    ("\nexec('x')", ["exec"], 2), ("import builtins\nbuiltins.eval('1')", ["eval"], 2),
    ("e = eval\ne('1')", ["eval"], 1), ("from npfl_kit import core", ["npfl_kit.core"], 1),
    ("import npfl_kit.core.boxes", ["npfl_kit.core"], 1), ("from npfl_kit.core import boxes", ["npfl_kit.core"], 1)])
def test_modules_functions_and_built_ins_can_be_forbidden(source, names, found):
    assert found in lines(source, names)


@pytest.mark.parametrize("source, names", [
    ("x.inv()", ["np.linalg.inv"]), ("model.evaluate(x)", ["eval"]), ("self.exec()", ["exec"]),
    ("import torchvision", ["torch"]), ("from npfl_kit import scoring", ["npfl_kit.core"])])
def test_functions_of_other_things_are_left_alone(source, names):
    assert lines(source, names) == []


def test_a_use_is_named_as_the_task_names_it_with_its_line():
    source = b"import tensorflow as t\nfrom numpy import linalg as a\nt.GradientTape()\na.inv(3)\n"

    assert forbidden.uses(source, ["np.linalg.inv", "tf.GradientTape", "torch"]) == [
        ("tf.GradientTape", 3), ("np.linalg.inv", 4)]


@pytest.mark.parametrize("source", [b"def", b"x = \x00", b"\xff", b"# coding: no_such\nx", "\ud800",
                                    "if 1:\n\tx\n        y"])
def test_a_source_that_is_no_python_is_a_syntax_error(source):
    with pytest.raises(SyntaxError):
        forbidden.uses(source, TAPE)


def test_a_source_is_read_in_its_own_encoding():
    hidden = b"# coding: utf-7\nimport tensorflow as tf\n+AHQAZg.GradientTape()"

    assert forbidden.uses(hidden, TAPE) == [("tf.GradientTape", 3)]
    assert forbidden.uses("\ufeffimport tensorflow as tf\ntf.GradientTape".encode(), TAPE) == [("tf.GradientTape", 2)]


@pytest.mark.parametrize("source", [
    b"1" + b"+1" * 100_000, b"a" + b".a" * 100_000, b"a" + b"(1)" * 100_000, b"-" * 100_000 + b"1",
    b"lambda:" * 20_000 + b"1", b"x = 1\n" * 200_000, b"a" + b"(b, 'c')" * 30_000],
    ids=["sum", "attributes", "calls", "signs", "lambdas", "long", "calls with arguments"])
def test_what_cannot_be_searched_is_said_so_and_crashes_nothing(source):
    start = time.perf_counter()

    assert forbidden.uses(source, TAPE) == [(forbidden.UNSEARCHABLE, 1)]
    assert time.perf_counter() - start < 10


def test_a_search_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(forbidden, "SECONDS", 0.01)

    assert forbidden.uses(b"x = 1", TAPE) == [(forbidden.UNSEARCHABLE, 1)]


def test_long_chains_are_searched_quickly():
    source = "x" + ".map(a, 'b')" * 60 + "\n" + "\n".join(f"a{place} = a{place + 1}" for place in range(2000))
    start = time.perf_counter()

    assert lines(source) == []
    assert time.perf_counter() - start < 2


def test_a_source_is_never_run(tmp_path):
    marker = tmp_path / "ran"

    forbidden.uses(f"open({str(marker)!r}, 'w')\nimport tensorflow".encode(), TAPE)

    assert not marker.exists()


def test_the_search_needs_no_package():
    code = "import sys; print([name for name in sys.modules if name.split('.')[0] in ('numpy', 'npfl_kit')])"

    found = forbidden.subprocess.run([sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path("
                                      f"{source_names.__file__!r}); {code}"], capture_output=True, text=True)

    assert found.stdout.strip() == "[]", found.stderr
