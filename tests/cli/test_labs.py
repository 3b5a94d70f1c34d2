"""The table of labs, read from their headers and never by running them."""
import re

import pytest

from npfl_kit import errors, lab_files
from npfl_kit.cli import labs


def test_each_lab_is_a_line_with_topic_name_default_run_and_idea(command, lab_folder):
    code, out, _ = command("labs")

    assert code == 0
    assert re.search(r"^01_start +first +20 s on 4 CPU cores, test accuracy 0.97 +A first idea\.$", out, re.MULTILINE)
    assert re.search(r"^01_start +second ", out, re.MULTILINE)


def test_a_lab_is_never_run_to_be_listed(command, lab_folder):
    (lab_folder / "third.py").write_text('"""A third."""\nraise SystemExit("I ran")\n')

    code, out, err = command("labs")

    assert code == 0 and "A third." in out and "I ran" not in out + err


@pytest.mark.parametrize("text, said", [("def main(:\n", "does not parse"), ("x = 1\n", "no header"), ("\0", "parse")])
def test_a_broken_lab_is_shown_as_such(command, lab_folder, text, said):
    (lab_folder / "third.py").write_text(text)

    code, out, _ = command("labs")

    assert code == 0 and said in out and "A first idea." in out


@pytest.mark.parametrize("line, expected", [
    ("Run:    python3 labs/a.py   40 s on 4 cores", "40 s on 4 cores"),
    ("Run: npfl-kit run a  1 min, 0.99", "1 min, 0.99"), ("Run:    python3 labs/a.py", ""), ("Try: --a   b", "")])
def test_the_default_run_is_what_stands_apart_from_the_command(tmp_path, line, expected):
    (tmp_path / "a.py").write_text(f'"""Idea.\n\n{line}\nTry: something\n"""\n')

    assert labs.read(tmp_path / "a.py").expected == expected


def test_two_labs_of_one_name_are_told_apart_by_path(lab_folder):
    other = lab_folder.parent / "02_more"
    other.mkdir()
    (other / "first.py").write_text("")

    with pytest.raises(errors.UsageError, match="2 labs 'first'.*02_more"):
        lab_files.find("first")


def test_the_labs_of_the_course_have_headers(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)

    for path in lab_files.paths():
        assert not labs.read(path).idea.startswith("("), path
