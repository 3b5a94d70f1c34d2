"""What a student sees of what they handed in: points, history, lateness, place; nothing of others."""
import json
import re

import pytest


def hand_in(command, course, person, text, **parts):
    assert command("submit", "first", course.archive(text, **parts), f"--person={person}")[0] == 0


def test_points_and_history(command, course):
    hand_in(command, course, "ada", "# 0.5 graded")
    hand_in(command, course, "ada", "# 1.0 graded")
    command("grade", "run", course.store)
    hand_in(command, course, "ada", "# 0.7 graded")

    code, out, err = command("status", "--person=ada")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "first: A first task, 5 of 5 points"
    rows = [line.split() for line in lines if line.startswith("#")]
    assert [(row[0], *row[4:]) for row in rows] == [("#1", "graded", "2.5"), ("#2", "graded", "5", "counts"),
                                                    ("#3", "waits", "-")]


def test_one_too_many_of_a_day_has_no_points_and_says_so(command, course):
    for share in ("0.5", "0.6", "1.0"):
        hand_in(command, course, "ada", f"# {share} graded")
        command("grade", "run", course.store)

    out = command("status", "--person=ada")[1]

    assert "3 of 5 points" in out and "one too many of its day" in out


def test_one_too_many_of_a_day_does_not_count_where_there_is_another(command, course):
    for text in ("# 0 limit", "# 0 limit", "# 1.0 graded"):
        hand_in(command, course, "ada", text)
    command("grade", "run", course.store)

    lines = command("status", "--person=ada")[1].splitlines()

    notes = [line.split("  ")[-1].strip() for line in lines if line.startswith("#")]
    assert notes[1:] == ["counts", "one too many of its day"]


def test_lateness_shows(command, course):
    course.write_task("[late]\ndue = 2020-01-01T00:00:00+01:00\nuntil = 2099-01-01T00:00:00+01:00\n")
    hand_in(command, course, "ada", "# 1.0 graded")
    command("grade", "run", course.store)

    out = command("status", "--person=ada")[1]

    assert "due 2020-01-01 00:00:00 +01:00, late until 2099-01-01 00:00:00 +01:00, x 1 falling to x 0.5\n" in out
    assert "late x 0.9" in out and "UTC" not in out


def test_without_a_second_deadline_what_is_late_has_no_points(command, course):
    course.write_task("[late]\ndue = 2099-01-01T00:00:00Z\n")
    hand_in(command, course, "ada", "# 1.0 graded")

    assert "due 2099-01-01 00:00:00 UTC, later ones have no points\n" in command("status", "--person=ada")[1]


def test_the_threshold_is_told(command, course):
    hand_in(command, course, "ada", "# 1.0 graded")

    assert "With fewer than 1 of the 5 points of all cases there are none.\n" in command("status", "--person=ada")[1]


@pytest.mark.parametrize("flags", [[], ["--lab=first"]])
def test_what_was_received_is_told_when_its_task_cannot_be_read(command, course, lab_folder, flags):
    hand_in(command, course, "ada", "# 1.0 graded")
    (lab_folder / "first.toml").write_text("titel = 3", encoding="utf-8")

    code, out, _ = command("status", "--person=ada", *flags)

    assert code == 2 and re.search(r"^first: received #1 at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; its task file cannot "
                                   r"be read now, tell your teacher\.$", out, re.MULTILINE)
    assert "handed in nothing" not in out and "titel" not in out
    assert json.loads(command("status", "--person=ada", "--json", *flags)[1])["unreadable"] == [
        {"lab": "first", "submissions": [1]}]
    assert command("status", "--person=bob", *flags)[0] == 0


