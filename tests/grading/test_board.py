"""Boards: who stands there, what everybody may see, the final order with its ties, points for it, pseudonyms."""
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from npfl_kit.grading import record
from npfl_kit.grading.marks import board, board_view, noise
from npfl_kit.grading.tasks import task
from tests.grading import policy_cases
from tests.grading.policy_cases import a_record, a_task

BOARD = task.Board("accuracy", order_points=5)
VALUES = some.lists(some.integers(0, 20).map(lambda each: each / 20), max_size=12)


@pytest.fixture
def course():
    return policy_cases.Course()


def a_board(**parts):
    return a_task(board=task.Board("accuracy", **parts))


def test_the_best_public_score_stands_and_the_private_one_has_no_say(course):
    for public, private in ((0.5, 0.9), (0.7, 0.1), (0.7, 0.8), (0.6, 0.95)):
        course.hand_in(a_record(public=public, private=private))

    [entry] = board.standing(a_board(), course.runs)

    assert (entry.public, entry.private, entry.run.submission.id, entry.submissions) == (0.7, 0.1, 2, 4)


def test_in_ascending_order_less_is_better(course):
    for value in (0.5, 0.2, 0.4):
        course.hand_in(a_record(public=value, private=value))

    assert board.standing(a_board(order="asc"), course.runs)[0].public == 0.2


@pytest.mark.parametrize("state", ["ungradable", "grader_error"])
def test_what_was_not_judged_never_stands(course, state):
    course.hand_in(a_record(state=state, public=0.9))

    assert board.standing(a_board(), course.runs) == []


def test_late_ones_and_those_beyond_the_day_never_stand(course):
    late = task.Late("2026-11-22T12:00:00Z", "2026-11-25T12:00:00Z", 0.9)
    course.hand_in(a_record(public=0.5, private=0.5), at=0)
    course.hand_in(a_record(public=0.9, private=0.9), at=1)
    course.hand_in(a_record(public=0.9, private=0.9), at=48)

    [entry] = board.standing(a_task(board=BOARD, late=late, per_day=1), course.runs)

    assert entry.public == 0.5


def test_who_has_a_score_and_no_line_is_known_and_told(course):
    late = task.Late("2026-11-22T12:00:00Z", "2026-11-25T12:00:00Z", 0.9)
    course.hand_in(a_record(public=0.5), "ada", at=0)
    course.hand_in(a_record(public=0.9), "ben", ["cyd"], at=48)
    course.hand_in(a_record(state="limit"), "dan", at=48)
    described = a_task(board=BOARD, late=late, per_day=7)

    assert board.absent(described, course.runs) == {("ben", "cyd")}
    assert board_view.eligible(described, 1) == (
        "Only submissions in time and within the attempts of their day (7) stand on the board; 1 team has others "
        "alone.")
    assert board_view.eligible(described) in board_view.sentence(described)


def test_a_team_has_one_line_whoever_of_it_hands_in(course):
    course.hand_in(a_record(public=0.5, private=0.5), "ada", ["ben"])
    course.hand_in(a_record(public=0.6, private=0.6), "ben", ["ada"])

    [entry] = board.standing(a_board(), course.runs)

    assert (entry.team, entry.public, entry.submissions) == (("ada", "ben"), 0.6, 2)


def test_public_scores_are_compared_as_they_are_shown(course):
    for person, value in (("ada", 0.70049), ("ben", 0.7001), ("cyd", 0.69999)):
        course.hand_in(a_record(public=value, private=value), person)

    rows = board.public_rows(a_board(), board.standing(a_board(), course.runs))

    assert [(row.rank, row.tied, row.value) for row in rows] == [(1, True, 0.7), (1, True, 0.7), (3, False, 0.699)]


def test_who_shares_a_rank_is_who_the_leader_does_not_beat():
    values = [0.90, 0.87, 0.84, 0.81, 0.70]

    found = board.ranks(values, "desc", noise.beyond_band(values, 0.05))

    assert found == [1, 1, 3, 3, 5]     # 0.84 is not beaten by 0.87, but by the leader of that rank


