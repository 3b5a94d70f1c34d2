"""npfl-kit grade template: the students' version lies beside the assignment, and nothing is overwritten."""
import pathlib

import pytest

from npfl_kit.cli import grade_template, main
from tests.grading import small_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    (folder / "double.md").write_text("# double\n", encoding="utf-8")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(main.VERBS, "template", grade_template)
    return folder


def test_the_template_and_the_assignment_are_written(course, command):
    code, out, _ = command("template", "double", "--output=students")

    text = pathlib.Path("students/double.py").read_text(encoding="utf-8")
    assert code == 0 and "2 * x" not in text and "# TODO: twice each number." in text
    assert pathlib.Path("students/double.md").read_text(encoding="utf-8") == "# double\n"
    assert out.splitlines()[1].split() == ["double", "twice", "each", "number."]
    assert f"npfl-kit check double {pathlib.Path('students/double.py')}" in out


def test_nothing_is_overwritten(course, command):
    pathlib.Path("double.md").write_text("mine", encoding="utf-8")

    code, _, err = command("template", "double")

    assert code == 2 and "double.md is there already" in err and not pathlib.Path("double.py").exists()
    assert pathlib.Path("double.md").read_text(encoding="utf-8") == "mine"


def test_a_lab_without_marks_says_how_to_make_one(course, command):
    (course / "double.py").write_text("x = 1\n", encoding="utf-8")

    code, _, err = command("template", "double")

    assert code == 2 and "# Exercise: what to write." in err


PREDICTIONS = '''
title = "Glyphs"
kind = "predictions"
[data]
dataset = "glyphs"
metric = "accuracy"
flags = ["--epochs=2"]
[[cases]]
id = "seen"
points = 1
expect.accuracy = { at_least = 0.9 }
'''


def test_a_task_of_predictions_is_run_before_it_is_checked(course, command):
    (course / "double.toml").write_text(PREDICTIONS, encoding="utf-8")

    out = command("template", "double", "--output=students")[1].splitlines()

    assert out[-2:] == ["Next:    npfl-kit run students/double.py --dataset=glyphs --epochs=2",
                        "         npfl-kit check double logs/double-DATE/predictions_dev.txt"]


def test_a_script_without_a_task_is_run(course, command):
    (course / "double.toml").unlink()

    assert "Next:    npfl-kit run students/double.py" in command("template", "double", "--output=students")[1]


def test_a_folder_that_cannot_be_written_to_is_said_so(course, command):
    pathlib.Path("file").write_text("", encoding="utf-8")

    for place in ("/proc/x", "/proc", "file", "file/x"):
        code, _, err = command("template", "double", f"--output={place}")

        assert code == 2 and f"Nothing can be written to the folder {place}. Choose another" in err
