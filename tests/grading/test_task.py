"""A task as values: points are the sum of its cases, and nothing in it can be changed."""
import dataclasses

import pytest

from npfl_kit.grading import record
from npfl_kit.grading.tasks import task


def made(*points):
    cases = tuple(task.Case(f"case{place}", each) for place, each in enumerate(points))
    return task.Task("lab", "functions", "v", "T", cases, ("lab.py",))


def test_points_are_those_of_all_cases():
    assert made(1, 2.5, 0).points == 3.5


def test_a_case_is_found_by_its_id():
    assert made(1, 2).case("case1").points == 2
    with pytest.raises(KeyError):
        made(1).case("case1")


@pytest.mark.parametrize("part", [task.Task, task.Case, task.Limits, task.Data, task.Board, task.Late, task.Tolerance,
                                  task.Expectation])
def test_parts_are_frozen(part):
    assert dataclasses.is_dataclass(part) and part.__dataclass_params__.frozen


def test_a_case_is_public_unless_it_says_otherwise():
    assert task.Case("a", 1).visibility == "public" and set(record.VISIBILITIES) == {"public", "hidden", "after_due"}


def test_two_cases_share_no_table():
    one, two = task.Case("a", 1), task.Case("b", 1)

    assert one.inputs is not two.inputs and one.expect is not two.expect
