"""A grade is a function of runs and task: lateness, attempts, the threshold, the best one, teams."""
import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from npfl_kit.grading import record
from npfl_kit.grading.marks import lateness, policy
from npfl_kit.grading.tasks import task
from tests.grading import policy_cases
from tests.grading.policy_cases import DIGEST, a_record, a_task

HOUR = datetime.timedelta(hours=1)
LATE = task.Late("2026-11-21T12:00:00+00:00", "2026-11-21T16:00:00+00:00", 0.5)


@pytest.fixture
def course():
    return policy_cases.Course()


@pytest.mark.parametrize("score, threshold, points", [
    (6.0, 6.0, 6.0), (5.99, 6.0, 0.0), (0.1 + 0.2 + 5.7 - 1e-12, 6.0, 6.0), (5.9999, 6.0, 0.0), (0.0, 0.0, 0.0)])
def test_below_the_threshold_are_no_points_by_the_exact_sum(score, threshold, points):
    assert policy.points(score, threshold, 1.0) == points


@pytest.mark.parametrize("factor", [0.0, 0.25, 1.0])
def test_the_threshold_is_asked_before_lateness(factor):
    assert policy.points(8.0, 8.0, factor) == 8 * factor


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf"), True, None, "10"])
def test_what_is_no_finite_number_is_worth_nothing(score):
    assert policy.points(score, 0.0, 1.0) == 0.0


@pytest.mark.parametrize("factor", [float("nan"), -0.1, 1.1])
def test_an_impossible_factor_is_worth_nothing(factor):
    assert policy.points(1.0, 0.0, factor) == 0.0


@given(some.floats(0, 1000), some.floats(0, 1), some.floats(0, 1000))
def test_points_are_hundredths_rounded_down(score, factor, threshold):
    points = policy.points(score, threshold, factor)

    assert points == round(points, 2)
    assert score * factor - 0.01 < points <= score * factor + 1e-6 or points == 0 and score < threshold


def test_the_best_counts_and_of_equal_ones_the_earliest(course):
    for score in (4.0, 7.0, 7.0, 5.0):
        course.hand_in(a_record(score))

    grade = policy.grade_of(a_task(), course.runs)

    assert (grade.points, grade.counted.run.submission.id, grade.submissions) == (7.0, 2, 4)


def test_lateness_decides_what_is_best(course):
    course.hand_in(a_record(6.0), at=0)
    course.hand_in(a_record(10.0), at=4)

    grade = policy.grade_of(a_task(late=LATE), course.runs)

    assert (grade.points, grade.late) == (6.0, False)


def test_a_regrade_replaces_the_result_both_ways(course):
    first = course.hand_in(a_record(10.0))
    course.regrade(first, a_record(3.0))

    assert policy.grade_of(a_task(), course.runs).points == 3.0


def test_a_fault_of_the_grader_takes_no_grade(course):
    first = course.hand_in(a_record(8.0))
    course.regrade(first, a_record(state="grader_error"))

    grade = policy.grade_of(a_task(), course.runs)

    assert (grade.points, grade.state) == (8.0, "graded")


def test_of_worthless_ones_the_newest_tells_the_state(course):
    course.hand_in(a_record(state="limit"))
    course.hand_in(a_record(state="student_error"))

    assert policy.grade_of(a_task(), course.runs).state == "student_error"


def test_one_too_many_of_its_day_does_not_count_where_there_is_another(course):
    for state in ("limit", "graded", "graded"):
        course.hand_in(a_record(5.0, state=state))

    grade = policy.grade_of(a_task(per_day=1), course.runs)

    assert (grade.counted.run.submission.id, grade.points, grade.state) == (1, 0.0, "limit")


def test_attempts_are_counted_before_results_are_known(course):
    runs = [course.hand_in(a_record(), person, team, at) for person, team, at in (
        ("ada", (), 0), ("ada", ("ben",), 1), ("ben", ("ada",), 2), ("ben", (), 3), ("ada", (), 24))]

    assert policy.attempts(a_task(), [run.submission for run in runs]) == [1, 2, 2, 2, 1]


def test_nothing_handed_in_is_nothing():
    assert policy.grade_of(a_task(), []).points == 0 and policy.grades(a_task(), []) == {}


@pytest.mark.parametrize("state", ["ungradable", "grader_error"])
def test_what_could_not_be_judged_uses_no_attempt_and_has_no_points(course, state):
    for _ in range(5):
        course.hand_in(a_record(state=state))
    course.hand_in(a_record(9.0))

    *others, last = policy.counted(a_task(per_day=1), course.runs)

    assert [each.attempt for each in others] == [0] * 5 and not any(each.points for each in others)
    assert (last.attempt, last.within, last.points) == (1, True, 9.0)


@pytest.mark.parametrize("state", ["graded", "student_error", "limit"])
def test_what_was_judged_uses_an_attempt(course, state):
    course.hand_in(a_record(1.0, state=state))
    course.hand_in(a_record(9.0))

    grade = policy.grade_of(a_task(per_day=1), course.runs)

    assert (grade.points, grade.note) == (1.0 if state == "graded" else 0.0, "1 beyond 1 a day")