@given(VALUES, some.floats(0, 0.5), some.sampled_from(["asc", "desc"]))
def test_ranks_follow_values_and_count_those_before(values, band, order):
    found = board.ranks(values, order, noise.beyond_band(values, band, order))

    for (value, rank), (other, other_rank) in itertools.product(zip(values, found), repeat=2):
        assert value != other or rank == other_rank
        assert not board.ahead(order, value, other) or rank <= other_rank
    assert all(rank == 1 + sum(other < rank for other in found) for rank in found)


@given(VALUES, some.floats(0, 0.5))
def test_sharing_a_rank_is_transitive_and_its_members_lie_within_noise_of_its_leader(values, band):
    better = noise.beyond_band(values, band)

    found = board.ranks(values, "desc", better)

    for rank in set(found):
        members = [each for each, other in enumerate(found) if other == rank]
        leader = max(members, key=values.__getitem__)
        assert not any(better(leader, each) for each in members)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_has_no_rank(value):
    with pytest.raises(ValueError, match="not finite"):
        board.ranks([0.5, value], "desc", lambda a, b: True)
    with pytest.raises(ValueError, match="finite"):
        record.rounded_down(value, 3)
    with pytest.raises(ValueError, match="finite"):
        noise.resampled(np.array([[0.5, value]]))


@given(some.floats(0, 100), some.integers(1, 50))
def test_order_points_fall_in_equal_steps_from_all_to_a_share(points, count):
    found = [board.order_points(points, rank, count) for rank in range(1, count + 1)]

    assert found[0] == points and found[-1] == pytest.approx(points / count)
    assert np.allclose(np.diff(found), -points / count)


@pytest.mark.parametrize("points, rank, count", [(float("nan"), 1, 1), (float("inf"), 1, 1), (-1.0, 1, 1), (5.0, 0, 1),
                                                 (5.0, 2, 1), (5.0, float("nan"), 3), (5.0, 1, 0)])
def test_impossible_order_points_are_refused(points, rank, count):
    with pytest.raises(ValueError, match="expected points"):
        board.order_points(points, rank, count)


def test_only_those_over_the_threshold_are_ranked_for_points(course):
    for person, score, value in (("ada", 9.0, 0.9), ("ben", 1.0, 0.95), ("cyd", 8.0, 0.8), ("dan", 8.0, 0.7)):
        course.hand_in(a_record(score, public=value, private=value), person)
    described = a_task(threshold=5, board=BOARD)
    standing = board.standing(described, course.runs)

    found = board.person_points(described, standing, lambda a, b: True)

    assert found == pytest.approx({"ada": 5.0, "cyd": 3.33, "dan": 1.66})


def test_who_shares_a_rank_has_the_same_points(course):
    for person, value in (("ada", 0.90), ("ben", 0.89), ("cyd", 0.50)):
        course.hand_in(a_record(public=value, private=value), person)
    described = a_task(board=BOARD)
    standing = board.standing(described, course.runs)

    found = board.person_points(described, standing, noise.beyond_band([each.private for each in standing], 0.02))

    assert found == pytest.approx({"ada": 5.0, "ben": 5.0, "cyd": 1.66})


def test_nobody_over_the_threshold_is_no_points(course):
    course.hand_in(a_record(1.0, public=0.9, private=0.9))
    described = a_task(threshold=5, board=BOARD)

    assert board.person_points(described, board.standing(described, course.runs), lambda a, b: True) == {}


def test_a_public_board_names_nobody_and_marks_ones_own_line(course):
    for person, value in (("ada", 0.9), ("ben", 0.8)):
        course.hand_in(a_record(public=value, private=value), person)
    standing = board.standing(a_board(), course.runs)

    lines = board_view.lines(a_board(), board.public_rows(a_board(), standing), b"secret", viewer="ben")

    assert [(line.rank, line.own, line.score, line.members) for line in lines] == [
        (1, False, "0.900", ()), (2, True, "0.800", ())]
    assert not {"ada", "ben"} & set(re.findall(r"\w+", str([line.as_json() for line in lines])))


def test_the_sentence_holds_the_formula_and_the_numbers():
    said = board_view.sentence(a_task(board=task.Board("f1", "asc", 0.25, 2, 4.0)))

    for part in ("lowest f1", "25 %", "2 decimals", "4 x (1 - (r - 1) / n)"):
        assert part in said
