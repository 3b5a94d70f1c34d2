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