def test_the_newest_submission_is_told_case_by_case_for_one_lab(command, course):
    hand_in(command, course, "ada", "# 1.0 graded")
    hand_in(command, course, "ada", "# 0 student_error")
    command("grade", "run", course.store)
    hand_in(command, course, "ada", "# 0.3 graded")

    one, all_labs = (command("status", "--person=ada", *flags)[1] for flags in (["--lab=first"], []))

    assert "#2, case by case:" in one and "  next     Look again." in one and "  why      It is wrong." in one
    assert one.count("It is wrong.") == 1 and "\x1b" not in one        # of the public case alone
    assert f"Type: npfl-kit status --lab=first --store={course.store} --person=ada, to see" in all_labs
    assert "It is wrong." not in all_labs


def test_a_member_of_a_team_sees_what_the_team_handed_in_and_nobody_else_does(command, course):
    hand_in(command, course, "ada", "# 1.0 graded", team=["ada", "bob"])
    command("grade", "run", course.store)

    assert "5 of 5 points" in command("status", "--person=bob")[1]
    assert "eve has handed in nothing" in command("status", "--person=eve")[1]


def test_the_json_has_the_same(command, course):
    hand_in(command, course, "ada", "# 0.5 graded")
    hand_in(command, course, "bob", "# 0.6 graded")
    command("grade", "run", course.store)

    found = json.loads(command("status", "--person=ada", "--json")[1])

    assert found["person"] == "ada" and len(found["labs"]) == 1 and "bob" not in json.dumps(found)
    [lab] = found["labs"]
    assert lab["grade"]["points"] == 2.5 and lab["place"] is None and lab["due"] is None
    assert [(each["submission"], each["state"], each["points"]) for each in lab["history"]] == [(1, "graded", 2.5)]


def test_nothing_of_a_hidden_case_but_its_points_is_shown(command, course):
    hand_in(command, course, "ada", "# 0.5 graded")
    command("grade", "run", course.store)

    for flags in ([], ["--json"]):
        out = command("status", "--person=ada", *flags)[1]
        assert "It is wrong" not in out and "expected" not in out and "secret" not in out


def test_what_is_told_later_is_not_counted_before(command, course):
    course.write_task("[late]\ndue = 2099-01-01T00:00:00Z\n", visibility="after_due")
    hand_in(command, course, "ada", "# 0.5 graded")
    command("grade", "run", course.store)

    before = command("status", "--person=ada")[1]
    course.write_task("[late]\ndue = 2020-01-01T00:00:00Z\nuntil = 2020-01-01T00:00:01Z\n", visibility="after_due")
    after = command("status", "--person=ada")[1]

    assert "1 of 2 points" in before and "secret (3 points)" in before
    assert "0 of 5 points" in after and "secret" not in after       # which was late, by the new deadline


def test_a_lab_that_is_not_there_is_a_sentence(command, course):
    hand_in(command, course, "ada", "# 0.5 graded")

    code, _, err = command("status", "--person=ada", "--lab=frist")

    assert code == 2 and "did you mean first?" in err


def test_without_a_store_nothing_is_made(command, course):
    code, _, err = command("status", "--person=ada")

    assert code == 2 and "There is no store in" in err and not course.store.exists()


def test_a_name_that_is_nearly_known_is_asked_about_and_no_other_is_told(command, course):
    hand_in(command, course, "Adá K", "# 1.0 graded")
    hand_in(command, course, "Grace Hopper", "# 0.5 graded")

    near, far = (command("status", f"--person={person}")[1] for person in ("ada k", "eve"))

    assert near == (f"ada k has handed in nothing; did you mean Adá K? Type: npfl-kit status --store={course.store} "
                    "--person='Adá K'\n")
    assert "Grace" not in near + far and "did you mean" not in far


def test_what_is_hardly_late_does_not_look_like_in_time(command, course):
    course.write_task("[late]\ndue = 2020-01-01T00:00:00Z\nuntil = 9000-01-01T00:00:00Z\n")
    receipt = command("submit", "first", course.archive(), "--person=ada")[1]
    command("grade", "run", course.store)

    for out in (receipt, command("status", "--person=ada")[1], command("grade", "show", course.store)[1]):
        assert re.search(r"(late x|multiplied by) 0\.99\d+\b", out)
