"""Exports: each is what its reader expects, whatever strangers wrote, and pays no more than the policies say."""
import csv
import io
import json
import math
import re
import xml.etree.ElementTree as xml

import pytest
from hypothesis import given
from hypothesis import strategies as some

from npfl_kit.grading import record
from npfl_kit.grading.marks import lateness, policy, student_view
from npfl_kit.grading.pages import export_csv, export_gradescope, export_junit
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task
from tests.grading import canaries, policy_cases
from tests.grading.policy_cases import DIGEST, a_record, a_task

WHEN, AFTER = lateness.instant("2026-11-22T00:00:00Z"), lateness.instant("2027-01-01T00:00:00Z")
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"visible", "hidden", "after_due_date", "after_published"}
TOP = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility",
       "stdout_visibility", "extra_data", "tests", "leaderboard"}
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
        "visibility", "extra_data"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def check_results(value):
    """The schema of Gradescope, as reference text has it; nothing besides is accepted."""
    assert set(value) <= TOP and ("score" in value or all("score" in each for each in value["tests"]))
    assert is_number(value["score"]) and value["score"] >= 0 and is_number(value["execution_time"])
    assert isinstance(value["output"], str) and isinstance(value["extra_data"], dict)
    assert {value["output_format"], value["test_output_format"], value["test_name_format"]} <= FORMATS
    assert {value["visibility"], value["stdout_visibility"]} <= VISIBLE
    for each in value["tests"]:
        assert set(each) <= TEST and each["status"] in ("passed", "failed")
        assert is_number(each["score"]) and is_number(each["max_score"]) and 0 <= each["score"] <= each["max_score"]
        assert all(isinstance(each[name], str) for name in ("name", "number", "output"))
        assert {each["output_format"], each["name_format"]} <= FORMATS and each["visibility"] in VISIBLE
        assert isinstance(each["tags"], list) and all(isinstance(tag, str) for tag in each["tags"])
    for each in value.get("leaderboard", []):
        assert set(each) == {"name", "value", "order"} and each["order"] in ("asc", "desc")
        assert is_number(each["value"])


def submission(person="ada", number=7):
    return entries.Submission(number, "first", person, (person,), "2026-11-21T20:00:00.000000+00:00", DIGEST, DIGEST)


def rows_of(course, described=None, order=None):
    text = export_csv.table({"first": policy.grades(described or a_task(), course.runs, order)})
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_table_has_one_line_per_person():
    course = policy_cases.Course()
    course.hand_in(a_record(7.25), "ada", ["ben"])
    late = task.Late("2026-11-21T12:00:00Z", "2026-11-21T16:00:00Z")
    course.hand_in(a_record(8.0), "cyd", at=2)

    rows = rows_of(course, a_task(late=late), {"ada": 2.5})

    assert [(row["person"], row["points"], row["state"], row["late"], row["submission"], row["order_points"])
            for row in rows] == [("ada", "9.75", "graded", "no", "1", "2.5"),
                                 ("ben", "7.25", "graded", "no", "1", "0.0"),
                                 ("cyd", "6.0", "graded", "yes", "2", "0.0")]
    assert rows[0]["received_at"] == "2026-11-21T12:00:00.000000+00:00"


@pytest.mark.parametrize("name", [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\tada", "\rada", "\nada", "\r=1", "\n=1", " =1", "\u200b=1", "\uff1d1",
    '=HYPERLINK("http://evil","x")', "\x1b[1m=1", "=cmd|'/c calc'!A1"])
def test_no_cell_is_a_formula(name):
    course = policy_cases.Course()
    course.hand_in(a_record(), name)

    [row] = rows_of(course)

    assert not row["person"].startswith(FORMULA) and not row["person"].lstrip(" ").startswith(FORMULA)


