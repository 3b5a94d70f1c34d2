"""Handing in: a receipt for what can be graded, a reason for what cannot."""
import re

import pytest

from npfl_kit.grading.stores import store as stores


def test_a_receipt_tells_number_time_and_digest(command, course):
    path = course.archive()

    code, out, err = command("submit", "first", path, "--person=Ada Lovelace")

    assert (code, err) == (0, "")
    with stores.Store(course.store) as store:
        [kept] = store.submissions()
        assert store.archive(kept) == path.read_bytes() and store.pending() == [1]
    lines = out.splitlines()
    assert lines[1] == "Received first of Ada Lovelace as number 1" and lines[3] == f"sha256   {kept.sha256}"
    assert re.fullmatch(r"time     \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", lines[2])
    assert lines[4] == "This is the first submission by this name."
    assert lines[5] == f"Type: npfl-kit status --store={course.store} --person='Ada Lovelace'"


def test_a_new_store_is_said_to_be_new_and_the_next_is_not(command, course):
    outs = [command("submit", "first", course.archive(), "--person=ada")[1] for _ in range(2)]

    assert outs[0].startswith(f"Made a new store in {course.store}\n") and "new store" not in outs[1]
    assert "as number 2" in outs[1]


@pytest.mark.parametrize("parts, said", [
    ({"name": "second.py"}, "asks for a file first.py"), ({"lab": "second"}, "packed for second"),
    ({"team": ["bob", "eve"]}, "ada is not among them"), ({"team": list("abcd")}, "The team has 4 members"),
    ({"name": "../first.py"}, "first.py"), ({"name": "json.py"}, "json.py")])
def test_what_cannot_be_graded_is_refused_with_the_reason_and_nothing_is_kept(command, course, parts, said):
    code, out, err = command("submit", "first", course.archive(**parts), "--person=ada")

    assert code == 2 and out == "" and said in err and err.startswith("error: ")
    assert not course.store.exists()


def test_what_is_no_archive_is_refused(command, course, tmp_path):
    (tmp_path / "first.zip").write_bytes(b"no archive")

    code, out, err = command("submit", "first", tmp_path / "first.zip", "--person=ada")

    assert code == 2 and out == "" and err.startswith("error: ")


@pytest.mark.parametrize("arguments, said", [
    (["submit", "frist", "a.zip", "--person=ada"], "did you mean first?"),
    (["submit", "second", "a.zip", "--person=ada"], "has no task file"),
    (["submit", "first", "none.zip", "--person=ada"], "There is no archive none.zip"),
    (["submit", "first", "--person=ada"], "There is no archive first.zip"),
    (["submit", "first", "a.zip", "--person="], "Expected your name"),
    (["submit", "first", "a.zip", "--person=a,b"], "Expected your name"),
    (["submit", "first", "a.zip", "--person=a\x1b[2J"], "Expected your name")])
def test_a_mistake_is_a_sentence(command, course, arguments, said):
    code, out, err = command(*arguments)

    assert code == 2 and out == "" and said in err and "\x1b" not in err


def test_without_a_store_it_says_how_to_name_one(command, course, monkeypatch):
    monkeypatch.delenv("NPFL_KIT_STORE")

    assert "Type --store=DIR" in command("submit", "first", course.archive(), "--person=ada")[2]


