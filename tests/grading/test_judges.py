"""Judges: only the expected value passes, NaN never does, nothing is broadcast, and a student reads what to do."""
import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from npfl_kit.grading.judging import judges
from npfl_kit.grading.tasks import task
from npfl_kit.grading.wire import values

NOT_FINITE = [math.nan, math.inf, -math.inf, float("1e999")]
EXACT = task.Tolerance(0, 0)
FINITE = st.floats(-1e12, 1e12)
ARRAYS = numpy_strategies.arrays(np.float64, numpy_strategies.array_shapes(min_dims=0, min_side=0, max_side=4),
                                 elements=FINITE)
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-10**9, 10**9) | FINITE | st.text(max_size=5) | ARRAYS,
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                                                  max_size=3), max_leaves=8)


def why(expected, actual, tolerance=task.Tolerance()):
    verdict = judges.same(expected, actual, tolerance)
    assert not verdict.ok and verdict.help
    return verdict.rationale


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_every_value_is_the_same_as_itself_even_without_tolerance(value):
    assert judges.same(value, value, EXACT).ok


@given(VALUES, VALUES)
@settings(max_examples=200, deadline=None)
def test_a_verdict_is_short_json_whatever_the_values_are(expected, actual):
    verdict = judges.same(expected, actual)

    text = json.dumps([verdict.expected_short, verdict.actual_short, verdict.rationale, verdict.help], allow_nan=False)
    assert len(text) < 20_000 and len(verdict.rationale) < 500


@given(FINITE, FINITE, st.floats(0, 10), st.floats(0, 0.5))
@settings(max_examples=200, deadline=None)
def test_the_norm_is_that_of_the_task_and_not_a_symmetric_one(expected, actual, absolute, relative):
    within = abs(actual - expected) <= absolute + relative * abs(expected)

    assert judges.same(expected, actual, task.Tolerance(absolute, relative)).ok == within
    assert judges.same([expected], np.array([actual]), task.Tolerance(absolute, relative)).ok == within


def test_96_43_is_not_96_24_within_a_thousandth():
    assert not judges.same(96.24, 96.43, task.Tolerance(0, 0.001)).ok      # it is in judges that divide by both


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("around", [lambda x: x, lambda x: [1.0, x], lambda x: {"a": {"b": x}},
                                    lambda x: np.array([[1, x]]), np.float16, lambda x: [np.array([x])]])
def test_what_is_not_finite_is_the_same_as_nothing_not_even_as_itself(bad, around):
    fine, odd = around(1.0), around(bad)

    verdict = judges.same(fine, odd, task.Tolerance(1e9, 1))

    assert not verdict.ok and "expected finite numbers" in verdict.rationale and "division by zero" in verdict.help
    with pytest.raises(ValueError, match="reference solution"):
        judges.same(odd, odd)


@pytest.mark.parametrize("expected, actual", [
    (np.ones(1000), 1.0), (np.ones(1000), np.ones(1)), (np.ones([3, 4]), np.ones(4)),
    (np.ones([3, 4]), np.ones([1, 4])),
    (np.ones([3, 1]), np.ones([3])), (1.0, np.ones(3)), (np.ones([2, 3]), np.ones([3, 2])), (np.ones(3), np.ones(2)),
    (np.ones(3), np.ones(4)), (np.zeros([0, 4]), np.zeros([0])), (np.zeros([0, 4]), np.zeros([4, 0])),
    (np.ones([1]), []), ([1.0, 1.0], 1.0), ([], 0.0)])
def test_nothing_is_broadcast(expected, actual):
    assert "shape" in why(expected, actual)


@pytest.mark.parametrize("expected, actual", [
    (1, True), (0, False), (True, 1), (1.0, True), (np.ones(2), np.array([True, True])),
    (np.array([1, 0]), [True, False]),
    ([True, False], [1, 0]), (1, 1.0), (np.array([1, 2]), np.array([1.0, 2.0])), (1, "1"), ("1", 1), (1.0, "1_0"),
    (1, None), (None, 0), (None, False), (1.0, [1.0]), ("a", ["a"]), ({}, []), ([], {}), ([], None), ("", None),
    (10**15, 10**15 + 1), (np.array([10**15]), [10**15 + 1]), (1.0, 10**400), (1, -10**400), ("a", "A"), (0.0, None)])
