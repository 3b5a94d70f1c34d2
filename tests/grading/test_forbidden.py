"""Forbidden names are found under other names, too; what cannot be searched is not taken for harmless."""
import ast
import sys
import time

import pytest

from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.uploads import called_names, forbidden, source_names

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
    code = f"{forbidden.SEARCH}; print([name for name in sys.modules if name in ('numpy', 'tensorflow', 'site')])"

    found = forbidden.subprocess.run([sys.executable, "-I", "-S", "-c", code, forbidden.KIT, '[["os"], ["f"]]'],
                                     input="def f(): pass", capture_output=True, text=True)

    assert found.stdout.split() == ["[]", "[]"], found.stderr


IMPORTS = "from npfl_kit.core import boxes\nimport npfl_kit, sys, builtins, operator\n"     # two lines
HONEST = "def f(x):\n    return g(x)\ndef g(x):\n    return x\n"


def of_called(source, names=("npfl_kit",), called=("f",)):
    return [line for _, line in called_names.search(ast.parse(IMPORTS + source), names, called)]


@pytest.mark.parametrize("source", [
    "def f(x): return boxes.iou(x)", "f = boxes.iou", "def f(x): pass\nf = boxes.iou", "f = lambda x: boxes.iou(x)",
    "def f(x): return g(x)\ndef g(x): return h(x)\nh = boxes.iou", "class f:\n    def __call__(self): boxes",
    "def f(x): return TRUE['f'](x)\nTRUE = {'f': boxes.iou}", "def f(x): return C.g(x)\nclass C:\n    g = boxes.iou",
    "def f(x): return C['f'](x)\nC = {}\nC['f'] = boxes.iou", "def f(x): return C['f'](x)\nC = {}\nC.update(f=boxes)",
    "def f(x): return C['f'](x)\nC = {}\ndef fill(): C['f'] = boxes.iou\nfill()",
    "def f(x, g=boxes.iou): return g(x)", "from functools import wraps\n@boxes.deco\ndef f(x): pass",
    "def f(x): pass\nf.__code__ = boxes.iou.__code__", "def f(x): pass\nsetattr(f, '__code__', boxes.iou)",
    "def f(x): pass\nfor name in 'f': f = boxes.iou", "if x:\n    def f(x): return boxes.iou(x)",
    "try: f = boxes.iou\nexcept Exception: pass", "with x as f: boxes", "(f := boxes.iou)", "f, g = boxes.iou, 1",
    "def f(x): pass\nglobals()['f'] = boxes.iou", "def f(x): pass\nglobals().update(f=boxes.iou)",
    "def f(x): pass\nsys.modules[__name__].f = boxes.iou", "def f(x): pass\nvars()['f'] = boxes.iou",
    "def f(x): pass\nsetattr(sys.modules[__name__], 'f', boxes.iou)",
    "def f(x): pass\ndef install():\n    global f\n    f = boxes.iou\ninstall()",
    "def f(x): pass\ndef install(y=None):\n    global f\n    f = boxes.iou\n@install\ndef other(): pass",
    "def f(x): pass\ndef install(): globals()['f'] = boxes.iou\ndef other(y=install()): pass",
    "def f(x): pass\ndef install(): globals()['f'] = boxes.iou\ndef other(y: install()): pass",
    "def f(x): pass\nclass C:\n    globals()['f'] = boxes.iou", "def __getattr__(name): return boxes.iou",
    "def f(x): return max(x)\nbuiltins.max = boxes.iou", "def f(x): pass\nimport __npfl_kit__ as m\nm.f = boxes.iou",
    "def f(x): pass\n__name__ = '__main__'\nif __name__ == '__main__': f = boxes.iou",
    "def f(x): pass\nif __name__ != '__main__': f = boxes.iou",
    "def f(x): pass\nif __name__ == '__main__': pass\nelse: f = boxes.iou",
    "from npfl_kit.core.boxes import iou as f", "from npfl_kit.core.boxes import *\ndef f(x): return iou(x)",
    "C = {}\ndef put(x): C['f'] = x\ndef f(x):\n    put(1)\n    return C['f'](x)\nput(boxes.iou)",
    "def f(x): pass\nfrom npfl_kit.core.boxes import *",
    "def f(x):\n    from npfl_kit.core import boxes as b\n    b.iou(x)",
    "def f(x):\n    import npfl_kit.core.boxes\n    return npfl_kit.core.boxes.iou(x)",
    "def f(x):\n    global boxes\n    boxes = boxes\n    return boxes.iou(x)",
    "def f(x):\n    return [b(x) for b in [boxes.iou]]", "def f(x): return (lambda b=boxes: b.iou(x))()",
    "def f(x):\n    def g():\n        nonlocal x\n        x = boxes.iou\n    g()\n    return x",
    "def f(x): return eval('boxes.iou')(x)", "e = eval\ndef f(x): return e('boxes')",
    "def f(x): return globals()['b']",
    "def f(x): return getattr(x, x.name)", "def f(x): exec('')",
    "def f(x): return list(map(getattr, x, x))",
    "def f(x): return __import__('n' + x)", "def f(x): return sys.modules[x]", "def f(x): return builtins.eval(x)",
    "def f(x): return operator.attrgetter(x)(boxes)", "def f(x): return f.__globals__['boxes']",
    "import importlib as i\ndef f(x): return i.import_module('npfl' + x)", "def f(x): return __builtins__['eval'](x)",
    "def f(x): pass\ngetattr(builtins, 'se' + 'tattr')(f, 'a', boxes)",
    "def f(x): pass\nclass C:\n    def m(self, it): it.f = boxes.iou\nC().m(f)"])
