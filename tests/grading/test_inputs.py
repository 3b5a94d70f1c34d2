"""Arguments of functions: the same seed gives the same, sizes agree, edges come first, and all of it can travel."""
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npfl_kit.grading.tasks import input_checks, inputs, task
from npfl_kit.grading.wire import values


def made(spec, seed=42, repeat=5, repeats=10, **others):
    found = inputs.arrays(task.Case("a", 1, inputs={"x": spec, **others}, repeats=repeats), seed, repeat)
    return values.from_json(found["x"])


@given(st.integers(1, 2**31 - 1), st.integers(0, 999))
@settings(max_examples=100, deadline=None)
def test_the_same_seed_gives_the_same_arguments_and_they_are_json(seed, repeat):
    case = task.Case("a", 1, repeats=20, inputs={
        "sizes": {"n": [0, 4]}, "boxes": {"boxes": ["n"]}, "scores": {"uniform": ["n"]}, "noise": {"normal": []},
        "classes": {"integers": ["n"], "high": 5}, "threshold": {"choice": [0.5, 0.7]}, "stride": {"value": 2}})
    input_checks.check(case.inputs)

    one, two = inputs.arrays(case, seed, repeat), inputs.arrays(case, seed, repeat)

    assert json.dumps(one, allow_nan=False) == json.dumps(two)
    arguments = {name: values.from_json(each) for name, each in one.items()}
    assert len(arguments["boxes"]) == len(arguments["scores"]) == len(arguments["classes"])
    assert type(arguments["noise"]) is float and arguments["stride"] == 2 and arguments["threshold"] in (0.5, 0.7)


def test_repeats_and_seeds_differ():
    spec = {"normal": [3]}

    found = {tuple(made(spec, seed, repeat)) for seed in (1, 2) for repeat in (0, 1, 2)}

    assert len(found) == 6


@pytest.mark.parametrize("repeat, size", [(0, 0), (1, 5)])
def test_of_many_repeats_the_first_has_the_least_sizes_and_the_second_the_largest(repeat, size):
    spec = {"uniform": ["n", 2], "sizes": {"n": [0, 5]}}

    assert made(spec, repeat=repeat, repeats=3).shape == (size, 2)
    assert {made(spec, repeat=each, repeats=100).shape[0] for each in range(2, 100)} == set(range(6))


def test_one_repeat_has_any_size():
    spec = {"uniform": ["n"], "sizes": {"n": [0, 5]}}

    assert {len(made(spec, seed, repeat=0, repeats=1)) for seed in range(1, 60)} == set(range(6))


def test_sizes_of_an_argument_are_its_own():
    case = task.Case("a", 1, repeats=30, inputs={
        "sizes": {"n": [1, 9]}, "x": {"normal": ["n"]}, "y": {"normal": ["n"]},
        "z": {"normal": ["n"], "sizes": {"n": [20, 29]}}})

    for repeat in range(30):
        found = {name: len(values.from_json(each)) for name, each in inputs.arrays(case, 7, repeat).items()}
        assert found["x"] == found["y"] <= 9 < 20 <= found["z"]


@pytest.mark.parametrize("least", [1, 0, -2, 5])
def test_boxes_have_whole_corners_inside_and_sides_of_the_least_at_least(least):
    found = made({"boxes": [200], "high": 8, "least": least})

    assert found.shape == (200, 4) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 8
    np.testing.assert_array_equal(found, found.round())
    assert min((found[:, 2:] - found[:, :2]).min(), 1) >= min(least, 1) and found[:, :2].min() == 0
    assert {(box[2:] - box[:2]).min() for box in found} >= {float(least)}      # the edge is met


@pytest.mark.parametrize("spec, dtype, shape", [
    ({"normal": [2, 3]}, "float32", (2, 3)), ({"normal": [2], "dtype": "float64"}, "float64", (2,)),
    ({"uniform": [0, 4]}, "float32", (0, 4)), ({"integers": [5], "high": 3}, "int32", (5,)),
    ({"integers": [5], "high": 3, "dtype": "int64"}, "int64", (5,)), ({"permutation": 4}, "int32", (4,)),
    ({"value": [[1, 2]], "dtype": "float32"}, "float32", (1, 2)), ({"boxes": [2, 1]}, "float32", (2, 1, 4))])
def test_types_and_shapes_are_those_of_the_description(spec, dtype, shape):
    input_checks.check({"x": spec})

    found = made(spec)

    assert found.dtype == dtype and found.shape == shape


def test_ranges_are_kept():
    whole, real = made({"integers": [500], "low": -1, "high": 3}), made({"uniform": [500], "low": -2, "high": 3})
    normal = made({"normal": [5000], "mean": 10, "scale": 2})

    assert set(whole.tolist()) == {-1, 0, 1, 2}
    assert -2 <= real.min() < -1.9 and 2.9 < real.max() < 3
    assert abs(normal.mean() - 10) < 0.2 and abs(normal.std() - 2) < 0.2
    assert sorted(made({"permutation": 9}).tolist()) == list(range(9))


def test_choices_are_drawn_and_values_are_as_they_are():
    picked = made({"choice": ["B-PER", "O"], "shape": [50]})

    assert len(picked) == 50 and set(picked) == {"B-PER", "O"}
    assert {made({"choice": [[1, 2], [3]]}, seed=seed)[-1] for seed in range(1, 30)} == {2, 3}
    assert made({"value": {"a": [1, True]}}) == {"a": [1, True]}


def test_a_shape_without_axes_gives_a_plain_number():
    assert type(made({"integers": [], "high": 3})) is int and type(made({"uniform": []})) is float


def test_numbers_stay_the_same_from_version_to_version():
    assert made({"integers": [6], "high": 100}, seed=1, repeat=2).tolist() == [64, 44, 93, 43, 8, 41]
