"""Whether arguments are described as `inputs` can make them; a task file is refused where one is not."""
from __future__ import annotations

import keyword
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.tasks import toml_table
from npfl_kit.grading.tasks.inputs import SIZES, WAYS, shape_of
from npfl_kit.grading.wire import values

MOST_ELEMENTS = values.MOST_NUMBERS // 4        # of an argument; a box is one element and four numbers


def check(inputs: Mapping[str, Any]) -> None:
    """Raise a ValueError, which says where and why, for inputs that `arrays` cannot make."""
    if not isinstance(inputs, Mapping):
        raise ValueError(f"expected a table with one entry per argument, got {toml_table.typed(inputs):.60}")
    shared = _checked_sizes(inputs.get(SIZES, {}), SIZES)
    names = [name for name in inputs if name != SIZES]
    positions = sorted(int(name) for name in names if name.isascii() and name.isdigit())
    if positions != list(range(len(positions))):
        raise ValueError(f"expected positions from 0 without a gap, got {', '.join(map(str, positions))}")
    for name in names:
        if not (name.isascii() and (name.isdigit() or name.isidentifier() and not keyword.iskeyword(name))):
            raise ValueError(f"expected the name or the position of an argument, got {name!r:.60}")
        _check_argument(name, inputs[name], shared)


def _checked_sizes(ranges: Any, where: str) -> dict[str, int]:
    """Letter -> largest size."""
    if not isinstance(ranges, Mapping):
        raise ValueError(f"{where}: expected a table such as {{ n = [0, 5] }}, got {toml_table.typed(ranges):.60}")
    for letter, bounds in ranges.items():
        if not (isinstance(bounds, list) and len(bounds) == 2 and all(type(bound) is int for bound in bounds)
                and 0 <= bounds[0] <= bounds[1] <= MOST_ELEMENTS):
            raise ValueError(f"{where}.{letter}: expected least and largest size, as [0, 5], "
                             f"got {toml_table.typed(bounds):.60}")
    return {letter: bounds[1] for letter, bounds in ranges.items()}


def _check_argument(name: str, spec: Any, shared: Mapping[str, int]) -> None:
    ways = [way for way in WAYS if isinstance(spec, Mapping) and way in spec]
    if len(ways) != 1:
        raise ValueError(f"{name}: expected a table with exactly one of {', '.join(WAYS)}, "
                         f"got {toml_table.typed(spec):.80}")
    way = ways[0]
    for key in spec:
        if key not in (way, SIZES, *WAYS[way]):
            raise ValueError(f"{name}: {errors.unknown(f'key of {way}', key, [way, SIZES, *WAYS[way]])}")
    if spec.get("dtype") is not None and spec["dtype"] not in values.DTYPES:
        raise ValueError(f"{name}: {errors.unknown('dtype', str(spec['dtype']), values.DTYPES)}")
    _check_shape(name, shape_of(way, spec), {**shared, **_checked_sizes(spec.get(SIZES, {}), f"{name}.{SIZES}")})
    if way in ("choice", "value"):
        _check_constant(name, way, spec)
    else:
        _check_range(name, way, {**WAYS[way], **spec})


def _check_shape(name: str, shape: Any, largest: Mapping[str, int]) -> None:
    if not isinstance(shape, list) or len(shape) > values.MOST_DEPTH - 1:
        raise ValueError(f"{name}: expected a shape such as [5, \"n\"], got {shape!r:.60}")
    for size in shape:
        if isinstance(size, str) and size not in largest:
            raise ValueError(f"{name}: {errors.unknown('size', size, largest)} "
                             f"Give its range: inputs.sizes = {{ {size:.20} = [0, 5] }}.")
        if not isinstance(size, str) and (type(size) is not int or size < 0):
            raise ValueError(f"{name}: expected sizes or letters in a shape, got {size!r:.60}")
    count = math.prod(max(1, largest[size] if isinstance(size, str) else size) for size in shape)
    if count > MOST_ELEMENTS:
        raise ValueError(f"{name}: expected at most {MOST_ELEMENTS:,} elements, the shape has up to {count:,}")


def _check_constant(name: str, way: str, spec: Mapping[str, Any]) -> None:
    if way == "choice" and not (isinstance(spec["choice"], list) and spec["choice"]):
        raise ValueError(f"{name}.choice: expected a list of values to draw from, got {spec['choice']!r:.60}")
    try:
        values.to_json(np.array(spec["value"], spec["dtype"]) if spec.get("dtype") else spec[way])
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}.{way}: {error}") from None


def _check_range(name: str, way: str, options: Mapping[str, Any]) -> None:
    whole = way in ("boxes", "integers")
    for key in ("low", "high", "least", "mean", "scale"):
        if key in options and not (type(options[key]) is int and abs(options[key]) < 2**31 or not whole and
                                   type(options[key]) is float and abs(options[key]) < 1e30):
            raise ValueError(f"{name}.{key}: expected {'a whole number' if whole else 'a number'}, "
                             f"got {options[key]!r:.60}")
    if "low" in options and not options["low"] < options["high"]:
        raise ValueError(f"{name}: expected low below high, got {options['low']} and {options['high']}")
    if way == "boxes" and not (options["high"] >= 1 and options["least"] <= options["high"]):
        raise ValueError(f"{name}: expected high of at least 1 and of at least `least`, got {options['high']} and "
                         f"{options['least']}")
    dtype = np.dtype(options["dtype"])
    if dtype.kind in "iu" and not (whole or way == "permutation"):
        raise ValueError(f"{name}.dtype: expected a type of floats, as the numbers are drawn by {way}, got {dtype}")
    if dtype.kind in "iu" and way in ("boxes", "integers") and not (
            np.iinfo(dtype).min <= options.get("low", 0) and options["high"] <= np.iinfo(dtype).max):
        raise ValueError(f"{name}.dtype: expected a type for numbers up to {options['high']}, got {dtype}")
    if way == "normal" and options["scale"] < 0:
        raise ValueError(f"{name}.scale: expected a number of at least 0, got {options['scale']}")
