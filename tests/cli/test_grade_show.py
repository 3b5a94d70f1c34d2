"""Who has what, and why: for teachers to read, and for programs."""
import json

import pytest

from npfl_kit.grading.grader import engine


@pytest.fixture
def graded(command, course):
    """Ada's second submission is the better one; Bob and Carl are a team; Eve's waits."""
    for person, text, team in (("ada", "# 0.5 graded", None), ("ada", "# 1.0 graded", None),
                               ("bob", "# 0.8 graded", ["bob", "carl"])):
        command("submit", "first", course.archive(text, **({"team": team} if team else {})), f"--person={person}")
    assert command("grade", "run", course.store)[0] == 0
    command("submit", "first", course.archive("# 0 limit"), "--person=eve")
    return course


def test_each_person_has_a_line_with_the_best_that_counts(command, graded):
    code, out, err = command("grade", "show", graded.store)

    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[:6] == ["first: A first task, 5 points".split(),
                        "person points state counts graded waiting note".split(),
                        "ada 5 graded #2 2 -".split(), "bob 4 graded #3 1 -".split(), "carl 4 graded #3 1 -".split(),
                        "eve 0 waits - 0 1".split()]
    assert f"1 wait. Type: npfl-kit grade run {graded.store} --lab=first" in out


def test_the_json_has_the_same(command, graded):
    [lab] = json.loads(command("grade", "show", graded.store, "--json")[1])

    assert lab["lab"] == "first" and len(lab["task_version"]) == 64
    assert [(each["person"], each["points"], each["submission"], each["waiting"]) for each in lab["persons"]] == [
        ("ada", 5.0, 2, []), ("bob", 4.0, 3, []), ("carl", 4.0, 3, []), ("eve", 0.0, None, [4])]
    assert set(lab["persons"][0]) == {"person", "points", "of", "state", "late", "factor", "order_points",
                                      "submission", "received_at", "submissions", "waiting", "note"}


def test_lateness_shows(command, graded):
    graded.write_task("[late]\ndue = 2020-01-01T00:00:00Z\n")

    assert "graded, late x 0.00" in command("grade", "show", graded.store)[1]


def test_an_empty_store_says_how_to_hand_in(command, graded, tmp_path):
    from npfl_kit.grading.stores import store as stores
    stores.Store(tmp_path / "empty", make=True).close()

    assert "npfl-kit submit LAB FILES" in command("grade", "show", tmp_path / "empty")[1]


def test_why_tells_every_case_and_what_it_cost(command, graded):
    code, out, _ = command("grade", "why", graded.store, 1)

    assert code == 0 and "\x1b" not in out
    lines = out.splitlines()
    assert lines[0] == "#1 first by ada" and "graded: 2.5 of 5 points" in lines
    assert "area: graded, 1 of 2, public, 0.25 s, 5.0 MB, L1" in lines
    assert "secret: graded, 1.5 of 3, hidden, 0.25 s, 5.0 MB, L1" in lines
    assert {"  expected  4", "  got       5", "  why       It is wrong.", "  next      Look again.",
            "  again     npfl-kit check first", "  numpy 1.26.4"} <= set(lines)


def test_why_names_the_team_and_the_history(command, graded):
    command("grade", "rerun", graded.store, 3)

    lines = command("grade", "why", graded.store, 3)[1].splitlines()

    assert lines[0] == "#3 first by bob with carl"
    assert [line.split("(")[1].split(")")[0] for line in lines if line.startswith("run ")] == ["submit", "rerun"]


def test_why_of_what_waits_says_so(command, graded):
    assert "It has no result yet" in command("grade", "why", graded.store, 4)[1]
    assert json.loads(command("grade", "why", graded.store, 4, "--json")[1])["record"] is None


def test_the_json_of_why_is_the_record(command, graded):
    found = json.loads(command("grade", "why", graded.store, 1, "--json")[1])

    assert (found["submission"], found["person"], found["team"]) == (1, "ada", ["ada"])
    assert [run["score"] for run in found["runs"]] == [2.5] and found["record"]["score"] == 2.5
    assert set(found["record"]["cases"][0]) == {
        "id", "state", "score", "max", "visibility", "expected", "actual", "rationale", "help", "seconds", "peak_rss",
        "isolation", "reproduce"}


def test_a_number_that_is_not_there_is_a_sentence(command, graded):
    code, out, err = command("grade", "why", graded.store, 44)

    assert code == 2 and out == "" and "There is no submission 44" in err


def test_a_fault_of_ours_is_explained(command, graded, monkeypatch):
    def grade(task, upload, context):
        raise OSError("no memory")
    monkeypatch.setattr(engine, "grade", grade)
    command("grade", "run", graded.store)

    assert "OSError: no memory" in command("grade", "why", graded.store, 4)[1]
