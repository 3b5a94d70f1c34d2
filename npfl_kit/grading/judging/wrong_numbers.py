"""In what an array of numbers differs from the expected one, and what mistakes look like that."""
from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np

from npfl_kit.grading.tasks import task
from npfl_kit.grading.wire import number_arrays

KINDS = {"b": "bools", "i": "whole numbers", "u": "whole numbers", "f": "floats"}
ALLOWED = {"b": "b", "i": "iu", "u": "iu", "f": "fiu"}      # for a float a whole number will do


class Wrong(NamedTuple):
    """The first difference between two arrays: its place, why, what to do, and what is shown of both."""

    place: str
    why: str
    help: str
    expected: Any
    actual: Any


def wrong(expected: np.ndarray, actual: np.ndarray, tolerance: task.Tolerance) -> Optional[Wrong]:
    """What is wrong with an array of finite numbers; None if nothing is. Nothing is broadcast.

    >>> wrong(np.float32([1, 2, 3]), np.float32([1, 5, 6]), task.Tolerance())[:2]
    ('[1]', 'expected 2, got 5; 2 of 3 numbers are wrong, by up to 3')
    """
    if expected.shape != actual.shape:
        return Wrong("", f"expected {number_arrays.kind(expected)}, got {number_arrays.kind(actual)}",
                     shape_hint(expected.shape, actual.shape), expected, actual)
    if not expected.size:
        return None
    if actual.dtype.kind not in ALLOWED[expected.dtype.kind]:
        wanted, got = KINDS[expected.dtype.kind], KINDS[actual.dtype.kind]
        name = {"b": "bool", "f": "np.float32"}.get(expected.dtype.kind, "np.int32")
        return Wrong("", f"expected {wanted}, got {got} ({actual.dtype.name})",
                     f"Convert the result, for instance by .astype({name}) or tf.cast.", expected, actual)
    differing = different(expected, actual, tolerance)
    if not differing.any():
        return None
    return _described(expected, actual, differing)


def different(expected: np.ndarray, actual: np.ndarray, tolerance: task.Tolerance) -> np.ndarray:
    """Which numbers of two arrays of one shape differ: bool, of that shape."""
    if expected.dtype.kind != "f":
        return expected.astype(np.int64) != actual.astype(np.int64)
    ours, theirs = expected.astype(np.float64), actual.astype(np.float64)
    with np.errstate(over="ignore"):
        return ~(np.abs(theirs - ours) <= tolerance.abs + tolerance.rel * np.abs(ours))


def _described(expected: np.ndarray, actual: np.ndarray, differing: np.ndarray) -> Wrong:
    first = np.unravel_index(int(differing.argmax()), differing.shape)
    count = int(differing.sum())
    ours, theirs = expected[first].item(), actual[first].item()
    if expected.dtype.kind == "b":
        return Wrong(number_arrays.index(first), f"expected {ours}, got {theirs}; {count:,} of {expected.size:,} are "
                     f"wrong", "Work that one out by hand.", *_around(expected, actual, first))
    with np.errstate(over="ignore"):
        largest = float(np.abs(actual.astype(np.float64) - expected.astype(np.float64)).max())
    many = f"; {count:,} of {expected.size:,} numbers are wrong, by up to {largest:.3g}" if expected.size > 1 else ""
    return Wrong(number_arrays.index(first), f"expected {_digits(ours, theirs)}, got {_digits(theirs, ours)}{many}",
                 number_hint(expected, actual), *_around(expected, actual, first))


def _around(expected: np.ndarray, actual: np.ndarray, first: Any) -> tuple[Any, Any]:
    """What is shown of both: all if that is short, else the row with the first difference."""
    if expected.size <= number_arrays.MOST_SHOWN:
        return expected, actual
    start = max(0, min(int(first[-1]) - number_arrays.MOST_SHOWN // 2, expected.shape[-1] - number_arrays.MOST_SHOWN))
    part = (*first[:-1], slice(start, start + number_arrays.MOST_SHOWN))
    name = f"[{', '.join([*map(str, map(int, first[:-1])), f'{start}:{start + len(expected[part])}'])}]"
    return {name: expected[part]}, {name: actual[part]}


def _digits(value: float, other: float) -> str:
    """A number in six digits, or in all if it looks like the other one then."""
    return f"{value:.6g}" if f"{value:.6g}" != f"{other:.6g}" else repr(value)


def shape_hint(expected: tuple[int, ...], actual: tuple[int, ...]) -> str:
    """What to do about a shape.

    >>> shape_hint((2, 3), (3, 2))
    'It looks transposed: the axes are expected in the order of shape [2, 3].'
    """
    wanted = list(expected)
    if not actual:
        return f"One number does not stand for many: return each of the {wanted}."
    if sorted(expected) == sorted(actual):
        return f"It looks transposed: the axes are expected in the order of shape {wanted}."
    if [size for size in expected if size != 1] == [size for size in actual if size != 1]:
        return "An axis of size 1 is missing or too many: look at keepdims and np.newaxis."
    if np.prod(expected, dtype=float) == np.prod(actual, dtype=float):
        return f"The count of numbers is right: look where the array should have been of shape {wanted}."
    if len(expected) == len(actual):
        axes = [str(axis) for axis, (one, other) in enumerate(zip(expected, actual)) if one != other]
        return f"Print the shapes on the way: axis {' and '.join(axes)} has another size than expected."
    return f"Print the shapes on the way: {len(expected)} axes are expected, there are {len(actual)}."


def number_hint(expected: np.ndarray, actual: np.ndarray) -> str:
    """What mistake numbers of the right shape look like.

    >>> number_hint(np.float64([1, 2]), np.float64([2, 4]))
    'Every number is 2 times the expected one: look for a factor.'
    """
    with np.errstate(all="ignore"):
        ours, theirs = expected.astype(np.float64).ravel(), actual.astype(np.float64).ravel()
        if ours.size > 1 and np.ptp(ours) > 0:
            close = lambda one, other: bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))   # noqa: E731
            factor, shift = (ours @ theirs) / (ours @ ours), float((theirs - ours).mean())
            if close(theirs, -ours):
                return "The numbers are right but for their sign."
            if abs(factor) > 1e-6 and close(theirs, factor * ours):
                return f"Every number is {factor:.4g} times the expected one: look for a factor."
            if close(theirs, ours + shift):
                return f"Every number is {abs(shift):.4g} too {'large' if shift > 0 else 'small'}: look for a summand."
            if close(np.sort(theirs), np.sort(ours)):
                return "The numbers are right, but stand in another order."
        if np.allclose(theirs, ours, rtol=1e-2, atol=1e-4):
            return "The numbers are close: look at epsilons, at rounding, and at the order of the operations."
    return "Work that number out by hand from the inputs, and print what the code has on the way."