def test_a_day_is_one_of_the_deadline_zone(course):
    task_at_prague = a_task(per_day=1, late=task.Late("2026-12-01T00:00:00+01:00"))
    course.hand_in(a_record(1.0), at=lateness.instant("2026-11-21T22:59:00Z"))    # 23:59 in Prague
    course.hand_in(a_record(2.0), at=lateness.instant("2026-11-21T23:01:00Z"))    # 00:01 of the next day

    assert [each.within for each in policy.counted(task_at_prague, course.runs)] == [True, True]
    assert [each.within for each in policy.counted(a_task(per_day=1), course.runs)] == [True, False]


def test_other_teams_and_other_hands_give_no_more_attempts(course):
    course.hand_in(a_record(1.0), "eve")
    course.hand_in(a_record(2.0), "eve", ["bob"])       # another team, the same person
    course.hand_in(a_record(3.0), "bob", ["eve"])       # another person, the same team

    assert [each.within for each in policy.counted(a_task(per_day=1), course.runs)] == [True, False, False]


def test_nobody_uses_up_attempts_of_who_is_named(course):
    for _ in range(3):
        course.hand_in(a_record(0.0), "eve", ["ada"])
    course.hand_in(a_record(9.0), "ada")

    assert policy.grades(a_task(per_day=1), course.runs)["ada"].points == 9.0


def test_all_members_of_a_team_have_the_grade(course):
    course.hand_in(a_record(9.0), "ada", ["ben", "cyd"])

    found = policy.grades(a_task(), course.runs)

    assert {name: grade.points for name, grade in found.items()} == {"ada": 9.0, "ben": 9.0, "cyd": 9.0}


def test_a_member_of_two_teams_is_named_and_the_others_are_not(course):
    course.hand_in(a_record(9.0), "ada", ["ben"])
    course.hand_in(a_record(5.0), "cyd", ["ben"])
    course.hand_in(a_record(5.0), "cyd")

    notes = {name: grade.note for name, grade in policy.grades(a_task(), course.runs).items()}

    assert notes == {"ada": "", "ben": "in 2 teams: ada, ben; ben, cyd", "cyd": ""}


def test_order_points_need_points_of_cases(course):
    course.hand_in(a_record(5.0), "ada")
    course.hand_in(a_record(2.0), "ben")

    found = policy.grades(a_task(threshold=3, board=task.Board("accuracy", order_points=5)), course.runs,
                          {"ada": 2.5, "ben": 5.0})

    assert (found["ada"].points, found["ada"].of, found["ben"].points, found["ben"].order_points) == (7.5, 15, 0, 0)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0])
def test_order_points_that_are_no_points_are_refused(course, number):
    course.hand_in(a_record(5.0))

    with pytest.raises(ValueError, match="order points"):
        policy.grade_of(a_task(), course.runs, number)


@given(some.lists(some.tuples(some.sampled_from("abc"), some.floats(0, 10), some.floats(0, 100),
                              some.sampled_from(["graded", "limit", "ungradable", "grader_error"])), max_size=8),
       some.integers(1, 4), some.randoms(use_true_random=False))
def test_the_order_of_runs_in_the_list_does_not_matter(rows, per_day, shuffler: random.Random):
    course = policy_cases.Course()
    for person, score, hours, state in rows:
        course.hand_in(a_record(score, state=state), person, at=hours)
    shuffled = list(course.runs)
    shuffler.shuffle(shuffled)

    found = policy.grades(a_task(per_day=per_day, late=LATE), shuffled)

    assert found == policy.grades(a_task(per_day=per_day, late=LATE), course.runs)
    assert all(0 <= grade.points <= 10 for grade in found.values())


@given(some.floats(0, 10), some.lists(some.floats(0, 10), min_size=1, max_size=5))
def test_another_submission_never_lowers_a_grade(more, scores):
    course = policy_cases.Course()
    for score in scores:
        course.hand_in(a_record(score))
    before = policy.grade_of(a_task(), course.runs).points
    course.hand_in(a_record(more))

    assert policy.grade_of(a_task(), course.runs).points >= before


@pytest.mark.parametrize("score, hours, taken", [
    (8.0, 0, ()), (3.0, 0, ("3 of 10, below 4",)), (3.9999, 0, ("3.99 of 10, below 4",)), (0.0, 0, ()),
    (8.0, 1, ("late x 0.75",)), (3.0, 1, ("3 of 10, below 4", "late x 0.75"))])
def test_what_took_points_is_said(course, score, hours, taken):
    late = task.Late("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z", 0.5)
    course.hand_in(a_record(score), at=hours)

    [worth] = policy.counted(a_task(threshold=4, late=late), course.runs)

    assert worth.taken == taken


def test_the_threshold_takes_nothing_of_what_the_grader_failed_at(course):
    cases = (record.CaseRecord("a", "graded", 3.0, 5.0), record.CaseRecord("b", "grader_error", 0.0, 5.0))
    course.hand_in(record.Record("first", "v1", DIGEST, "grader_error", cases))

    assert policy.grade_of(a_task(threshold=4), course.runs).note == "1 to be graded again"


def test_one_too_many_of_its_day_is_said_to_have_taken_points(course):
    course.hand_in(a_record(8.0))
    course.hand_in(a_record(9.0), at=1)

    assert [each.taken for each in policy.counted(a_task(per_day=1), course.runs)] == [
        (), ("one too many of its day",)]


def test_the_note_of_a_grade_says_that_the_threshold_took_the_points(course):
    course.hand_in(a_record(3.0))
    course.hand_in(a_record(8.0), "ben")

    found = policy.grades(a_task(threshold=4), course.runs)

    assert {name: grade.note for name, grade in found.items()} == {"ada": "3 of 10, below 4", "ben": ""}