def test_who_hands_in_is_who_is_logged_in_unless_told(command, course, monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")

    command("submit", "first", course.archive())

    with stores.Store(course.store) as store:
        assert store.submission(1).person == "grace"


def test_a_team_is_kept(command, course):
    command("submit", "first", course.archive(team=["bob", "ada"]), "--person=ada")

    with stores.Store(course.store) as store:
        assert store.submission(1).team == ("ada", "bob") and store.submission(1).person == "ada"


def test_lateness_is_said_at_once(command, course):
    course.write_task("[late]\ndue = 2020-01-01T00:00:00+01:00\nuntil = 2099-01-01T00:00:00+01:00\n")
    code, late, _ = command("submit", "first", course.archive(), "--person=ada")
    course.write_task("[late]\ndue = 2020-01-01T00:00:00+01:00\nuntil = 2020-01-02T00:00:00+01:00\n")
    end, over, _ = command("submit", "first", course.archive(), "--person=ada")

    assert (code, end) == (0, 0) and "It is late: its points are multiplied by 0.9" in late
    assert "It comes after the deadline, 2020-01-02 00:00:00 +01:00, and will have no points." in over
    assert re.search(r"^time     .{19} \+01:00$", over, re.MULTILINE) and "multiplied" not in over


def test_one_too_many_of_a_day_is_said_at_once(command, course):
    outs = [command("submit", "first", course.archive(f"# 0.{number} graded"), "--person=ada")[1]
            for number in range(3)]
    command("grade", "run", course.store)
    outs.append(command("submit", "first", course.archive(), "--person=ada")[1])

    assert not any("number 2 of today" in out for out in outs[:2])
    assert ("This is your number 3 of today; 2 count: it will have no points, unless one that waits cannot be graded."
            in outs[2])
    assert "This is your number 4 of today; 2 count: it will have no points.\n" in outs[3]


def test_a_name_for_the_first_time_is_said_with_one_that_is_near(command, course):
    outs = [command("submit", "first", course.archive(**parts), f"--person={person}")[1] for person, parts in (
        ("Žluťoučký Kůň", {}), ("Žluťoučký  Kůň", {}), ("zlutoucky kun", {}), ("Grace Hopper", {}),
        ("Grace Hopper", {"team": ["Grace Hopper", "Žluťoučky Kůň"]}))]

    first = "This is the first submission by this name."
    assert [first in out for out in outs] == [True, False, True, True, False]
    assert (f"Near it: Žluťoučký Kůň; was it meant? Type npfl-kit status --store={course.store} "
            "--person='Žluťoučký Kůň', to see." in outs[2])
    assert "Near" not in outs[0] + outs[1] + outs[3]
    assert ("This is the first submission with Žluťoučky Kůň. Near it: zlutoucky kun, Žluťoučký Kůň; was it meant?"
            in outs[4])


def test_a_roster_says_who_may_submit(command, course):
    course.store.mkdir()
    (course.store / "roster.txt").write_text("# of 2026\nAda  Lovelace\n\nGrace Hopper\n", encoding="utf-8")

    refused = command("submit", "first", course.archive(), "--person=ada lovelace")
    stranger = command("submit", "first", course.archive(team=["Ada Lovelace", "eve"]), "--person=Ada Lovelace")

    assert refused[0] == 2 and "did you mean Ada Lovelace?" in refused[2]
    assert stranger[0] == 2 and "eve is not on the roster" in stranger[2] and "Grace" not in stranger[2]
    assert command("submit", "first", course.archive(), "--person=Ada Lovelace")[0] == 0
    assert command("submit", "first", course.archive(), "--person=eve")[0] == 2
    assert "roster.txt" in command("submit", "--help")[1]


def test_files_are_packed_first_and_equal_ones_are_equal(command, course, tmp_path):
    (tmp_path / "first.py").write_text("# 1.0 graded\ndef area(side):\n    return side * side\n")

    codes = [command("submit", "first", tmp_path / "first.py", "--team=ada,bob", f"--person={person}")[0]
             for person in ("ada", "bob")]

    assert codes == [0, 0]
    with stores.Store(course.store) as store:
        ada, bob = store.submissions()
        assert ada.sha256 == bob.sha256 and ada.team == bob.team == ("ada", "bob")


def test_what_pack_would_refuse_is_refused(command, course, tmp_path):
    for path in (course.archive("def broken(:"), tmp_path / "first.py"):
        (tmp_path / "first.py").write_text("def broken(:")
        code, out, err = command("submit", "first", path, "--person=ada")

        assert code == 2 and out == "" and "first.py, line 1" in err and not course.store.exists()


def test_an_archive_names_its_team_itself(command, course):
    assert "--team is for files" in command("submit", "first", course.archive(), "--team=a,b", "--person=a")[2]
