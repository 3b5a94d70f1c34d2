"""The wire between a student's process and the grader: values as JSON, which cannot do anything.

    None, True, 3, 0.5, "text", [1, 2], {"loss": 0.5}    as they are; a tuple is a list
    NaN, infinity, minus infinity                        {"float": "nan"}, {"float": "inf"}, {"float": "-inf"}
    an array, a tensor                                   {"array": [[1.0, 2.0]], "dtype": "float32", "shape": [1, 2]}
    a dict with just the keys of one of these lines      {"dict": {"float": "nan"}}

Both ends check all of it: the child to say what is wrong with a value, the grader since the child may say anything.
Besides Python this file needs NumPy alone, as it is imported inside the sandbox.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from npfl_kit.grading.wire import array_json
from npfl_kit.grading.wire.array_json import DTYPES
from npfl_kit.grading.wire.value_limits import (LARGEST_INT, MOST_DEPTH, MOST_NUMBERS, Budget, Place, ValueRefused,
                                                checked_int, refused)

__all__ = ["DTYPES", "LARGEST_INT", "MOST_DEPTH", "MOST_NUMBERS", "ValueRefused", "dumps", "from_json", "loads",
           "to_json"]

MARKS = ({"float"}, {"array", "dtype", "shape"}, {"dict"})
MOST_DIGITS = 20


def to_json(value: Any, limit: int = MOST_NUMBERS) -> Any:
    """The JSON form of a value.

    Args:
      value: of the kinds above; anything with `__array__` is an array, and so is a tensor. NumPy's numbers become
        Python's.
      limit: the most numbers, letters, lists and dicts in it.
    Raises: ValueRefused that names the place and what is there, as "['history']: expected numbers ..., got a History".

    >>> to_json({"loss": (float("nan"), 1)})
    {'loss': [{'float': 'nan'}, 1]}
    >>> to_json(np.float32([[0.5]]))
    {'array': [[0.5]], 'dtype': 'float32', 'shape': [1, 1]}
    """
    return _encoded(value, None, 0, Budget(limit))


def from_json(value: Any, limit: int = MOST_NUMBERS) -> Any:
    """The value that JSON from the wire means; arrays are NumPy's, of exactly the shape and type they claim.

    Raises: ValueRefused for anything that `to_json` does not give.

    >>> from_json({"array": [[1, 2]], "dtype": "int32", "shape": [1, 2]})
    array([[1, 2]], dtype=int32)
    """
    return _decoded(value, None, 0, Budget(limit))


def dumps(value: Any) -> bytes:
    """One line with the JSON of `to_json`."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def loads(line: bytes) -> Any:
    """The JSON of a line; numbers of many digits, bare NaN and endless nesting are refused, not read.

    Raises: ValueRefused.

    >>> loads(b'{"loss": 0.5}')
    {'loss': 0.5}
    """
    try:
        return json.loads(line.decode("utf-8"), parse_int=_int, parse_constant=_no_constant)
    except ValueRefused:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueRefused(f"expected a line of JSON, got something else ({type(error).__name__})") from None


def _int(digits: str) -> int:
    if len(digits) > MOST_DIGITS:       # Python before 3.11 takes minutes to read a million digits
        raise ValueRefused(f"expected a whole number up to 10**18, got one of {len(digits):,} digits")
    return int(digits)


def _no_constant(name: str) -> float:
    raise ValueRefused(f'expected {{"float": "nan"}} or the like, got a bare {name}')


def _encoded(value: Any, place: Place, depth: int, budget: Budget) -> Any:
    budget.take(len(value) if isinstance(value, str) else 1, place)
    if depth > MOST_DEPTH:
        raise refused(place, f"lists and dicts at most {MOST_DEPTH} deep", "deeper ones")
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        value = value.item()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return checked_int(int(value), place)
    if isinstance(value, float):
        return array_json.from_float(float(value))
    if isinstance(value, (list, tuple)):
        if depth < MOST_DEPTH and array_json.is_row(value):
            budget.take(len(value), place)
            return list(value)
        return [_encoded(each, (place, number), depth + 1, budget) for number, each in enumerate(value)]
    if isinstance(value, Mapping):
        return _encoded_dict(value, place, depth, budget)
    if hasattr(value, "__array__"):
        return array_json.from_array(value, place, budget)
    raise refused(place, "None, numbers, texts, lists, dicts or arrays", f"a {type(value).__name__}")


def _encoded_dict(value: Mapping, place: Place, depth: int, budget: Budget) -> dict[str, Any]:
    found = {}
    for key, each in value.items():
        if not isinstance(key, str):
            raise refused(place, "texts as keys of a dict", f"{key!r:.40}")
        budget.take(len(key), place)
        found[str(key)] = _encoded(each, (place, key), depth + 1, budget)
    return {"dict": found} if set(found) in MARKS else found


def _decoded(value: Any, place: Place, depth: int, budget: Budget) -> Any:
    kind = type(value)
    budget.take(len(value) if kind is str else 1, place)
    if depth > MOST_DEPTH:
        raise refused(place, f"lists and dicts at most {MOST_DEPTH} deep", "deeper ones")
    if value is None or kind in (bool, str, float):
        return value
    if kind is int:
        return checked_int(value, place)
    if kind is list:
        if depth < MOST_DEPTH and array_json.is_row(value):
            budget.take(len(value), place)
            return value
        return [_decoded(each, (place, number), depth + 1, budget) for number, each in enumerate(value)]
    if kind is not dict:
        raise refused(place, "JSON", f"a {kind.__name__}")
    marks = set(value)
    if marks == {"array", "dtype", "shape"}:
        return array_json.to_array(value, place, budget)
    if marks == {"float"}:
        return array_json.to_float(value, place)
    inner = value["dict"] if marks == {"dict"} else value
    if type(inner) is not dict or not all(type(key) is str for key in inner):
        raise refused(place, "a dict with texts as keys", f"a {type(inner).__name__}")
    budget.take(sum(map(len, inner)), place)
    return {key: _decoded(each, (place, key), depth + 1, budget) for key, each in inner.items()}
