"""What a student's process is given, and how its errors are described."""
import os
import pathlib
import subprocess
import sys

import pytest

from npfl_kit.grading.sandbox import box_environment, child, isolation, runner
from npfl_kit.grading.tasks.task import Limits

SEES = pathlib.Path(__file__).with_name("attacks") / "sees_its_limits.hostile"


def seen():
    outcome, = runner.run({"a.py": SEES.read_bytes()}, [runner.JobCase("a", call="attack")], Limits(seconds=20),
                          isolation.probe())
    return outcome.value


def test_a_student_sees_our_environment_and_no_other(monkeypatch):
    monkeypatch.setenv("API_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")

    found = seen()

    ours = box_environment.variables("", pathlib.Path(), {})
    assert set(found["environment"]) <= {*ours, "LC_CTYPE", "PWD", "SHLVL", "OLDPWD", "_"}      # the latter a shell's
    assert found["argv"] == ["a.py"]


def test_the_path_ends_with_the_box_and_never_begins_with_it():
    found = seen()

    assert found["path"][-1] == found["cwd"] and found["cwd"] not in found["path"][:-1]
    assert not any(place.endswith(("grading", "tests")) for place in found["path"])


def test_sets_have_the_same_order_in_each_run():
    assert seen()["order"] == seen()["order"]


def test_in_a_sandbox_there_are_no_rights_and_few_folders():
    if not isolation.probe().tool:
        pytest.skip("level 0 only")

    found = seen()

    assert found["no_new_privileges"] == "1" and set(found["capabilities"]) == {"0"}
    assert not {"sys", "mnt", "srv", "run"} & set(found["folders"])


def test_a_missing_errno_and_a_long_text_are_described():
    error = OSError("x" * 10_000)

    found = child.described(error, "/box")

    assert (found["type"], found["errno"], found["traceback"]) == ("OSError", None, [])
    assert len(found["text"]) == child.MOST_TEXT


def test_without_a_job_the_child_ends():
    ended = subprocess.run([sys.executable, "-s", "-B", child.__file__], stdin=subprocess.DEVNULL, capture_output=True)

    assert (ended.returncode, ended.stdout) == (0, b"")


@pytest.mark.parametrize("name", ["SECRET", "PYTHONPATH", "LD_PRELOAD", "HOME", "TF_", "tf_x"])
def test_only_variables_of_the_course_may_be_added(name):
    with pytest.raises(ValueError, match=name):
        box_environment.variables("/box", pathlib.Path("/kit"), {name: "x"})

    assert os.environ.get("NPFL_KIT_OFFLINE") == box_environment.variables("/box", pathlib.Path(), {})[
        "NPFL_KIT_OFFLINE"] == "1"


def error_of(source, tmp_path):
    (tmp_path / "lab.py").write_bytes(source)
    try:
        child.load("lab.py", str(tmp_path))
    except BaseException as error:
        return child.described(error, str(tmp_path))


@pytest.mark.parametrize("source, kind, place", [
    (b"x = 1\n\ndef f(x)\n    return x\n", "SyntaxError", "lab.py, line 3: def f(x)"),
    (b"def f():\nreturn 1\n", "IndentationError", "lab.py, line 2: return 1"),
    (b"if 1:\n        x = 1\n\ty = 2\n", "TabError", "lab.py, line 3: y = 2"),
    (b"x = 1\ny = 'caf\xe9'\n", "SyntaxError", "lab.py, line 2: y = 'caf\ufffd'")])
def test_the_place_of_a_syntax_error_is_its_own_line_and_none_of_python(tmp_path, monkeypatch, source, kind, place):
    monkeypatch.chdir(tmp_path)

    found = error_of(source, tmp_path)

    assert (found["type"], found["traceback"]) == (kind, [place]) and "lab.py" not in found["text"]


def test_an_error_inside_of_the_import_of_another_own_file_has_both_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "broken_helper.py").write_text("x = (\n")

    found = error_of(b"import broken_helper\n", tmp_path)

    assert found["traceback"] == ["lab.py, line 1, in <module>: import broken_helper",
                                  "broken_helper.py, line 1: x = ("]