def test_what_called_functions_reach_is_searched(source):
    assert of_called(source), source


@pytest.mark.parametrize("source", [
    "", "TRUE = {'f': boxes.iou, 'g': lambda x: boxes.iou(x)}", "def verify(): return boxes.iou(f(1)), globals()['f']",
    "def main(args):\n    for name in TRUE: TRUE[name]()\nTRUE = {'f': boxes.iou}",
    "if __name__ == '__main__':\n    globals()['f'](boxes.iou)",
    "parser = npfl_kit.LabParser()\nparser.add_argument(f)",
    "class Net(npfl_kit.Model):\n    def build(self): self.boxes = boxes\n    def call(self, x): return f(boxes)",
    "def other(): global h; h = boxes.iou", "f_too = f2 = f"])
def test_what_they_do_not_reach_is_left_alone(source):
    assert of_called(HONEST + source) == []


@pytest.mark.parametrize("source", [
    "def f(boxes): return boxes.iou", "def f(x):\n    boxes = x\n    return boxes.iou",
    "def f(*boxes): return boxes[0]",
    "def f(x): return [boxes.iou for boxes in x]", "f = lambda boxes: boxes.iou",
    "def f(x):\n    for boxes in x: pass\n    return lambda: boxes.iou",
    "def f(x):\n    def boxes(): return 1\n    return boxes()", "def f(x):\n    with x as boxes: return boxes",
    "import numpy as np\ndef f(x): return np.max(x) + len(x) + getattr(x, 'ndim') + K\nK = 3\nTRUE = boxes, K"])
def test_local_variables_are_not_modules_of_their_names(source):
    assert of_called(source) == []


def test_a_comprehension_begins_outside_of_itself():
    assert of_called("def f(x):\n    return [boxes for boxes in boxes.iou(x)]") == [4]


def test_of_several_sources_all_is_searched():
    task = task_file.read(task_file.find("bboxes_utils"))

    assert forbidden.entries(task, ["bboxes_utils.py", "help.py"]) == []
    assert forbidden.entries(task, ["bboxes_utils.py"])[0] == "bboxes_area"
    assert forbidden.entries(task_file.read(task_file.find("lstm_manual")), ["lstm_manual.py"]) == []


@pytest.mark.parametrize("source", [b"return", b"def f(x): yield\nawait x", b"nonlocal x"])
def test_what_fails_to_compile_is_a_syntax_error_for_called_functions_too(source):
    with pytest.raises(SyntaxError):
        forbidden.uses(source, TAPE, ["f"])


def test_many_parts_are_searched_quickly():
    source = "".join(f"def f{place}(x): return f{place + 1}(x)\nx{place} = f{place}\n" for place in range(300))
    start = time.perf_counter()

    assert of_called(source, called=["f0"]) == []
    assert time.perf_counter() - start < 2
