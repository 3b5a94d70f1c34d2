"""Running the cases of a submission: what is asked, what comes back, and in which order a child learns of it."""
import time

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.grading.sandbox import isolation, private_root, readable, runner
from npfl_kit.grading.sandbox.runner import JobCase
from npfl_kit.grading.tasks.task import Limits
from npfl_kit.grading.wire import values

QUICK = Limits(seconds=20, memory=10**9)


def run(source, cases, limits=QUICK, level=None, **parts):
    sources = source if isinstance(source, dict) else {"lab.py": source.encode()}
    return runner.run(sources, cases, limits, level or isolation.probe(), **parts)


def states(outcomes):
    return [outcome.state for outcome in outcomes]


def test_functions_get_arrays_by_position_and_by_name():
    source = "def area(boxes, scale=1, *, shift): return boxes.prod(axis=-1) * scale + shift\n"
    boxes = values.to_json(np.array([[2., 3], [4, 5]], np.float32))

    outcome, = run(source, [JobCase("a", call="area", arguments={"shift": 1, "1": 2, "0": boxes})])

    assert (outcome.state, outcome.error) == ("ok", None)
    np.testing.assert_array_equal(outcome.value, np.array([13, 41], np.float32), strict=True)


LAB = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", default=3, type=int)
parser.add_argument("--seed", default=7, type=int)
print("imported")

def main(args):
    print("running", args.seed)
    return {"epochs": args.epochs, "seed": args.seed, "name": __name__, "file": __file__.rsplit("/")[-1]}
"""


def test_main_gets_the_flags_and_otherwise_its_own_defaults():
    one, two = run(LAB, [JobCase("a", kind="main", flags=["--epochs=1"]),
                         JobCase("b", kind="main", flags=["--seed=1"])])

    assert one.value == {"epochs": 1, "seed": 7, "name": "__npfl_kit__", "file": "lab.py"}
    assert two.value["epochs"] == 3
    assert (one.output, two.output) == ("imported\nrunning 7\n", "running 1\n")


def test_a_flag_that_the_parser_does_not_know_is_an_error():
    outcome, = run(LAB, [JobCase("a", kind="main", flags=["--epoch_count=1"])])

    assert (outcome.state, outcome.error["type"]) == ("error", "SystemExit")
    assert "--epoch_count" in outcome.output and "code 2" in outcome.error["text"]


def test_another_file_of_the_upload_can_be_imported():
    sources = {"lab.py": b"import other\ndef f(): return other.VALUE\n",
               "other.py": b"VALUE = open('data.txt').read()\n", "data.txt": b"text"}

    outcome, = run(sources, [JobCase("a", call="f")])

    assert outcome.value == "text"


def test_an_error_has_the_lines_of_the_student_alone():
    source = "import json\n\ndef f(x):\n    return json.loads(x)\n"

    outcome, = run(source, [JobCase("a", call="f", arguments={"0": "{"})])

    assert (outcome.state, outcome.error["type"]) == ("error", "JSONDecodeError")
    assert outcome.error["traceback"] == ["lab.py, line 4, in f: return json.loads(x)"]


@pytest.mark.parametrize("source, kind", [
    ("raise ValueError('at import')\ndef f(): return 1\n", "ValueError"),
    ("def f(): return 1\nexit(0)\n", "SystemExit"), ("def f(:\n", "SyntaxError"),
    ("import no_such_module\ndef f(): return 1\n", "ModuleNotFoundError")])
def test_an_error_of_the_import_is_that_of_each_case(source, kind):
    outcomes = run(source, [JobCase("a", call="f"), JobCase("b", call="f")])

    assert [(outcome.state, outcome.error["type"]) for outcome in outcomes] == [("error", kind)] * 2


def test_an_endless_import_is_a_limit_of_each_case():
    outcomes = run("while True: pass\ndef f(): return 1\n", [JobCase("a", call="f"), JobCase("b", call="f")],
                   import_seconds=0.3)

    assert [(outcome.state, outcome.error["text"]) for outcome in outcomes] == \
        [("limit", "It took longer than 0.3 s, the time of the imports.")] * 2


def test_a_case_has_its_own_time():
    source = "import time\ndef f(seconds): time.sleep(seconds); return 1\n"

    one, two, three = run(source, [JobCase("a", call="f", arguments={"0": 0.4}),
                                   JobCase("b", call="f", arguments={"0": 60}, seconds=0.3),
                                   JobCase("c", call="f", arguments={"0": 0})])

    assert states([one, two, three]) == ["ok", "limit", "ok"]
    assert one.seconds >= 0.4 and 0.3 <= two.seconds < 5
    assert two.error["text"] == "It took longer than 0.3 s, the time of a case."


def test_after_a_crash_the_other_cases_run_and_repeats_of_the_same_do_not():
    source = "import os\ncalls = []\ndef f(x):\n    calls.append(x)\n    return len(calls) if x < 2 else os._exit(3)\n"

    outcomes = run(source, [JobCase(name, repeat, call="f", arguments={"0": x}) for name, repeat, x in
                            [("a", 0, 1), ("b", 0, 1), ("b", 1, 2), ("b", 2, 1), ("c", 0, 1)]])

    assert states(outcomes) == ["ok", "ok", "lost", "lost", "ok"]
    assert [outcome.value for outcome in outcomes] == [1, 2, None, None, 1]     # c ran in a new child
    assert (outcomes[2].seconds is None, outcomes[3].seconds is None) == (False, True)
    assert "exit code 3" in outcomes[2].error["text"]


@pytest.mark.parametrize("number, said", [(9, "SIGKILL"), (40, "the signal 40"), (24, "processor time")])
def test_every_signal_has_an_outcome(number, said):
    source = f"import os\ndef f(): os.kill(os.getpid(), {number})\n"

    outcome, = run(source, [JobCase("a", call="f")], level=isolation.L0)

    assert outcome.state == ("limit" if number == 24 else "lost") and said in outcome.error["text"]


def test_a_case_is_not_told_before_the_one_ahead_of_it_has_ended():
    source = """
