"""`npfl-kit pack` says all that is wrong, or what is packed and what to type next."""
import json
import zipfile

import pytest

from npfl_kit import data
from npfl_kit.cli import main, pack

TASK = '''title = "A task"
kind = "runs"
team = 2

[[cases]]
id = "one_epoch"
points = 1
flags = ["--epochs=1"]
expect.accuracy = { at_least = 0.5 }
'''
SOURCE = "import argparse\nparser = argparse.ArgumentParser()\n\n\ndef main(args):\n    return {}\n"


@pytest.fixture
def lab(lab_folder, tmp_path, monkeypatch):
    """The lab `first` with a task, and a student's file for it; gives the file."""
    monkeypatch.setitem(main.VERBS, "pack", pack)
    (lab_folder / "first.toml").write_text(TASK)
    (tmp_path / "first.py").write_text(SOURCE)
    return tmp_path / "first.py"


def test_files_are_packed_and_the_next_command_is_named(command, lab, tmp_path):
    code, out, err = command("pack", "first", lab, "--team=Ada Lovelace,Alan Turing")

    assert (code, err) == (0, "")
    assert "first.py" in out and "Team: Ada Lovelace, Alan Turing" in out
    assert f"nothing was run. That does: npfl-kit check first {lab}" in out
    assert out.splitlines()[-1] == "Next: npfl-kit submit first first.zip --store=STORE"
    assert zipfile.ZipFile(tmp_path / "first.zip").namelist() == ["manifest.json", "first.py"]


def test_the_metrics_of_a_run_folder_are_told(command, lab, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"lab": "first", "metrics": {"accuracy": 0.5, "loss": None}}))

    code, out, _ = command("pack", "first", lab)

    assert code == 0 and "Measured at home: accuracy 0.5" in out


def test_a_store_that_the_environment_names_is_not_asked_for(command, lab, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_STORE", "/store")

    assert command("pack", "first", lab)[1].splitlines()[-1] == "Next: npfl-kit submit first first.zip"


def test_a_file_that_is_no_python_is_run_from_its_folder(command, lab):
    lab.write_text("def main(args)\n")

    assert f"Try: python3 {lab}" in command("pack", "first", lab)[2]


def test_predictions_are_checked_by_the_file_of_the_dev_split_beside_them(command, lab_folder, tmp_path):
    (lab_folder / "first.toml").write_text('title = "Drawn"\nkind = "predictions"\n[data]\ndataset = "glyphs"\n'
                                           'metric = "accuracy"\n[[cases]]\nid = "seen"\npoints = 1\n'
                                           'expect.accuracy = { at_least = 0.9 }\n')
    labels = data.load("glyphs").split("test").labels
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "predictions.txt").write_text("".join(f"{each}\n" for each in labels))

    out = command("pack", "first", "run/predictions.txt")[1]

    assert "That does: npfl-kit check first run/predictions_dev.txt" in out


@pytest.mark.parametrize("results", ["[]", "{", '{"lab": "second", "metrics": {"accuracy": 1}}', '{"lab": "first"}',
                                     '{"lab": "first", "metrics": 3}'])
def test_another_results_file_is_passed_over(command, lab, tmp_path, results):
    (tmp_path / "results.json").write_text(results)

    code, out, _ = command("pack", "first", lab)

    assert code == 0 and "Measured" not in out


@pytest.mark.parametrize("change, arguments, said", [
    ("def main(args)\n", (), "first.py, line 1: expected Python"), (SOURCE, ("--team=A,B,C",), "allows 2"),
    (SOURCE, ("--output=first",), "does not end in .zip"), (SOURCE, ("absent.py",), "Cannot read")])
def test_what_is_wrong_is_a_sentence(command, lab, tmp_path, change, arguments, said):
    lab.write_text(change)

    code, out, err = command("pack", "first", lab, *arguments)

    assert code == 2 and out == "" and err.startswith("error: ") and said in err
    assert not (tmp_path / "first.zip").exists()


def test_an_unknown_lab_is_named_with_the_nearest(command, lab):
    code, _, err = command("pack", "frist", lab)

    assert code == 2 and "first" in err


def test_an_archive_that_cannot_be_written_is_a_sentence(command, lab, tmp_path):
    (tmp_path / "folder.zip").mkdir()

    code, _, err = command("pack", "first", lab, "--output", tmp_path / "folder.zip")

    assert code == 2 and "Cannot write" in err
