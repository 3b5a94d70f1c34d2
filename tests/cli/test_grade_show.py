"""Who has what, and why: for teachers to read, and for programs."""
import json

import pytest

from npfl_kit.cli import grade_why
from npfl_kit.grading import record
from npfl_kit.grading.grader import engine
from npfl_kit.grading.stores import store as stores


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


def test_a_lab_that_is_left_out_is_an_exit_code(command, graded, lab_folder):
    (lab_folder / "first.toml").write_text("titel = 3", encoding="utf-8")

    for flags in ([], ["--json"]):
        code, out, err = command("grade", "show", graded.store, *flags)
        assert code == 2 and "first is left out: " in err and "no key 'titel'" in err
        assert "no submissions yet" not in out


@pytest.mark.parametrize("action", ["show", "run"])
def test_cases_that_are_never_told_are_noted_once(command, graded, action):
    graded.write_task(visibility="after_due")

    err = command("grade", action, graded.store)[2]

    assert err == "first: secret is never told to students, as [late] due is not set.\n"


@pytest.mark.parametrize("number", ["#1", "1"])
def test_a_number_may_be_written_as_it_is_shown(command, graded, number):
    assert command("grade", "why", graded.store, number)[1].startswith("#1 first by ada")
    assert command("grade", "rerun", graded.store, number)[0] == 0


@pytest.mark.parametrize("number", ["#", "one", "-1", "1.5", "##1"])
def test_what_is_no_number_is_a_sentence(command, graded, number):
    code, _, err = command("grade", "rerun", graded.store, "--", number)

    assert code == 2 and "number of a submission, such as 13 or #13" in err


def test_the_files_of_a_submission_are_written_into_a_new_folder(command, graded, tmp_path):
    code, out, _ = command("grade", "why", graded.store, "#2", f"--files={tmp_path / 'new' / 'files'}")
    again = command("grade", "why", graded.store, 2, f"--files={tmp_path / 'new' / 'files'}")

    assert code == 0 and f"Wrote first.py to {tmp_path / 'new' / 'files'}." in out
    assert (tmp_path / "new" / "files" / "first.py").read_text().startswith("# 1.0 graded\ndef area")
    assert again[0] == 2 and "is not empty" in again[2]


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


def test_why_says_which_cases_were_not_counted():
    cases = (record.CaseRecord("a", "graded", 0, 1, expected=1, actual=2, seconds=0.5, isolation="L1"),
             record.CaseRecord("b", "graded", 0, 1, rationale="Not counted, as case a failed."),
             record.CaseRecord("c", "graded", 1, 1, expected={}, seconds=0.1))

    said = [line for line in grade_why.cases(record.Record("first", "v", "s", "graded", cases)) if " of 1, " in line]

    assert said == ["\na: graded, 0 of 1, public, 0.50 s, L1", "\nb: not counted, 0 of 1, public",
                    "\nc: graded, 1 of 1, public, 0.10 s, data only"]


def test_why_shows_teachers_alone_what_was_printed(command, graded):
    with stores.Store(graded.store) as store:
        store.note("printed", "[secret]\n\x1b[31mthe inputs\n", 1)

    why, status = command("grade", "why", graded.store, 1)[1], command("status", "--person=ada")[1]

    assert "[secret]\n    the inputs\n" in why and "\x1b" not in why
    assert "first" in status and "the inputs" not in status


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


def hand_in(command, course, person, text):
    assert command("submit", "first", course.archive(text), f"--person={person}")[0] == 0


def test_the_threshold_that_took_the_points_is_noted_for_teacher_and_student(command, course):
    hand_in(command, course, "bob", "# 0.1 graded")
    command("grade", "run", course.store)

    for arguments in (["grade", "show", course.store], ["grade", "export", course.store, "--to=csv"],
                      ["status", "--person=bob"]):
        assert "0.5 of 5, below 1" in command(*arguments)[1]


def test_results_by_another_version_of_the_task_are_told_until_they_are_graded_again(command, graded):
    before = command("grade", "show", graded.store)[1]
    graded.write_task("optional = [\"notes.md\"]\n")
    _, out, err = command("grade", "show", graded.store)
    csv, status = command("grade", "export", graded.store, "--to=csv")[1], command("status", "--person=ada")[1]
    command("grade", "regrade", graded.store)
    after = command("grade", "show", graded.store)[1]

    assert (f"3 were graded by an older version of the task. Type: npfl-kit grade regrade {graded.store} --lab=first\n"
            in out) and err == ""
    assert out.count("  older task\n") == 3 == csv.count(",older task\n")
    assert "older task" not in before + after + status and "older version of" not in before + after


def test_near_names_and_equal_files_are_noted_for_teachers_alone(command, course):
    for person in ("Ada Lovelace", "ada lovelace"):
        hand_in(command, course, person, "# 1.0 graded")
    command("grade", "run", course.store)

    seen = [command(*arguments)[1] for arguments in (
        ["grade", "show", course.store], ["grade", "show", course.store, "--json"],
        ["grade", "export", course.store, "--to=csv"])]
    own = command("status", "--person=ada lovelace", "--json")[1]

    assert all("near Ada Lovelace; same file as #1" in out for out in seen)
    assert "near" not in own and "same file" not in own


def test_a_name_that_is_near_is_noted_before_anything_is_graded(command, course):
    for person in ("Ada Lovelace", "ada lovelace"):
        hand_in(command, course, person, "# 1.0 graded")

    assert "near Ada Lovelace" in command("grade", "show", course.store)[1]


def test_a_deadline_that_moved_makes_no_older_task(command, graded):
    graded.write_task("[late]\ndue = 2099-01-01T00:00:00Z\n")

    assert "older" not in command("grade", "show", graded.store)[1]