@given(some.text(some.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_stays_in_its_cell(name):
    course = policy_cases.Course()
    course.hand_in(a_record(3.0), name)

    [row] = rows_of(course)

    assert row["points"] == "3.0" and not row["person"].startswith(FORMULA) and None not in row


def test_an_ordinary_name_is_not_changed():
    assert [export_csv.cell(name) for name in ("Žofie Nováková", "o'hara", "1", "a=b")] == [
        "Žofie Nováková", "o'hara", "1", "a=b"]


def test_a_grade_that_is_not_finite_is_never_written():
    with pytest.raises(ValueError, match="not finite"):
        export_csv.table({"first": {"ada": policy.Grade(float("nan"), 1.0, "graded", None)}})


def junit(*records):
    text = export_junit.document([(submission(number=number), each) for number, each in enumerate(records, 1)])
    return xml.fromstring(text.encode())


def test_a_suite_counts_what_its_tests_say():
    cases = (record.CaseRecord("good", "graded", 1.0, 1.0, seconds=0.5), record.CaseRecord("part", "graded", 0.5, 1.0),
             record.CaseRecord("late", "limit", 0.0, 1.0), record.CaseRecord("ours", "grader_error", 0.0, 1.0))
    found = record.Record("first", "v1", DIGEST, record.overall(cases), cases)

    root = junit(found, found)

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("8", "2", "4")
    for suite in root:
        tests = suite.findall("testcase")
        assert suite.get("tests") == str(len(tests)) and float(suite.get("time")) == 0.5
        assert [[child.tag for child in test if child.tag != "properties"] for test in tests] == [
            [], ["failure"], ["error"], ["error"]]
        assert tests[2].find("error").get("type") == "limit"


def test_points_are_properties():
    [suite] = junit(a_record(2.5, 10.0))

    def properties(element):
        return {each.get("name"): each.get("value") for each in element.find("properties")}
    assert properties(suite)["score"] == properties(suite.find("testcase"))["score"] == "2.5"
    assert properties(suite.find("testcase"))["max"] == "10.0" and properties(suite)["person"] == "ada"


def test_hostile_text_is_valid_xml():
    root = junit(canaries.a_hostile_record())

    for element in root.iter():
        assert element.tag in {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error"}
    assert "<script>alert(1)</script>" in root.find(".//error").get("message")


@given(some.text(some.characters(), max_size=50))
def test_any_text_is_valid_xml(text):
    case = record.CaseRecord(text, "graded", 0.0, 1.0, expected=text, actual=text, rationale=text, help=text)
    found = record.Record(text, text, text, "graded", (case,), {text: text})

    document = export_junit.document([(submission(text), found)])

    xml.fromstring(document.encode("utf-8"))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", document)


@pytest.mark.parametrize("when", [WHEN, AFTER])
@pytest.mark.parametrize("state", record.STATES)
def test_results_have_the_schema(state, when):
    value = export_gradescope.results(canaries.a_record(state), canaries.a_task(), when)

    check_results(json.loads(export_gradescope.text(value)))


def test_hostile_results_have_the_schema_too():
    value = export_gradescope.results(canaries.a_hostile_record(), canaries.a_task(), WHEN)

    check_results(json.loads(export_gradescope.text(value)))


def results_of(score, described, person="ada", team=(), at=0):
    course = policy_cases.Course()
    course.hand_in(a_record(score), person, team, at)
    [worth] = policy.counted(described, course.runs)
    return export_gradescope.results(worth.run.result, described, WHEN, worth)


@pytest.mark.parametrize("parts, at, score, said", [
    ({"threshold": 9}, 0, 0.0, "All cases were judged. 0 of these points count: 8 of 10, below 9."),
    ({"late": task.Late("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")}, 1, 6.0,
     "All cases were judged. 6 of these points count: late x 0.75."),
    ({"per_day": 0}, 0, 0.0, "All cases were judged. 0 of these points count: one too many of its day."),
    ({}, 0, 8.0, "All cases were judged.")])
def test_the_score_is_that_of_the_policies_and_the_output_says_why(parts, at, score, said):
    found = results_of(8.0, a_task(**parts), at=at)

    check_results(found)
    assert (found["score"], found["output"]) == (score, said) and found["tests"][0]["score"] == 8.0
    assert export_gradescope.results(a_record(8.0), a_task(**parts), WHEN)["score"] == 8.0


def test_results_name_who_handed_in():
    extra = results_of(8.0, a_task(), "ben", ["ada"])["extra_data"]

    assert (extra["person"], extra["team"]) == ("ben", ["ada", "ben"])


def test_no_test_hides_the_total_and_those_of_later_come_later():
    def tests(when):
        value = export_gradescope.results(canaries.a_record(), canaries.a_task(), when)
        return [(each["name"], each["visibility"]) for each in value["tests"]]

    assert tests(WHEN) == [("seen", "visible"), ("kept", "visible")]
    assert tests(AFTER) == [("seen", "visible"), ("kept", "visible"), ("later", "visible")]


def test_the_leaderboard_has_the_rounded_public_score():
    found = export_gradescope.results(canaries.a_record(), canaries.a_task(), WHEN)

    assert found["leaderboard"] == [{"name": "accuracy", "value": 0.876, "order": "desc"}]
    assert "leaderboard" not in export_gradescope.results(canaries.a_record(), canaries.a_task(board=None), WHEN)


@pytest.mark.parametrize("points", [float("nan"), float("inf")])
def test_results_that_are_not_finite_are_never_written(points):
    course = policy_cases.Course()
    worth = policy.Counted(course.hand_in(a_record()), points, 1.0, 1, True)
    with pytest.raises(ValueError):
        export_gradescope.text(export_gradescope.results(a_record(), a_task(), WHEN, worth))


def test_a_state_without_a_reason_is_said_in_words():
    found = export_gradescope.results(a_record(state="limit"), a_task(), WHEN)

    assert found["output"] == student_view.SAID["limit"] and found["tests"][0]["status"] == "failed"
