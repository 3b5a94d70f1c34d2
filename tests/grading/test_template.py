"""Templates: what a mark covers is the student's to write, the rest stays, and the file parses and says what to do."""
import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npfl_kit import errors, lab_files
from npfl_kit.grading.proofs import template

MARKED = [path for path in lab_files.paths() if "# Exercise: " in path.read_text(encoding="utf-8")]
NAMES = [path.stem for path in MARKED]
SOLUTION = '''import math


class Net:
    def call(self, x):
        """Kept."""
        # Exercise: the output.
        y = x

        text = """
no indentation
"""
        return (y,
    text)

    def other(self):
        if self:
            # Exercise: the first branch.
            a = 1
        else:
            a = 2
        return a


def last(x):
    before = 1
    # Exercise: a part.
    x = before
    # End of exercise.
    return x
'''


def test_a_mark_covers_the_rest_of_its_block_or_up_to_its_end():
    found = template.exercises(SOLUTION)

    assert [(each.first, each.last, each.within) for each in found] == [
        (7, 14, "Net.call"), (18, 19, "Net.other"), (27, 29, "last")]
    assert [each.text for each in found] == ["the output.", "the first branch.", "a part."]


@pytest.mark.parametrize("mark", ["if x:", "elif y:", "else:", "try:", "except OSError:", "finally:", "while y:"])
def test_a_mark_belongs_to_its_own_branch(mark):
    branches = "if x:", "elif y:", "else:", "try:", "except OSError:", "finally:", "while y:"
    marks = {line: "        # Exercise: it.\n" if line == mark else "" for line in branches}
    source = "def f(x, y):\n" + "".join(f"    {line}\n{marks[line]}        x = y\n" for line in branches)

    found = template.template(source)

    assert found.count("x = y") == 6 and f"{mark}\n        # TODO: it.\n        raise" in found


def test_what_is_covered_becomes_a_todo_that_raises_and_the_rest_stays():
    found = template.template(SOLUTION)

    assert "no indentation" not in found and "a = 1" not in found and "x = before" not in found
    assert '"""Kept."""' in found and "a = 2" in found and "before = 1" in found and "return x\n" in found
    assert found.count("# TODO: ") == found.count("raise NotImplementedError(") == 3
    assert "            # TODO: the first branch.\n            raise NotImplementedError(\"Net.other: " in found
    ast.parse(found)


def test_a_template_has_no_mark_left_and_cannot_be_made_into_another():
    with pytest.raises(errors.DataError, match="marks nothing"):
        template.template(template.template(SOLUTION))


@pytest.mark.parametrize("source, line", [
    ("# Exercise: all.\nx = 1\n", 1),                                                       # of the module
    ("def f():\n    # Exercise: a.\n    x = 1\n    # Exercise: b.\n    return x\n", 4),     # within another
    ("def f():\n    return 1\n    # Exercise: nothing.\n", 3),                              # above nothing
    ("def f():\n  # Exercise: elsewhere.\n    return 1\n", 2),                              # further to the left
    ("def f():\n    if f:\n        # Exercise: elsewhere.\n        pass\n    # Exercise: b.\n", 5)])
def test_a_mark_in_the_wrong_place_is_named(source, line):
    with pytest.raises(errors.DataError, match=f"the lab, line {line}: "):
        template.template(source)


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=0x2fff), min_size=1).filter(str.strip)
       .map(str.strip).filter(lambda text: len(text.splitlines()) == 1))
def test_any_text_of_a_mark_gives_a_file_that_parses_and_says_it(text):
    source = f"def f():\n    # Exercise: {text}\n    return 1\n"

    tree = ast.parse(template.template(source))

    assert tree.body[0].body[0].exc.args[0].value == f"f: {text}"


@pytest.mark.parametrize("text", ["a" * 90, "a " * 51 + "b", "a" * 102, 'say "it" \\ ' * 8 + "."])
def test_a_long_text_is_cut_into_lines_that_fit(text):
    found = template.template(f"def f():\n    # Exercise: {text}\n    return 1\n")

    assert all(len(line) <= template.WIDEST for line in found.splitlines())
    assert ast.parse(found).body[0].body[0].exc.args[0].value == f"f: {text}"


@pytest.mark.parametrize("path", MARKED, ids=NAMES)
def test_the_template_of_a_lab_parses_and_fits_the_width(path):
    source = path.read_text(encoding="utf-8")

    found = template.template(source, path.name)

    assert all(len(line) <= template.WIDEST for line in found.splitlines())
    kept = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    outside = {node.name for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    left = {node.name for node in ast.walk(ast.parse(found)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert outside <= left <= kept


@pytest.mark.slow
@pytest.mark.parametrize("path", MARKED, ids=NAMES)
def test_the_template_of_a_lab_answers_help(path, tmp_path):
    (tmp_path / path.name).write_text(template.template(path.read_text(encoding="utf-8")), encoding="utf-8")

    done = subprocess.run([sys.executable, tmp_path / path.name, "--help"], capture_output=True, text=True,
                          timeout=120)

    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr
