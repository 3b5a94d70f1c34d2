"""Numbers in values from a student: as arrays, as one number, as text; and whether all of them are finite."""
from __future__ import annotations

import itertools
import math
from typing import Any, Optional, Union

import numpy as np

from npfl_kit.grading.wire import values

MOST_SHOWN = 12             # numbers, keys and parts of what is shown
MOST_LETTERS = 200


def array(value: Any) -> Optional[np.ndarray]:
    """A number, a bool, an array, or a list of lists of numbers of one type, as an array; None for anything else.

    >>> array([[1, 2], [3, 4]]).shape, array([1, 0.5]), array([[1], [2, 3]])
    ((2, 2), None, None)
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    shape, flat = [], [value]
    while flat and type(flat[0]) is list:
        length = len(flat[0])
        if not all(type(each) is list and len(each) == length for each in flat):
            return None
        shape.append(length)
        flat = list(itertools.chain.from_iterable(flat))
    kinds = set(map(type, flat))
    if kinds <= {bool} or kinds <= {int} or kinds <= {float}:
        if int in kinds and max(map(abs, flat)) > values.LARGEST_INT:
            return None
        return np.array(flat, {bool: bool, int: np.int64}.get(next(iter(kinds), float), np.float64)).reshape(shape)
    return None


def number(value: Any) -> Union[int, float, None]:
    """One finite number, also as an array without axes; None for anything else, a bool and 10**400 included.

    >>> number(np.float32(0.5).reshape([])), number(True), number(float("inf")), number(np.ones(1))
    (0.5, None, None, None)
    """
    if isinstance(value, np.generic) or isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if type(value) is int:
        return value if abs(value) <= values.LARGEST_INT else None
    return value if type(value) is float and math.isfinite(value) else None


def not_finite(value: Any, where: str = "") -> Optional[tuple[str, str]]:
    """The place of the first number in a value that is not finite or is too large an int, and what is there.

    Returns: None if all numbers are finite.

    >>> not_finite({"loss": [0.5, float("nan")]})
    ("['loss'][1]", 'nan')
    """
    if isinstance(value, (np.ndarray, np.generic)):
        bad = ~np.isfinite(value)
        if not bad.any():
            return None
        count, first = int(bad.sum()), np.unravel_index(int(bad.argmax()), bad.shape)
        many = f" ({count:,} of {value.size:,} numbers are not finite)" if count > 1 else ""
        return f"{where}{index(first)}", f"{np.asarray(value)[first]}{many}"
    if isinstance(value, float):
        return None if math.isfinite(value) else (where, str(value))
    if isinstance(value, int) and abs(value) > values.LARGEST_INT:
        return where, f"a whole number of {value.bit_length()} bits"
    parts = (value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return next(filter(None, (not_finite(each, f"{where}[{key!r:.40}]") for key, each in parts)), None)


def index(place: Any) -> str:
    """The place of an element, as one writes it.

    >>> index((2, 3)), index(())
    ('[2, 3]', '')
    """
    return f"[{', '.join(str(int(each)) for each in place)}]" if len(place) else ""


def kind(value: Any) -> str:
    """What a value is, in a few words.

    >>> kind(np.zeros([2, 3])), kind({"a": 1}), kind(True), kind([1, "x"]), kind(float("nan"))
    ('an array of shape [2, 3]', 'a dict', 'the bool True', 'a list of 2', 'nan')
    """
    found = array(value)
    if found is not None and found.ndim:
        return f"{'an array' if isinstance(value, np.ndarray) else 'a list'} of shape {list(found.shape)}"
    if found is not None and found.dtype == bool:
        return f"the bool {found.item()}"
    if found is not None and not np.isfinite(found):
        return str(found.item())
    if found is not None or isinstance(value, int):
        return "a number" if found is not None else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {dict: "a dict", str: "a text", type(None): "None"}.get(type(value), f"a {type(value).__name__}")


def shown(value: Any) -> Any:
    """A value as JSON that is short enough to be read; NaN and infinity are texts, and -0 is 0.

    >>> shown([1.23456789, float("nan"), "x"]), shown(np.arange(100))
    ([1.23457, 'nan', 'x'], 'int64 of shape [100]: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] ...')
    """
    if isinstance(value, (np.ndarray, np.generic)):
        if value.size <= MOST_SHOWN:
            return shown(value.tolist())
        return f"{value.dtype.name} of shape {list(value.shape)}: {shown(value.reshape(-1)[:MOST_SHOWN].tolist())} ..."
    if isinstance(value, str):
        return value if len(value) <= MOST_LETTERS else f"{value[:MOST_LETTERS]}..."
    if isinstance(value, float):
        return (float(f"{value:.6g}") or 0.0) if math.isfinite(value) else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > values.LARGEST_INT:
        return kind(value)
    if isinstance(value, dict):
        some = {shown(key): shown(each) for key, each in itertools.islice(value.items(), MOST_SHOWN)}
        return some if len(value) <= MOST_SHOWN else {**some, "...": f"{len(value) - MOST_SHOWN} more"}
    if isinstance(value, (list, tuple)):
        parts = [shown(each) for each in value[:MOST_SHOWN]]
        return parts if len(value) <= MOST_SHOWN else [*parts, f"... {len(value) - MOST_SHOWN} more"]
    return value
