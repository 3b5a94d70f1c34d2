"""What each person has: by results, by what waits, and what changed since."""
import dataclasses

import pytest

from npfl_kit.grading import record
from npfl_kit.grading.course import gradebook
from npfl_kit.grading.marks import policy
from npfl_kit.grading.stores import leases
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task
from npfl_kit.grading.uploads import team

TASK = task.Task("cnn", "runs", "v1", "A network", (task.Case("a", 4.0),), ("cnn.py",),
                 board=task.Board("accuracy", public=0.5))


@pytest.fixture
def store(tmp_path):
    with stores.Store(tmp_path / "store", make=True) as made:
        yield made


def hand_in(store, person, score=None, team=(), state="graded", **values):
    """A submission, graded unless there is no score."""
    number = store.submit("cnn", f"{person} {score} {team} {len(store.runs())}".encode(), person, team).id
    if score is not None:
        grade(store, score, state, **values)
    return number


def grade(store, score, state="graded", version="v1", **values):
    work = leases.Leases(store, {"cnn": version}, {"python": "3.11.7"})
    claimed, _ = work.claim()
    case = record.CaseRecord("a", state, score, 4.0)
    found = record.Record("cnn", version, claimed.submission.sha256, state, (case,), values=values)
    assert work.finish(claimed, found, store.clock())


def test_everybody_who_handed_in_or_is_in_a_team_has_a_line(store):
    hand_in(store, "ada", 3.0)
    hand_in(store, "bob", 2.0, team=["carl"])
    hand_in(store, "eve")

    lines = {line.person: (line.grade.points, line.state, line.waiting)
             for line in gradebook.lines(store, TASK, store.runs(lab=TASK.lab))}

    assert lines == {"ada": (3.0, "graded", ()), "bob": (2.0, "graded", ()), "carl": (2.0, "graded", ()),
                     "eve": (0.0, "waits", (3,))}


def test_a_new_submission_that_waits_takes_no_points(store):
    hand_in(store, "ada", 3.0)
    hand_in(store, "ada")

    [line] = gradebook.lines(store, TASK, store.runs(lab=TASK.lab))

    assert (line.grade.points, line.state, line.waiting) == (3.0, "graded", (2,))


def test_points_of_order_are_added(store):
    hand_in(store, "ada", 3.0)

    [line] = gradebook.lines(store, TASK, store.runs(lab=TASK.lab), {"ada": 2.5})

    assert line.as_json()["points"] == 5.5 and line.as_json()["order_points"] == 2.5


def test_history_has_all_and_says_what_waits(store):
    hand_in(store, "ada", 3.0)
    hand_in(store, "bob", 3.0)
    hand_in(store, "ada", 0.0, state="limit")
    hand_in(store, "bob", team=["ada"])

    past = gradebook.history(store, TASK, store.runs(lab=TASK.lab), "ada")

    assert [(each.submission.id, each.state) for each in past] == [(1, "graded"), (3, "limit"), (4, "waits")]
    assert past[2].as_json()["points"] is None


def test_the_place_is_that_on_the_public_board(store):
    for person, public in (("ada", 0.7), ("bob", 0.9), ("eve", 0.8)):
        hand_in(store, person, 1.0, public=public)
    hand_in(store, "late")

    places = {person: gradebook.place(TASK, store.runs(lab=TASK.lab), person)
              for person in ("ada", "bob", "eve", "late")}

    assert {person: found and (found[0].rank, found[1]) for person, found in places.items()} == {
        "ada": (3, 3), "bob": (1, 3), "eve": (2, 3), "late": None}
    assert gradebook.place(dataclasses.replace(TASK, board=None), store.runs(lab=TASK.lab), "ada") is None


def test_an_equal_result_is_no_change_whatever_it_cost_and_by_whichever_version(store):
    hand_in(store, "ada", 3.0)
    before = store.latest()
    store.ask([1], "regrade")
    grade(store, 3.0, version="v2")

    assert gradebook.changes(before, store.latest()) == []


def test_another_result_is_a_change_with_its_likely_reason(store):
    hand_in(store, "ada", 3.0)
    before = store.latest()
    store.ask([1], "regrade")
    grade(store, 2.0, version="v2")
    between = store.latest()
    store.ask([1], "rerun")
    grade(store, 1.0, version="v2")

    assert [each.because for each in gradebook.changes(before, between)] == ["another version of the task"]
    assert [each.because for each in gradebook.changes(between, store.latest())] == ["it does not repeat"]


def remarks(store, described=TASK):
    grades = policy.grades(described, store.runs(lab=described.lab))
    return {person: grade.note for person, grade in gradebook.remarked(store, described, grades).items()}


def test_who_was_graded_by_an_older_version_of_the_task_is_noted(store):
    hand_in(store, "ada", 3.0)
    hand_in(store, "ben", 3.0)
    store.ask([2], "regrade")
    grade(store, 3.0, version="v2")
    now = dataclasses.replace(TASK, version="v2")

    assert remarks(store, now) == {"ada": "older task", "ben": ""}
    assert [gradebook.older(each, store.runs(lab="cnn")) for each in (TASK, now)] == [[2], [1]]


def test_a_name_that_is_nearly_another_one_is_noted_unless_they_are_a_team(store):
    store.submit("rnn", b"elsewhere", "Grace Hoppr")
    for person, members in (("Ada Lovelace", ()), ("ada lovelace", ()), ("Jan Novak", ["Jana Novak"]),
                            ("Grace Hopper", ())):
        hand_in(store, person, 1.0, members)

    assert remarks(store) == {"Ada Lovelace": "near ada lovelace", "ada lovelace": "near Ada Lovelace",
                              "Grace Hopper": "near Grace Hoppr", "Jan Novak": "", "Jana Novak": ""}


def test_the_file_of_an_earlier_submission_of_others_is_noted(store):
    for person, members in (("ada", ()), ("ben", ()), ("ada", ()), ("cyd", ["ada"]), ("cyd", ())):
        store.submit("cnn", f"{person} {members}".encode(), person, members, "ab" * 32)
    grade(store, 1.0)
    leases.Leases(store, {"cnn": "v1"}, {"python": "3.11.7"}).claim()       # the others are equal
    hand_in(store, "eve", 1.0)

    assert remarks(store) == {"ada": "", "ben": "same file as #1", "cyd": "same file as #2", "eve": ""}


def test_numbers_of_logins_are_not_near():
    assert team.near("student1", ["student2", "studnt1"]) == ["studnt1"]
