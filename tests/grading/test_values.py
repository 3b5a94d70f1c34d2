"""Values on the wire: what goes in comes out, whatever comes is bounded, and nothing but a refusal can happen."""
import json
import math
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from npfl_kit.grading.wire import values

NUMBERS = st.integers(-values.LARGEST_INT, values.LARGEST_INT) | st.floats(allow_nan=False)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text(max_size=20)
KEYS = st.text(max_size=10) | st.sampled_from(["array", "dtype", "shape", "float", "dict"])
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
                      max_leaves=20)
ARRAYS = numpy_strategies.arrays(
    st.sampled_from([name for name in values.DTYPES if "64" not in name]),
    numpy_strategies.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(
    [*values.DTYPES, "nan", "inf"]), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
    KEYS, inner, max_size=4) | st.fixed_dictionaries({"array": inner, "dtype": st.sampled_from(values.DTYPES) | inner,
                                                      "shape": st.lists(st.integers(-1, 3)) | inner}), max_leaves=15)


class Tensor:
    """What NumPy can make an array of."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __array__(self, dtype=None):
        return np.array(self.numbers, dtype or np.float32)


def over_the_wire(value):
    return values.from_json(values.loads(values.dumps(values.to_json(value))))


def deep(depth, inside=1):
    for _ in range(depth):
        inside = [inside]
    return inside


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_values_come_out_as_they_went_in(value):
    try:
        claimed = values.to_json(value)
    except values.ValueRefused:
        return      # too deep

    found = values.from_json(values.loads(values.dumps(claimed)))
    assert found == value and json.dumps(found) == json.dumps(value)      # -0.0 is not 0, 1 is not 1.0 nor True


@given(ARRAYS)
@settings(max_examples=300, deadline=None)
def test_arrays_come_out_with_their_type_and_shape(array):
    found = over_the_wire({"one": [array]})["one"][0]

    assert found.dtype == array.dtype and found.shape == array.shape
    np.testing.assert_array_equal(found, array)


@given(JSON)
@settings(max_examples=1000, deadline=None)
def test_whatever_json_comes_it_is_read_or_refused(claim):
    try:
        values.to_json(values.from_json(claim))
    except values.ValueRefused:
        pass


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
@settings(max_examples=1000, deadline=None)
def test_whatever_line_comes_it_is_read_or_refused(line):
    try:
        values.loads(line)
    except values.ValueRefused:
        pass


def test_of_a_hundred_thousand_damaged_lines_each_is_read_or_refused():
    generator = random.Random(42)
    lines = [values.dumps(values.to_json(value)) for value in (
        {"loss": 0.5, "deep": [[[1, None], True]]}, [math.nan, "\u0661"], np.eye(3), np.float16([[math.inf]]),
        {"array": {"dtype": [1, 2]}, "float": {"float": "nan"}}, np.zeros([2, 0, 3], np.int8))]
    pieces = [b"", b"{", b"]", b"1e999", b"9" * 30, b"null", b"NaN", b'"float"', b'"shape"', b"[]", b"-0",
              b"\xff", b"\x00"]

    for _ in range(100_000):
        line = bytearray(generator.choice(lines))
        for _ in range(generator.randint(1, 3)):
            start = generator.randrange(len(line) + 1)
            line[start:start + generator.randint(0, 4)] = generator.choice(pieces)
        try:
            values.to_json(values.from_json(values.loads(bytes(line))))
        except values.ValueRefused:
            pass


@pytest.mark.parametrize("value, expected", [
    ((1, 2), [1, 2]), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True), (np.str_("a"), "a"),
    ({"a": (np.float64(1.5),)}, {"a": [1.5]})])
def test_tuples_are_lists_and_numbers_of_numpy_those_of_python(value, expected):
    found = over_the_wire(value)

    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("around", [lambda x: x, lambda x: [x], lambda x: np.array([1, x]), np.float16, Tensor])
def test_numbers_that_are_not_finite_travel_as_texts(number, around):
    claimed = values.dumps(values.to_json(around(number)))

    assert b'{"float":"' in claimed
    assert not np.all(np.isfinite(over_the_wire(around(number))))


def test_a_tensor_is_an_array():
    np.testing.assert_array_equal(over_the_wire(Tensor(1, 2)), np.float32([1, 2]), strict=True)


@pytest.mark.parametrize("value, words", [
    ({"a": [1, object()]}, r"\['a'\]\[1\]: expected .* got a object"),
    ({1, 2}, "the value: .* got a set"), (b"1", "got a bytes"), (1j, "got a complex"), ({1: 2}, "texts as keys"),
    (np.array([1j]), "complex128"), (np.array([object()]), "object"), (np.array(["a"]), "<U1|str"),
    (10**18 + 1, "10\\*\\*18"), (-10**400, "10\\*\\*18"), (np.uint64([2**63]), "10\\*\\*18"),
    (deep(9), "at most 8 deep"), (np.ones([1] * 9), "at most 8 axes"), (lambda: 1, "got a function")])
def test_what_cannot_travel_is_named_with_its_place(value, words):
    with pytest.raises(values.ValueRefused, match=words):
        values.to_json(value)


@pytest.mark.parametrize("value", [np.ones(101), [1] * 101, "a" * 101, {"a" * 101: 1}, np.ones([101, 0]), [[]] * 101,
                                   [np.ones(60)] * 2])
def test_a_value_has_no_more_numbers_than_allowed(value):
    with pytest.raises(values.ValueRefused, match="at most 100 numbers"):
        values.to_json(value, limit=100)
    with pytest.raises(values.ValueRefused, match="at most 100 numbers"):
        values.from_json(values.to_json(value), limit=100)


@pytest.mark.parametrize("claim", [
    {"array": [1], "dtype": "float32", "shape": [2]}, {"array": 1, "dtype": "float32", "shape": [1]},
    {"array": [[1], [1, 2]], "dtype": "int32", "shape": [2, 1]}, {"array": [], "dtype": "int32", "shape": [0, 10**18]},
    {"array": [True], "dtype": "int32", "shape": [1]}, {"array": [1], "dtype": "bool", "shape": [1]},
    {"array": [1.0], "dtype": "int32", "shape": [1]}, {"array": [2**31], "dtype": "int32", "shape": [1]},
    {"array": [-1], "dtype": "uint8", "shape": [1]}, {"array": [2**63], "dtype": "uint64", "shape": [1]},
    {"array": [10**30], "dtype": "float32", "shape": [1]}, {"array": ["1_0"], "dtype": "int32", "shape": [1]},
    {"array": ["\u0661"], "dtype": "float64", "shape": [1]}, {"array": [None], "dtype": "float64", "shape": [1]},
    {"array": [{"float": "1e999"}], "dtype": "float64", "shape": [1]}, {"array": [1], "dtype": "object", "shape": [1]},
    {"array": [1], "dtype": "O", "shape": [1]}, {"array": [1], "dtype": ["int32"], "shape": [1]},
    {"array": [1], "dtype": "int32", "shape": [True]}, {"array": [1], "dtype": "int32", "shape": [-1]},
    {"array": [1], "dtype": "int32", "shape": 1}, {"array": [1], "dtype": "int32", "shape": [1.0]},
    {"array": deep(9), "dtype": "int32", "shape": [1] * 9}, {"float": "1"}, {"float": 1}, {"float": None},
    {"dict": [1]}, {"dict": {1: 2}}, 10**18 + 1, deep(9), (1, 2), {1: 2}, b"a"])
def test_a_claim_that_contradicts_itself_is_refused(claim):
    with pytest.raises(values.ValueRefused):
        values.from_json(claim)


@pytest.mark.parametrize("line", [b"NaN", b"[Infinity]", b"-Infinity", b"9" * 21, b"-" + b"9" * 10**6, b"[" * 10**6,
                                  b'{"a":' * 10**5, b"", b"\xff", b"\x00", b"1_0", "\u0661".encode(), b"0x10", b"1,"])
def test_a_line_that_is_no_plain_json_is_refused_quickly(line):
    start = time.perf_counter()

    with pytest.raises(values.ValueRefused):
        values.loads(line)
    assert time.perf_counter() - start < 1


def test_a_float_beyond_all_floats_is_infinite_and_no_error():
    assert values.from_json(values.loads(b"1e999")) == math.inf
    claim = b'{"array": [1e300], "dtype": "float32", "shape": [1]}'
    assert values.from_json(values.loads(claim)).tolist() == [math.inf]


def test_a_large_array_takes_a_second_or_two():
    start = time.perf_counter()

    found = over_the_wire(np.arange(900_000, dtype=np.int32).reshape(900, 1000))

    assert found.shape == (900, 1000) and time.perf_counter() - start < 5


def test_the_wire_needs_python_and_numpy_alone():
    code = ("import sys, npfl_kit.grading.wire.values; "
            "print([name for name in ('tensorflow', 'keras', 'scipy', 'PIL', "
            "'h5py', 'requests', 'rich', 'matplotlib') if name in sys.modules])")

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