def test_a_value_of_another_kind_is_another_value(expected, actual):
    why(expected, actual)


@pytest.mark.parametrize("expected, actual", [
    (1.0, 1), (np.float32([1, 2]), [1, 2]), (np.int32([1, 2]), np.int64([1, 2])), (np.uint8([1]), np.int64([1])),
    (np.float32(0.5), 0.5), ([[1.5, 2.5]], np.float32([[1.5, 2.5]])), (np.zeros([0]), []), (0.0, -0.0), (-0.0, 0.0),
    ([np.ones(2), [1, 2]], [[1.0, 1.0], np.int64([1, 2])]), ([], np.zeros([0], int)), (np.array(True), True),
    (np.array(0.5), 0.5), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (np.float64([0.5]), np.float16([0.5]))])
def test_forms_of_one_value_are_the_same(expected, actual):
    assert judges.same(expected, actual, EXACT).ok, judges.same(expected, actual)


@pytest.mark.parametrize("expected, actual, words", [
    ([0.5, [1, "x"]], [0.5, [2, "x"]], "result[1][0]: expected 1, got 2."),
    ({"a": [np.zeros([2, 3])]}, {"a": [np.eye(2, 3)]},
     "result['a'][0][0, 0]: expected 0, got 1; 2 of 6 numbers are wrong, by up to 1."),
    ({"loss": 1, "accuracy": 2}, {"loss": 1, "acc": 2},
     "result: expected a dict with 2 keys; it lacks 'accuracy' and has beyond them 'acc'."),
    ([1, "a"], [1, "a", 2], "result: expected a list of 2, got one of 3."),
    (np.zeros([5, 4]), np.zeros([4, 5]), "result: expected an array of shape [5, 4], got an array of shape [4, 5]."),
    ([np.zeros(2), np.zeros(2), "a"], [np.ones(2), np.ones(2), "b"],
     "result[0][0]: expected 0, got 1; 2 of 2 numbers are wrong, by up to 1. 2 other parts differ, too."),
    (0.1, 0.1000001, "result: expected 0.1, got 0.1000001."),
    (np.int32([1]), np.float32([1]), "result: expected whole numbers, got floats (float32)."),
    (np.array([True, True]), np.array([True, False]), "result[1]: expected True, got False; 1 of 2 are wrong."),
    (1.0, math.nan, "result: expected finite numbers, got nan."),
    (np.zeros(9), np.full(9, math.inf),
     "result[0]: expected finite numbers, got inf (9 of 9 numbers are not finite)."),
    (1.0, 10**400, "result: expected finite numbers, got a whole number of 1329 bits."),
    ("red", "blue", "result: expected 'red', got 'blue'."), (None, 5, "result: expected None, got a number."),
    (1, True, "result: expected whole numbers, got bools (bool)."),
    ({"loss": 1}, {"loss": 1, "acc": 2}, "result: expected a dict with 1 key; it has beyond them 'acc'."),
    ({"loss": 1, "acc": 2}, {"loss": 1}, "result: expected a dict with 2 keys; it lacks 'acc'."),
])
def test_the_first_difference_is_named_with_its_place(expected, actual, words):
    assert why(expected, actual, task.Tolerance(0, 0)) == words


@pytest.mark.parametrize("expected, actual, hint", [
    (np.ones([5, 4]), np.ones([4, 5]), "transposed"), (np.ones([3, 1]), np.ones([3]), "keepdims"),
    (np.ones([4, 4]), np.ones([2, 8]), "count of numbers is right"), (np.ones([4, 4]), np.ones([4, 5]), "axis 1"),
    (np.ones([4, 4]), np.ones([5]), "2 axes are expected, there are 1"),
    (np.ones([4, 4]), 1.0, "return each of the [4, 4]"),
    (np.array([1, 2]), np.array([1.0, 2.0]), ".astype(np.int32)"), (np.array([True]), np.array([1]), ".astype(bool)"),
    (np.arange(4.0), -np.arange(4.0), "sign"), (np.arange(4.0), 3 * np.arange(4.0), "3 times"),
    (np.arange(4.0), np.arange(4.0) - 2, "2 too small"), (np.arange(4.0), np.array([3.0, 1, 0, 2]), "another order"),
    (np.array([1.0, 3, 2]), np.array([1.001, 3, 2]), "close"), (np.arange(4.0), np.array([7.0, 1, -5, 2]), "by hand")])
def test_a_hint_says_what_the_mistake_looks_like(expected, actual, hint):
    assert hint in judges.same(expected, actual).help


def test_of_a_large_array_the_part_with_the_first_difference_is_shown():
    expected = np.zeros([50, 60])
    actual = expected.copy()
    actual[20, 58] = 7

    verdict = judges.same(expected, actual)

    assert verdict.actual_short == {"[20, 48:60]": [0.0] * 10 + [7.0, 0.0]}
    assert verdict.expected_short == {"[20, 48:60]": [0.0] * 12}
    assert judges.same(expected, expected).actual_short.startswith("float64 of shape [50, 60]: [0.0, ")


def test_a_million_numbers_take_a_moment():
    expected = np.random.default_rng(0).normal(size=[1000, 1000])
    start = time.perf_counter()

    assert judges.same(expected, expected + 1e-9).ok
    assert "998,996 of 1,000,000 numbers are wrong" in why(expected, expected.T)
    assert time.perf_counter() - start < 3


def test_differences_beyond_all_floats_are_differences():
    assert not judges.same(1e308, -1e308, task.Tolerance(1, 1)).ok
    assert not judges.same(np.float32([3e38]), np.float32([-3e38])).ok


@pytest.mark.parametrize("bad", [*NOT_FINITE, True, False, None, "0.95", "1_0", "\u0661", 10**400, -10**400, [0.95],
                                 {}, np.array([0.95]), np.array([math.nan]), np.array(math.nan), np.array(True)])
@pytest.mark.parametrize("expectation", [
    task.Expectation(), task.Expectation(at_least=-1e9), task.Expectation(at_most=1e9), task.Expectation(0, 1),
    task.Expectation(band=True), task.Expectation(at_least=-1e9, band=True)])
def test_no_expectation_is_met_by_what_is_no_finite_number(bad, expectation):
    verdict = judges.meets(expectation, bad, (-1e9, 1e9))

    assert not verdict.ok and "expected" in verdict.rationale
    json.dumps([verdict.expected_short, verdict.actual_short], allow_nan=False)


@given(FINITE, st.none() | FINITE, st.none() | FINITE, st.none() | st.tuples(FINITE, FINITE).map(sorted))
@settings(max_examples=200, deadline=None)
def test_an_expectation_is_met_if_and_only_if_all_its_bounds_are(value, low, high, band):
    wanted = ((low is None or value >= low) and (high is None or value <= high)
              and (band is None or band[0] <= value <= band[1]))

    assert judges.meets(task.Expectation(low, high, band is not None), value, band).ok == wanted


@pytest.mark.parametrize("value, ok", [(0.9, True), (1, True), (np.array(0.9), True), (0.8999999, False),
                                       (-0.0, False)])
def test_bounds_are_met_by_numbers_as_they_are(value, ok):
    assert judges.meets(task.Expectation(at_least=0.9), value).ok is ok


def test_a_number_just_below_a_bound_is_shown_in_all_its_digits():
    assert "at least 0.9, got 0.8999999." in judges.meets(task.Expectation(at_least=0.9), 0.8999999).rationale


@pytest.mark.parametrize("band", [None, (), (1,), (2, 1), (0, math.nan), (-math.inf, math.inf)])
def test_a_band_that_is_none_is_our_fault_and_no_verdict(band):
    with pytest.raises(ValueError, match="calibrated band"):
        judges.meets(task.Expectation(band=True), 0.5, band)


@pytest.mark.parametrize("value", [0.99, 0.5])
def test_outside_of_a_band_on_either_side_one_learns_what_makes_another_number(value):
    verdict = judges.meets(task.Expectation(band=True), value, (0.91, 0.94), "val_loss")

    assert verdict.rationale == f"val_loss: expected at least 0.91 and at most 0.94, got {value}."
    assert "another number than the reference solution" in verdict.help and "initialization" in verdict.help


def test_a_fixed_bound_has_no_band_to_compare_with():
    assert "reference" not in judges.meets(task.Expectation(at_least=0.9), 0.5, name="val_accuracy").help