import gc, os, select, time
def f(x):
    time.sleep(0.2)
    seen = "".join(repr(each) for each in gc.get_objects() if type(each) is dict and "SECRET" in repr(each)[:2000])
    readable = [n for n in os.listdir("/proc/self/fd") if int(n) >= 200 and select.select([int(n)], [], [], 0)[0]]
    return ["SECRET-2" in seen, readable]
"""
    outcomes = run(source, [JobCase("public", call="f", arguments={"0": "SECRET-1"}),
                            JobCase("hidden", call="f", arguments={"0": "SECRET-2"})])

    assert outcomes[0].value == [False, []]
    assert outcomes[1].value[0]


@pytest.mark.parametrize("sources", [{"a.txt": b""}, {}, {"a.py": b"def main(a): 0", "b.py": b"def main(a): 1"},
                                     {"a.py": b"# def main(args):"}, {"a.py": b"  def main(args): pass"}])
def test_an_upload_without_one_script_is_an_error(sources):
    outcome, = run(sources, [JobCase("a", kind="main")])

    assert (outcome.state, outcome.error["type"]) == ("error", "Upload")
    assert "def main(" in outcome.error["text"]


@pytest.mark.parametrize("source, text", [("def f(): return object()\n", "got a object"),
                                          ("def f(): return [1] * 2 * 10**6\n", "at most"),
                                          ("def f(): return 10**30\n", "10**18")])
def test_a_value_of_another_kind_is_an_error(source, text):
    outcome, = run(source, [JobCase("a", call="f")])

    assert (outcome.state, outcome.value) == ("error", None) and text in outcome.error["text"]


def test_a_value_that_is_not_finite_comes_as_it_is():
    outcome, = run("def f(): return [float('nan'), float('inf')]\n", [JobCase("a", call="f")])

    assert repr(outcome.value) == "[nan, inf]"      # and a judge refuses it


def test_our_mistakes_are_raised():
    with pytest.raises(ValueError, match="same id"):
        run("", [JobCase("a", call="f"), JobCase("a", call="f")])
    with pytest.raises(ValueError, match="no folder"):
        run({"../a.py": b""}, [JobCase("a", call="f")])
    with pytest.raises(ValueError, match="variables of a box"):
        run("def f(): 0", [JobCase("a", call="f")], environment={"PYTHONPATH": "."})


def test_no_cases_have_no_outcomes():
    assert run("def f(): 0", []) == []


def test_a_sandbox_that_does_not_start_is_our_fault(monkeypatch):
    monkeypatch.setattr(private_root, "DROPPED", ("--no-such-option",))

    with pytest.raises(isolation.IsolationError, match="did not start"):
        run("def f(): 0", [JobCase("a", call="f")], level=isolation.Level("L1", "unshare"))


def test_a_folder_of_data_that_is_not_there_is_named(tmp_path):
    with pytest.raises(errors.DataError, match="no such folder"):
        run("def f(): 0", [JobCase("a", call="f")], data_dirs=[tmp_path / "no such folder"])


@pytest.mark.parametrize("name", ["L0", "L1"])
def test_data_is_read_only_and_the_box_is_not(name, tmp_path):
    try:
        level = isolation.at(name)
    except isolation.IsolationError as error:
        pytest.skip(str(error))
    (tmp_path / "data.txt").write_text("data")
    source = """
