"""A lab is run by name or path, and every flag after it is its own."""
import pytest

from npfl_kit import errors, version


def test_a_lab_runs_by_its_name(command, lab_folder):
    assert command("run", "first") == (0, "rate 0.5\n", "")


def test_flags_after_the_name_belong_to_the_lab(command, lab_folder):
    assert command("run", "first", "--rate=2") == (0, "rate 2.0\n", "")
    assert command("run", "first", "--rate", "3") == (0, "rate 3.0\n", "")


def test_help_after_the_name_is_the_help_of_the_lab(command, lab_folder):
    code, out, _ = command("run", "first", "--help")

    assert code == 0
    assert out.startswith("usage: npfl-kit run first [-h] [--rate RATE]") and "A first idea." in out


def test_a_wrong_flag_is_named_by_the_lab(command, lab_folder):
    code, _, err = command("run", "first", "--speed=1")

    assert code == 2 and "npfl-kit run first: error: unrecognized arguments: --speed=1" in err


def test_a_path_runs_and_sees_its_neighbors(command, tmp_path):
    (tmp_path / "neighbor_of_mine.py").write_text("WORD = 'hello'\n")
    (tmp_path / "mine.py").write_text("import argparse, neighbor_of_mine\nparser = argparse.ArgumentParser()\n"
                                      "def main(args): print(neighbor_of_mine.WORD)\n")

    assert command("run", tmp_path / "mine.py") == (0, "hello\n", "")


def test_the_usage_of_a_path_is_what_was_typed(command, lab_folder):
    path = lab_folder / "first.py"

    assert command("run", path, "--help")[1].split()[:4] == ["usage:", "npfl-kit", "run", str(path)]


@pytest.mark.parametrize("given, said", [("frist", "did you mean first?"), ("none.py", "There is no file none.py")])
def test_a_lab_that_is_not_there_is_a_sentence(command, lab_folder, given, said):
    code, _, err = command("run", given)

    assert code == 2 and said in err


@pytest.mark.parametrize("text, missing", [("", "`parser`"), ("parser = 1\n", "`main`")])
def test_a_script_that_is_no_lab_is_told_what_it_lacks(command, tmp_path, text, missing):
    (tmp_path / "plain.py").write_text(text)

    code, _, err = command("run", tmp_path / "plain.py")

    assert code == 2 and f"has no {missing}" in err


def test_a_wrong_stack_is_told_before_the_lab_is_imported(command, lab_folder, monkeypatch):
    def complain():
        raise errors.StackError("NumPy 2.")
    monkeypatch.setattr(version, "check_stack", complain)
    (lab_folder / "first.py").write_text("raise AssertionError('imported')")

    assert command("run", "first") == (2, "", "error: NumPy 2.\n")


def test_an_error_of_the_kit_inside_a_lab_is_its_sentence(command, lab_folder):
    (lab_folder / "third.py").write_text("from npfl_kit import errors\nraise errors.UsageError('Say more.')\n")

    assert command("run", "third") == (2, "", "error: Say more.\n")
