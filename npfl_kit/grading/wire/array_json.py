"""Arrays on the wire, as {"array": [[1.0, 2.0]], "dtype": "float32", "shape": [1, 2]}, and what is not finite."""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from npfl_kit.grading.wire.value_limits import LARGEST_INT, MOST_DEPTH, Budget, Place, checked_int, refused

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
          "float64")
ELEMENTS: dict[str, set[type]] = {"b": {bool}, "i": {int}, "u": {int}, "f": {float, int}}     # by kind of dtype
OTHER_FLOATS = {"bfloat16": "float32", "float96": "float64", "float128": "float64"}


def from_float(value: float) -> Any:
    """A float in JSON."""
    return value if math.isfinite(value) else {"float": str(value)}


def to_float(value: Any, place: Place = None) -> float:
    """The float of {"float": "nan"} and its like.

    >>> to_float({"float": "-inf"})
    -inf
    """
    if type(value) is dict and list(value) == ["float"] and type(value["float"]) is str \
            and value["float"] in NOT_FINITE:
        return NOT_FINITE[value["float"]]
    raise refused(place, '{"float": "nan"}, "inf" or "-inf"', f"{value!r:.40}")


def is_row(value: Sequence[Any]) -> bool:
    """Whether a list has numbers alone that are the same in JSON, as most long ones have: it is taken in one step.

    >>> is_row([1, 2]), is_row([0.5, 1e300]), is_row([1, 0.5]), is_row([0.5, math.nan]), is_row([10**30])
    (True, True, False, False, False)
    """
    kinds = set(map(type, value))
    if kinds == {float}:
        return math.isfinite(sum(value))
    return kinds == {bool} or kinds == {int} and -LARGEST_INT <= min(value) <= max(value) <= LARGEST_INT


def from_array(value: Any, place: Place, budget: Budget) -> dict[str, Any]:
    """The JSON of anything with `__array__`; a tensor of bfloat16 becomes one of float32."""
    array = np.asarray(value)
    if array.dtype.name in OTHER_FLOATS:
        array = array.astype(OTHER_FLOATS[array.dtype.name])
    if array.dtype.name not in DTYPES or array.ndim > MOST_DEPTH:
        raise refused(place, f"an array of numbers with at most {MOST_DEPTH} axes",
                      f"{array.dtype.name:.40} with {array.ndim}")
    budget.take(_extent(array.shape), place)
    if array.dtype.kind in "iu" and array.size:
        checked_int(int(array.max()), place)
        checked_int(int(array.min()), place)
    nested = array.tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        nested = _mapped(nested, from_float)
    return {"array": nested, "dtype": array.dtype.name, "shape": list(array.shape)}


def _mapped(nested: Any, change: Callable[[Any], Any]) -> Any:
    return [_mapped(each, change) for each in nested] if isinstance(nested, list) else change(nested)


def _extent(shape: Iterable[int]) -> int:
    """What an array of that shape costs; one of [1000, 0] is a thousand empty lists."""
    return math.prod(max(1, size) for size in shape)


def to_array(value: dict[str, Any], place: Place, budget: Budget) -> np.ndarray:
    """The array of exactly the shape and the type that its JSON claims, if it has them."""
    shape, dtype = value["shape"], value["dtype"]
    if type(dtype) is not str or dtype not in DTYPES:
        raise refused(place, "a type of numbers such as float32", f"{dtype!r:.40}")
    if type(shape) is not list or len(shape) > MOST_DEPTH or \
            not all(type(size) is int and 0 <= size <= LARGEST_INT for size in shape):
        raise refused(place, "the shape of an array", f"{shape!r:.40}")
    budget.take(_extent(shape), place)
    flat = [value["array"]]
    for size in shape:
        if not all(type(each) is list and len(each) == size for each in flat):
            raise refused(place, f"lists as deep and as long as the shape {shape} says", "others")
        flat = list(itertools.chain.from_iterable(flat))
    return _filled(flat, np.dtype(dtype), place).reshape(shape)


def _filled(flat: list[Any], dtype: np.dtype, place: Place) -> np.ndarray:
    kinds: set[type] = set(map(type, flat))
    if dtype.kind == "f" and dict in kinds:
        flat = [to_float(each, place) if type(each) is dict else each for each in flat]
        kinds = set(map(type, flat))
    if not kinds <= ELEMENTS[dtype.kind]:
        raise refused(place, f"numbers of the type {dtype.name} in an array", "something else")
    whole = [] if int not in kinds else flat if float not in kinds else [each for each in flat if type(each) is int]
    fitting = np.iinfo(dtype) if dtype.kind in "iu" else np.iinfo(np.int64)
    low, high = max(fitting.min, -LARGEST_INT), min(fitting.max, LARGEST_INT)
    if whole and not low <= min(whole) <= max(whole) <= high:
        raise refused(place, f"whole numbers that fit into {dtype.name}", "larger ones")
    with np.errstate(over="ignore"):        # 1e300 is infinite as a float32, and the judge says so
        return np.array(flat, dtype)
