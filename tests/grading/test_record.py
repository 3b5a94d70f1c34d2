"""A record cannot say what must not be: points on an error, a score out of its range, a number that is none."""
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npfl_kit.grading import record

CASES = st.builds(record.CaseRecord, st.text(min_size=1, max_size=9), st.just("graded"), st.floats(0, 5), st.just(5.0))
OTHERS = st.builds(record.CaseRecord, st.just("x"), st.sampled_from(record.STATES), st.just(0), st.floats(0, 5))


def case(**parts):
    return record.CaseRecord(**{"id": "a", "state": "graded", "score": 1, "max": 2, **parts})


def whole(cases, **parts):
    return record.Record(**{"task": "t", "task_version": "v", "submission": "s", "state": record.overall(cases),
                            "cases": tuple(cases), **parts})


@pytest.mark.parametrize("parts", [
    {"score": math.nan}, {"score": math.inf}, {"score": -math.inf}, {"score": float("1e999")}, {"score": -0.5},
    {"score": 2.5}, {"score": True}, {"score": "1"}, {"score": None}, {"max": math.nan}, {"max": math.inf},
    {"max": -1}, {"state": "passed"}, {"visibility": "secret"}])
def test_no_case_has_a_score_that_is_none(parts):
    with pytest.raises(ValueError, match="case a"):
        case(**parts)


def test_the_clamp_that_pays_for_nan_is_caught_all_the_same():
    clamped = max(0.0, min(1.0, math.nan))      # 1.0: a judge that clamps has paid already, so no judge does

    assert clamped == 1.0 and not record.is_finite(math.nan)


@pytest.mark.parametrize("state", [state for state in record.STATES if state != "graded"])
def test_no_error_has_points(state):
    assert case(state=state, score=0).score == 0
    with pytest.raises(ValueError, match="no points"):
        case(state=state, score=0.1)


@given(st.lists(CASES | OTHERS, max_size=6))
def test_a_record_survives_json(cases):
    found = whole(cases, values={"public": 0.5}, environment={"python": "3.11"})

    text = record.canonical(found.as_json())

    assert record.Record.from_json(json.loads(text)) == found
    assert 0 <= found.score <= found.max or not cases


@given(st.lists(CASES | OTHERS, max_size=6))
def test_a_submission_is_graded_only_if_all_its_cases_are(cases):
    assert (record.overall(cases) == "graded") == all(each.state == "graded" for each in cases)


@pytest.mark.parametrize("states, overall", [
    (["student_error", "limit"], "limit"), (["limit", "grader_error"], "grader_error"),
    (["grader_error", "ungradable"], "ungradable"), (["graded", "student_error"], "student_error"), ([], "graded")])
def test_our_fault_is_said_before_the_students(states, overall):
    assert record.overall([case(state=state, score=0) for state in states]) == overall


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "1", None])
def test_numbers_of_a_board_are_finite(value):
    with pytest.raises(ValueError, match="finite"):
        whole([], values={"public": value})


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}])
def test_canonical_json_has_no_nan(value):
    with pytest.raises(ValueError):
        record.canonical(value)


@given(st.dictionaries(st.text(), st.integers()))
def test_equal_values_have_one_canonical_form(value):
    assert record.canonical(value) == record.canonical(dict(reversed(value.items())))


def test_an_unknown_state_of_a_submission_is_refused():
    with pytest.raises(ValueError, match="state"):
        whole([], state="done")


@pytest.mark.parametrize("number", [10**400, -10**400], ids=["large", "small"])
def test_an_int_beyond_all_floats_is_no_score(number):
    assert not record.is_finite(number)
