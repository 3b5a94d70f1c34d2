"""What noise is measured by where single examples are not known."""
import pytest

from npfl_kit.grading.course import final_order
from npfl_kit.grading.marks import board
from npfl_kit.grading.tasks import task
from tests.grading import policy_cases
from tests.grading.policy_cases import a_record, a_task

TASK = a_task(kind="weights", board=task.Board("accuracy", decimals=2))


def ranks(described, *values, **parts):
    course = policy_cases.Course()
    for person, value in zip("abc", values):
        course.hand_in(a_record(public=value, private=value, **parts), person)
    standing = board.standing(described, course.runs)
    rows = board.final_rows(described, standing, final_order.better(None, described, standing))
    return [row.rank for row in rows]


@pytest.mark.parametrize("error, expected", [(0.001, [1, 2, 3]), (0.01, [1, 1, 3]), (0.2, [1, 1, 1])])
def test_standard_errors_tell_apart(error, expected):
    assert ranks(TASK, 0.90, 0.89, 0.80, private_error=error) == expected


def test_without_them_the_last_decimal_does():
    assert ranks(TASK, 0.90, 0.895, 0.80) == [1, 1, 3]


def test_less_is_better_in_ascending_order():
    assert ranks(a_task(kind="runs", board=task.Board("loss", "asc", decimals=1)), 2.0, 1.0, 1.05) == [1, 1, 3]


def test_a_board_without_entries_has_an_order():
    assert ranks(a_task(board=task.Board("accuracy"))) == []


def test_without_order_points_nothing_is_judged_again():
    assert final_order.order_points(None, TASK) == {}