import os
def f(folder):
    open("own.txt", "w").write("x")
    text = open(folder + "/data.txt").read()
    try:
        open(folder + "/new.txt", "w")
    except OSError as error:
        return [text, error.errno, os.environ["NPFL_KIT_DATA"] == folder]
"""
    outcome, = run(source, [JobCase("a", call="f", arguments={"0": str(tmp_path)})], level=level, data_dirs=[tmp_path],
                   environment={"NPFL_KIT_DATA": str(tmp_path)})

    assert outcome.value == (["data", 30, True] if level.tool else None)     # EROFS; level 0 is for one's own code
    assert outcome.isolation == name


TRAINING = """
import argparse
import time

import numpy as np
import tensorflow as tf
parser = argparse.ArgumentParser()
parser.add_argument("--seed", default=1, type=int)

def main(args):
    tf.keras.utils.set_random_seed(args.seed)
    x = np.random.default_rng(0).normal(size=[64, 3]).astype("float32")
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(x, x.sum(axis=1), epochs=2, verbose=0)
    return {"loss": history.history["loss"][-1], "weights": model.layers[0].kernel}
"""


@pytest.mark.skipif(not readable.site_folders(), reason="no folder of installed packages")
def test_tensorflow_trains_in_the_strongest_sandbox_and_repeats_itself():
    one, two = run(TRAINING, [JobCase("a", kind="main"), JobCase("b", kind="main")], Limits(seconds=30))

    assert states([one, two]) == ["ok", "ok"], one
    assert one.value["loss"] == two.value["loss"] > 0 and one.value["weights"].shape == (3, 1)
    assert 10**8 < one.peak_rss < 10**9 and one.output == ""


def test_the_repeats_of_a_case_have_its_time_together():
    sources = {"lab.py": b"import time\n\n\ndef slow():\n    time.sleep(0.4)\n    return 1\n"}
    cases = [runner.JobCase("slow", repeat, call="slow", seconds=1) for repeat in range(30)]

    started = time.monotonic()
    outcomes = runner.run(sources, [*cases, runner.JobCase("other", call="slow", seconds=1)], Limits(), isolation.L0)

    assert time.monotonic() - started < 8
    assert [outcome.state for outcome in outcomes[:2]] == ["ok", "ok"]
    assert {outcome.state for outcome in outcomes[2:-1]} == {"limit"} and outcomes[-1].state == "ok"


def test_code_that_takes_too_long_says_where_it_was():
    source = "def wait():\n    while True:\n        pass\n\n\ndef f():\n    wait()\n"

    outcome, = run(source, [JobCase("a", call="f", seconds=0.5)])

    assert outcome.state == "limit"
    assert [line.split(", in ")[1] for line in outcome.error["traceback"]] == ["f", "wait"]


def test_a_crash_inside_of_a_library_says_where_it_was():
    source = "import ctypes\n\n\ndef f():\n    return ctypes.string_at(0)\n"

    outcome, = run(source, [JobCase("a", call="f")])

    assert outcome.state == "lost" and outcome.error["traceback"] == ["lab.py, line 5, in f"]
    assert "SIGSEGV" in outcome.error["text"]


def test_after_an_error_the_other_repeats_of_the_case_are_not_run():
    source = "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls) if x else 1 / x\n"

    outcomes = run(source, [JobCase(name, repeat, call="f", arguments={"0": x}) for name, repeat, x in
                            [("a", 0, 1), ("a", 1, 0), ("a", 2, 1), ("b", 0, 1)]])

    assert states(outcomes) == ["ok", "error", "error", "ok"] and outcomes[-1].value == 3
    assert outcomes[2].error == outcomes[1].error


@pytest.mark.parametrize("value", ["np.zeros((3000, 3000))", "np.zeros((3000, 3000)).tolist()"])
def test_a_giant_value_is_refused_at_once(value):
    sources = f"import numpy as np\ndef f(): return {value}\n"

    started = time.monotonic()
    outcomes = run(sources, [JobCase("a", repeat, call="f") for repeat in range(10)])

    assert states(outcomes) == ["error"] * 10 and time.monotonic() - started < 4
    assert "1,000,000 numbers" in outcomes[0].error["text"]
