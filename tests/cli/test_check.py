"""npfl-kit check: what is wrong is told case by case, with what to do; exit code 0 right, 1 not right, 2 a mistake."""
import json
import pathlib
import subprocess
import sys

import pytest

from npfl_kit import data
from npfl_kit.cli import check, main
from npfl_kit.grading import record
from tests.grading import small_course

DRAWN = """
title = "Drawn figures"
kind = "predictions"

[data]
dataset = "glyphs"
metric = "accuracy"

[[cases]]
id = "seen"
points = 1
expect.accuracy = { at_least = 0.9 }
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(main.VERBS, "check", check)
    return folder


def test_right_work_is_said_to_be_right_and_how_to_hand_it_in(course, command):
    code, out, err = command("check", "double", course / "double.py")

    assert (code, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["double", "right"], ["plus", "right"]]
    assert "2 of 2 points of public cases; 2 more are of cases that only the course runs." in out
    assert f"Next: npfl-kit pack double {course / 'double.py'}" in out and "secret" not in out


def test_the_file_in_this_folder_is_taken_when_none_is_given(course, command):
    pathlib.Path("double.py").write_text(small_course.DOUBLE, encoding="utf-8")

    assert command("check", "double")[0] == 0


def test_a_wrong_case_says_all_that_helps(course, command):
    pathlib.Path("double.py").write_text(small_course.DOUBLE.replace("2 * x", "3 * x"), encoding="utf-8")

    code, out, _ = command("check", "double")

    assert code == 1
    said = out[out.index("double: double(x="):]
    for part in ("expected    ", "got         ", "it matters  All else builds on it.", "next        ",
                 "again       npfl-kit check double --case=double"):
        assert f"\n  {part}" in said
    assert "plus: Not counted, as case double failed." in out and "0 of 2 points" in out


def test_the_command_that_is_shown_runs_that_case_alone(course, command):
    pathlib.Path("double.py").write_text(small_course.DOUBLE, encoding="utf-8")

    code, out, _ = command("check", "double", "double.py", "--case=plus")

    assert code == 0 and "1 of 1 points" in out and "\ndouble" not in out


def test_the_page_says_the_same(course, command):
    code, out, _ = command("check", "double", course / "double.py", "--html=report.html")

    assert code == 0 and "Wrote report.html." in out
    page = pathlib.Path("report.html").read_text(encoding="utf-8")
    assert "2 of 2 points" in page and "secret" not in page


def test_the_page_shows_what_was_predicted_wrongly_at_home(course, command):
    (course / "drawn.toml").write_text(DRAWN, encoding="utf-8")
    classes = data.load("glyphs").split("dev").labels.copy()
    classes[7] = (classes[7] + 1) % 10
    pathlib.Path("predictions_dev.txt").write_text("".join(f"{each}\n" for each in classes), encoding="utf-8")

    code, _, _ = command("check", "drawn", "--html=report.html")

    page = pathlib.Path("report.html").read_text(encoding="utf-8")
    assert code == 0 and page.count("<figure") == page.count("data:image/png") == 1 and "no. 7" in page


def test_json_is_the_record(course, command):
    code, out, _ = command("check", "double", course / "double.py", "--json")

    found = record.Record.from_json(json.loads(out))
    assert code == 0 and found.score == 2 and [case.id for case in found.cases] == ["double", "plus"]


@pytest.mark.parametrize("arguments, said", [
    (["duoble"], "did you mean double"), (["double"], "There is no double.py in this folder"),
    (["double", "absent.py"], "absent.py"), (["double", "{lab}", "--case=secret"], "There is no public case 'secret'"),
    (["double", "{lab}", "--case=duoble"], "did you mean double")])
def test_a_mistake_is_one_sentence(course, command, arguments, said):
    code, out, err = command("check", *(each.format(lab=course / "double.py") for each in arguments))

    assert code == 2 and out == "" and err.startswith("error: ") and said in err and "Traceback" not in err


def test_a_file_of_another_name_says_which_one_is_wanted(course, command):
    pathlib.Path("mine.py").write_text(small_course.DOUBLE, encoding="utf-8")

    code, out, _ = command("check", "double", "mine.py")

    assert code == 1 and "asks for a file double.py; got mine.py" in out and "unreadable" in out


def test_what_a_student_prints_cannot_act_in_the_terminal(course, command):
    pathlib.Path("double.py").write_text("def double(x): raise ValueError('\\x1b[31mred\\x1b]0;title\\x07')\n"
                                         "def plus(x, y): return x\n", encoding="utf-8")

    code, out, _ = command("check", "double")

    assert code == 1 and "\x1b" not in out and "ValueError: red" in out


def test_predictions_of_dev_are_judged_at_home(course, command):
    from npfl_kit import data
    (course / "double.toml").write_text('title = "Glyphs"\nkind = "predictions"\n[data]\ndataset = "glyphs"\n'
                                        'metric = "accuracy"\n[[cases]]\nid = "seen"\npoints = 1\n'
                                        'expect.accuracy = { at_least = 0.9 }\n', encoding="utf-8")
    labels = data.load("glyphs").split("dev").labels
    pathlib.Path("predictions_dev.txt").write_text("".join(f"{each}\n" for each in labels))
    pathlib.Path("bad").mkdir()
    pathlib.Path("bad/predictions_dev.txt").write_text("3\n" * len(labels))

    right, wrong = command("check", "double"), command("check", "double", "bad/predictions_dev.txt")

    assert right[0] == 0 and "1 of 1 points" in right[1]
    assert wrong[0] == 1 and "accuracy: 0.0" in wrong[1] and "expected at least 0.9" in wrong[1]


def test_tensorflow_is_not_imported_by_the_parent(course):
    code = ("import sys; from npfl_kit.cli import check, main; main.VERBS['check'] = check; "
            f"code = main.entry(['check', 'double', {str(course / 'double.py')!r}]); "
            "sys.exit(code or 'tensorflow' in sys.modules)")

    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, timeout=120).returncode == 0
