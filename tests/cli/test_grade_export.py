"""Grades leave the store as tables, XML, results of Gradescope and reports."""
import csv
import io
import json
import re
import xml.etree.ElementTree as xml

import pytest

from npfl_kit.grading.pages import export_csv


@pytest.fixture
def graded(command, course):
    for person, text in (("ada", "# 0.5 graded"), ("ada", "# 1.0 graded"), ("=bob", "# 0.8 graded"),
                         ("eve", "# 0 student_error")):
        command("submit", "first", course.archive(text), f"--person={person}")
    assert command("grade", "run", course.store)[0] == 0
    return course


def test_a_table_goes_to_the_screen_or_to_a_file(command, graded, tmp_path):
    code, out, err = command("grade", "export", graded.store, "--to=csv")
    said = command("grade", "export", graded.store, "--to=csv", f"--output={tmp_path / 'grades.csv'}")

    assert (code, err) == (0, "") and (tmp_path / "grades.csv").read_text(encoding="utf-8") == out
    assert said[:2] == (0, f"Wrote {tmp_path / 'grades.csv'}.\n")
    assert [(row["person"], row["points"], row["state"]) for row in csv.DictReader(io.StringIO(out))] == [
        ("'=bob", "4.0", "graded"), ("ada", "5.0", "graded"), ("eve", "0.0", "student_error")]


def test_the_help_says_what_is_in_each_column(command):
    out = command("grade", "export", "--help")[1]

    assert [name for name in export_csv.COLUMNS if not re.search(rf"^  (\w+, )?{name}\b", out, re.M)] == []


def test_xml_is_for_students_unless_asked_otherwise(command, graded):
    seen = command("grade", "export", graded.store, "--to=junit", "--lab=first")[1]
    whole = command("grade", "export", graded.store, "--to=junit", "--private")[1]

    root = xml.fromstring(seen.encode())
    assert [suite.get("name") for suite in root] == [f"first submission {number}" for number in (1, 2, 3, 4)]
    for text, expected in ((seen, "1 of 2 cases"), (whole, "all")):
        failed = [test for test in xml.fromstring(text.encode())[0] if test.find("failure") is not None]
        said = ["It is wrong." in test.find("failure").get("message") for test in failed]
        assert said == [True, expected == "all"]


def test_a_file_per_submission_for_gradescope(command, graded, tmp_path):
    code, out, _ = command("grade", "export", graded.store, "--to=gradescope", f"--output={tmp_path / 'out'}")

    values = {path.name: json.loads(path.read_text()) for path in (tmp_path / "out" / "first").iterdir()}
    assert code == 0 and "Wrote 4 files" in out
    assert {name: value["score"] for name, value in values.items()} == {
        "1.json": 2.5, "2.json": 5.0, "3.json": 4.0, "4.json": 0.0}


def test_a_report_per_submission(command, graded, tmp_path):
    command("grade", "export", graded.store, "--to=html", f"--output={tmp_path / 'out'}")

    page = (tmp_path / "out" / "first" / "1.html").read_text(encoding="utf-8")
    assert "A first task: 2.5 of 5 points" in page and "Look again." in page and "\x1b" not in page
    assert "Your grade in this task so far: 5 of 5 points, from submission 2" in page
    assert page.count("It is wrong.") == 1      # of the public case alone


@pytest.mark.parametrize("format", ["gradescope", "html"])
def test_what_writes_many_files_needs_a_folder(command, graded, format):
    code, out, err = command("grade", "export", graded.store, f"--to={format}")

    assert (code, out) == (2, "") and "--output=FOLDER" in err


def test_mistakes_are_sentences(command, graded, tmp_path):
    assert command("grade", "export", graded.store, "--to=csv", "--lab=frist")[2].startswith("error: There is no lab")
    assert command("grade", "export", tmp_path / "nowhere", "--to=csv")[0] == 2
    assert command("grade", "export", graded.store, "--to=xls")[0] == 2