EXPECT = {"loss": task.Expectation(at_most=1), "accuracy": task.Expectation(at_least=0.9)}


@pytest.mark.parametrize("returned, words", [
    ({"loss": 0.5, "accuracy": 0.8}, "accuracy: expected at least 0.9, got 0.8."),
    ({"loss": 0.5, "acuracy": 0.95}, "did you mean acuracy"), ({"loss": 0.5}, "'accuracy'"), ({}, "'loss'"),
    ([0.5, 0.95], "main: expected a dict of metrics, got a list of shape [2]."),
    (None, "main: expected a dict of metrics, got None."), (0.95, "got a number"),
    ({"loss": math.nan, "accuracy": 0.95}, "loss: expected at most 1, got nan.")])
def test_all_metrics_have_to_be_there_and_to_be_met(returned, words):
    verdict = judges.meets_all(EXPECT, returned)

    assert not verdict.ok and words in verdict.rationale and verdict.help
    json.dumps([verdict.expected_short, verdict.actual_short], allow_nan=False)


def test_all_metrics_met_are_all_shown():
    verdict = judges.meets_all(EXPECT, {"loss": 0.5, "accuracy": 0.95, "other": math.nan})

    assert verdict.ok and verdict.actual_short == {"loss": 0.5, "accuracy": 0.95}
    assert verdict.expected_short == {"loss": "at most 1", "accuracy": "at least 0.9"}


@pytest.mark.parametrize("one, two, name", [
    ({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, "a"), ({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 3.0}, ""),
    ({"a": np.array(1.0)}, {"a": 1.0}, "a"), ({"a": np.ones(3)}, {"a": np.ones(3)}, ""), ({}, {}, ""), (None, [], ""),
    ({"a": math.nan, "b": 1}, {"a": math.nan, "b": 1}, "b"), ({"a": 1, "b": "x"}, {"a": 1, "b": "y"}, "a")])
def test_unmoved_metrics_are_named(one, two, name):
    assert judges.unmoved(["a", "b"], one, two) == name


def test_verdicts_of_claims_from_the_wire():
    claim = b'{"array": [[1.0], [1e999]], "dtype": "float32", "shape": [2, 1]}'

    assert "got inf" in why(np.ones([2, 1], np.float32), values.from_json(values.loads(claim)))


@pytest.mark.parametrize("expected, actual, shown", [
    (np.zeros([0, 4]), np.zeros([0, 3]), ("float64 [0, 4], empty", "float64 [0, 3], empty")),
    (np.ones([2]), np.array([1, math.nan]), ([1.0, 1.0], "[1.0, nan]")),
    ([1.0, 1.0], [1.0, -math.inf], ([1.0, 1.0], "[1.0, -inf]")),
    (0.1, 0.1000001, (0.1, 0.1000001)), (np.float64([1, 2]), np.float64([1, 2.0000001]), ([1, 2], [1, 2.0000001])),
    (np.zeros([5]), [], ([0.0] * 5, "float64 [0], empty")),
    (np.zeros([0]), np.zeros([0, 1]), ("float64 [0], empty", "float64 [0, 1], empty")),
    ("a" * 300 + "b", "a" * 300 + "c", ("..." + "a" * 199 + "b", "..." + "a" * 199 + "c")),
    (np.zeros(40), np.where(np.arange(40) == 30, math.nan, 0), (None, None))])
def test_expected_and_got_are_never_shown_as_equal_texts(expected, actual, shown):
    verdict = judges.same(expected, actual, EXACT)

    assert (verdict.expected_short, verdict.actual_short) == shown and not verdict.ok


@given(VALUES, VALUES)
@settings(max_examples=200, deadline=None)
def test_what_is_wrong_never_looks_right(expected, actual):
    verdict = judges.same(expected, actual, EXACT)

    pair = json.dumps(verdict.expected_short), json.dumps(verdict.actual_short)
    assert verdict.ok or pair[0] != pair[1] or pair == ("null", "null")


def test_a_million_numbers_in_lists_take_a_moment():
    rows = np.random.default_rng(0).normal(size=[1000, 900]).tolist()
    start = time.perf_counter()

    assert "shape" in why(np.zeros([0, 1]), values.from_json(values.to_json(rows)))
    assert time.perf_counter() - start < 2
