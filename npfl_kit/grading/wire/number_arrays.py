"""Numbers in values from a student: as arrays, as one number, as text; and whether all of them are finite."""
from __future__ import annotations

import itertools
import json
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
    if isinstance(value, list):
        value = value if (found := array(value)) is None else found
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
    """A value as JSON that is short enough to be read; numbers with NaN or infinity are a text, and -0 is 0.

    >>> shown([1.23456789, float("nan"), "x"]), shown([1.0, float("nan")]), shown(np.zeros([0, 4]))
    ([1.23457, 'nan', 'x'], '[1.0, nan]', 'float64 [0, 4], empty')
    >>> shown(np.arange(100))
    'int64 of shape [100]: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] ...'
    """
    if isinstance(value, list) and (found := array(value)) is not None and not np.isfinite(found).all():
        value = found
    if isinstance(value, (np.ndarray, np.generic)):
        if not value.size:
            return f"{value.dtype.name} {list(value.shape)}, empty"
        if value.size <= MOST_SHOWN:
            return _numbers(np.asarray(value)) if value.ndim else shown(value.item())
        first = _text(_numbers(value.reshape(-1)[:MOST_SHOWN]))
        return f"{value.dtype.name} of shape {list(value.shape)}: {first} ..."
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


def apart(one: Any, other: Any) -> tuple[Any, Any]:
    """Two values that differ, as `shown`; where they look the same, then in more detail, and else None.

    >>> apart(0.1, 0.1000001), apart([1, 2], [1, 2.5])
    ((0.1, 0.1000001), ([1, 2], [1, 2.5]))
    """
    for form in (shown, _exact, kind):
        found = form(one), form(other)
        if _text(found[0]) != _text(found[1]):
            return found
    return None, None


def _exact(value: Any) -> Any:
    """A short value in all digits, and the end of a long text; anything else as `shown`."""
    if isinstance(value, np.ndarray) and value.size <= MOST_SHOWN and np.isfinite(value).all():
        return value.tolist()
    if isinstance(value, str) and len(value) > MOST_LETTERS:
        return f"...{value[-MOST_LETTERS:]}"
    if isinstance(value, list) and len(value) <= MOST_SHOWN:
        return [_exact(each) for each in value]
    if isinstance(value, dict) and len(value) <= MOST_SHOWN:
        return {shown(key): _exact(each) for key, each in value.items()}
    return value if isinstance(value, float) and math.isfinite(value) else shown(value)


def _numbers(array: np.ndarray) -> Any:
    """A few numbers: as lists, or as a text where JSON has no such number."""
    parts = _rounded(array.tolist())
    return parts if np.isfinite(array).all() else _text(parts).replace('"', "")


def _rounded(nested: Any) -> Any:
    return [_rounded(each) for each in nested] if isinstance(nested, list) else shown(nested)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
