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
    assert out.count("asks for") == 1 and "\nall 2 cases: The task" in out


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


PREDICTED = DRAWN.replace('kind = "predictions"', 'kind = "predictions"\nfiles = ["predictions.txt", "*.py"]')


@pytest.fixture
def drawn(course):
    """A task of predictions, and right and wrong ones of its dev split in the folders `right` and `wrong`."""
    (course / "drawn.toml").write_text(PREDICTED, encoding="utf-8")
    labels = data.load("glyphs").split("dev").labels
    for name, classes in (("right", labels), ("wrong", [3] * len(labels))):
        pathlib.Path(name).mkdir()
        pathlib.Path(name, "predictions_dev.txt").write_text("".join(f"{each}\n" for each in classes))
    return course


def test_an_error_of_the_import_is_told_once_with_its_line(course, command):
    pathlib.Path("double.py").write_text("import argparse\nimport nowhere\n" + small_course.DOUBLE, encoding="utf-8")

    code, out, _ = command("check", "double")

    assert code == 1 and out.count("No module named 'nowhere'") == 1 and "Not counted" not in out
    assert "all 2 cases: The script cannot be imported: ModuleNotFoundError: No module named 'nowhere'" in out
    assert "  next        Look at double.py, line 2, in <module>: import nowhere" in out
    assert "  again       npfl-kit check double\n" in out


def test_a_syntax_error_is_told_with_its_line(course, command):
    pathlib.Path("double.py").write_text("def double(x)\n    return x\n\n\ndef plus(x, y): return x\n")

    out = command("check", "double")[1]

    assert "  next        Look at double.py, line 1: def double(x)" in out and "frozen" not in out


def test_what_the_script_prints_is_shown_and_cannot_act(course, command):
    pathlib.Path("double.py").write_text("def double(x):\n    print('x is \\x1b[31mred')\n    return 3 * x\n"
                                         "def plus(x, y):\n    return x\n")

    code, out, err = command("check", "double")
    code_json, out_json, err_json = command("check", "double", "--json")

    assert "\nIt printed:\n  [double]\n  x is red\n" in out and "\x1b" not in out and err == ""
    assert json.loads(out_json) and "x is red" in err_json and (code, code_json) == (1, 1)


def test_right_work_shows_nothing_that_it_printed(course, command):
    pathlib.Path("double.py").write_text(small_course.DOUBLE + "\nprint('hello')\n")

    assert "hello" not in command("check", "double")[1]


@pytest.mark.parametrize("name", ["predictions.txt", "drawn.py"])
def test_at_home_the_dev_file_is_checked_and_the_test_file_handed_in(drawn, command, name):
    pathlib.Path("right", name).write_text("1\n")

    code, out, err = command("check", "drawn", f"right/{name}")

    assert (code, out) == (2, "")
    assert "predictions_dev.txt" in err and "npfl-kit check drawn right/predictions_dev.txt" in err
    assert "predictions.txt is handed in" in err


def test_wrong_predictions_are_followed_by_whole_commands(drawn, command):
    out = command("check", "drawn", "wrong/predictions_dev.txt")[1]

    assert "npfl-kit check drawn wrong/predictions_dev.txt --html=report.html" in out
    assert "npfl-kit evaluate --dataset=glyphs --split=dev wrong/predictions_dev.txt" in out


def test_after_predictions_the_test_file_of_the_same_folder_is_packed(drawn, command):
    assert command("check", "drawn", "right/predictions_dev.txt")[1].splitlines()[-1] == \
        "Next: npfl-kit pack drawn right/predictions.txt YOUR_SCRIPT.py"


def test_a_right_archive_is_handed_in(course, command):
    pathlib.Path("double.py").write_text(small_course.DOUBLE, encoding="utf-8")
    command("pack", "double", "double.py")

    assert command("check", "double", "double.zip")[1].splitlines()[-1] == "Next: npfl-kit submit double double.zip"


def test_without_arguments_only_the_lab_is_missing(command):
    assert "required: LAB\n" in command("check")[2]


@pytest.mark.parametrize("place, said", [("folder", "folder is a folder"), ("absent/x.html", "no folder absent")])
def test_a_page_that_cannot_be_written_is_a_sentence_before_anything_runs(course, command, place, said):
    pathlib.Path("folder").mkdir()

    code, out, err = command("check", "double", course / "double.py", f"--html={place}")

    assert (code, out) == (2, "") and said in err and not pathlib.Path("absent").exists()


def test_equal_metrics_of_other_flags_are_wrong_and_not_uncounted(course, command):
    (course / "loss.toml").write_text(small_course.LOSS_TASK.replace("{ band = true }", "{ at_least = 0 }").replace(
        "{ band = true, at_most = 100 }", "{ at_least = 0 }"), encoding="utf-8")
    pathlib.Path("loss.py").write_text(small_course.LOSS.replace("args.size + args.seed % 1000 / 1000", "1.5"))

    out = command("check", "loss")[1]

    assert "although the flags differ" in out and "wrong" in out and "not counted" not in out


def test_help_names_every_field_of_the_json(course, command):
    said = command("check", "--help")[1]

    found = json.loads(command("check", "double", course / "double.py", "--json")[1])
    assert all(f'"{name}"' in said for name in [*found, *found["cases"][0]])
    assert all(state in said for state in record.STATES)
