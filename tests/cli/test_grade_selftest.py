"""npfl-kit grade selftest and calibrate: a table, an exit code, and what is not seen by name."""
import json
import re

import pytest

from npfl_kit.cli import grade_calibrate, grade_selftest, main
from npfl_kit.grading.proofs import calibrate
from tests.grading import small_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(main.VERBS, "selftest", grade_selftest)
    monkeypatch.setitem(main.VERBS, "calibrate", grade_calibrate)
    monkeypatch.setattr(calibrate, "SETTINGS", {"one": {}})
    monkeypatch.setattr(calibrate.calibrate, "__defaults__", ({"one": {}}, lambda text: None))
    return folder


def test_a_good_task_is_green(course, command):
    code, out, _ = command("selftest", "double", "--repeats=1")

    assert code == 0 and "double: 4 of 4 as they should be" in out
    assert [line.split()[0] for line in out.splitlines()[1:5]] == ["solution", "template", "thrice", "minus"]


def test_a_mutant_that_passes_makes_it_red(course, command):
    (course / "double.mutants.toml").write_text('[[mutants]]\nname = "same"\nold = "2 * x"\nnew = "x * 2"\n')

    code, out, _ = command("selftest", "double", "--repeats=1")

    assert code == 1 and "WRONG: no case saw it" in out and "2 of 3" in out


def test_a_course_that_fails_is_told_why(course, command):
    code, out, _ = command("selftest", "double", "--repeats=1")
    (course / "double.py").write_text(small_course.DOUBLE.replace("return 2 * x", "return 2 * x / 0 * y"),
                                      encoding="utf-8")
    (course / "double.mutants.toml").write_text('[[mutants]]\nname = "one"\nold = "2 * x"\nnew = "2 * x + 1"\n')

    code, out, _ = command("selftest", "double", "--repeats=1")

    assert code == 1 and "double.toml, [[cases]] double, inputs: the reference solution double.py fails" in out


def test_calibration_writes_bands_and_names_what_no_case_sees(course, command):
    (course / "loss.mutants.toml").write_text(
        small_course.LOSS_MUTANTS + '[[mutants]]\nname = "hardly"\nold = "1 / (1 + args.size)"\nnew = "0.5"\n')

    code, out, err = command("calibrate", "loss", "--repeats=2")

    document = json.loads((course / "loss.reference.json").read_text(encoding="utf-8"))
    assert code == 1 and set(document["cases"]) == {"one", "two", "secret"} and "repeat 2 of 2: one" in err
    assert "not discriminating: hardly" in out and "one_more" not in out
    assert command("selftest", "loss", "--repeats=1")[0] == 1


def test_a_calibrated_task_is_green(course, command):
    assert command("calibrate", "loss", "--repeats=1")[0] == 0
    assert command("selftest", "loss", "--repeats=1")[0] == 0


@pytest.mark.parametrize("arguments, said", [
    (["selftest", "duoble"], "did you mean double"), (["selftest", "double", "--repeats=0"], "--repeats"),
    (["calibrate", "double", "--repeats=0"], "--repeats"), (["selftest", "loss"], "npfl-kit grade calibrate loss")])
def test_a_mistake_is_one_sentence(course, command, arguments, said):
    code, out, err = command(*arguments)

    assert code == 2 and err.startswith("error: ") and said in err and "Traceback" not in err


def test_a_task_about_data_has_nothing_to_calibrate(course, command):
    (course / "double.toml").write_text('title = "Glyphs"\nkind = "predictions"\n[data]\ndataset = "glyphs"\n'
                                        'metric = "accuracy"\n[[cases]]\nid = "seen"\npoints = 1\n'
                                        'expect.accuracy = { at_least = 0.9 }\n', encoding="utf-8")

    code, _, err = command("calibrate", "double")

    assert code == 2 and "nothing to calibrate" in err


def test_predictions_of_a_finished_run_are_tried(course, command, tmp_path):
    from npfl_kit import data
    (course / "double.toml").write_text('title = "Glyphs"\nkind = "predictions"\nthreshold = 1\n'
                                        'files = ["predictions.txt", "*.py"]\n[data]\ndataset = "glyphs"\n'
                                        'metric = "accuracy"\n[[cases]]\nid = "seen"\npoints = 1\n'
                                        'expect.accuracy = { at_least = 0.9 }\n', encoding="utf-8")
    (course / "double.mutants.toml").write_text("".join(
        f'[[mutants]]\nname = "{way}"\nspoil = "{way}"\nfails = ["seen"]\n'
        for way in ("constant", "late", "shuffled", "half", "other_split")))
    run = tmp_path / "run"
    run.mkdir()
    for name, split in ("predictions.txt", "test"), ("predictions_dev.txt", "dev"):
        (run / name).write_text("".join(f"{each}\n" for each in data.load("glyphs").split(split).labels))

    code, out, _ = command("selftest", "double", f"--run={run}")

    assert code == 0 and "8 of 8 as they should be" in out
    assert command("selftest", "double", f"--run={tmp_path / 'absent'}")[0] == 2


def test_a_task_without_mutants_has_its_table_and_is_told_how_to_write_some(course, command):
    (course / "double.mutants.toml").unlink()

    code, out, err = command("selftest", "double", "--repeats=1")

    assert code == 1 and "double: 2 of 2 as they should be" in out
    assert f"No mutants yet. Write some into {course / 'double.mutants.toml'}, such as:" in out
    assert command("calibrate", "double", "--repeats=1")[0] == 0


def test_each_trial_is_a_line_with_its_seconds(course, command):
    err = command("selftest", "double", "--repeats=1")[2]

    assert [line.partition(":")[0] for line in err.splitlines()] == ["solution 1", "template", "thrice", "minus"]
    assert all(re.fullmatch(r".*: as it should be, \d+\.\d s", line) for line in err.splitlines())


def test_the_help_shows_a_mutant(course, command):
    out = command("selftest", "--help")[1]

    assert "[[mutants]]" in out and "fails = " in out and "spoil = " in out


def test_mutants_that_do_not_fit_are_told_before_a_calibration(course, command):
    (course / "double.mutants.toml").write_text('[[mutants]]\nname = "a"\nold = "absent"\nnew = ""\n')

    code, out, err = command("calibrate", "double", "--repeats=1")

    assert code == 2 and "found it 0 times" in err and not (course / "double.reference.json").exists()


def test_a_wrong_name_of_an_argument_is_told_with_file_case_and_key(course, command):
    text = small_course.DOUBLE_TASK.replace('inputs.y = { normal = [2] }', 'inputs.z = { normal = [2] }')
    (course / "double.toml").write_text(text, encoding="utf-8")

    code, _, err = command("calibrate", "double", "--repeats=1")

    assert code == 2 and f"{course / 'double.toml'}, [[cases]] plus, inputs.z: " in err
    assert "unexpected keyword argument 'z'" in err
