"""Random arguments for functions, as a task file describes them: one table per argument.

    inputs.sizes = { n = [0, 5] }                         n is drawn for each repeat, the same in all arguments
    inputs.anchors = { boxes = ["n"], high = 60 }         float32 [n, 4], corners at whole numbers in [0, 60]; sides of
                                                          at least 1, or `least`, which may be 0 or negative
    inputs.image = { normal = [1, "n", 3], mean = 0, scale = 2 }
    inputs.scores = { uniform = ["n"], low = 0, high = 1 }
    inputs.classes = { integers = ["n"], low = 0, high = 10 }        below `high`; int32
    inputs.order = { permutation = "n" }                  the numbers 0 ... n - 1 in a random order
    inputs.threshold = { choice = [0.5, 0.7] }            one of them; with shape = ["n"] a list of so many
    inputs.stride = { value = 2 }                         that very value; a list stays a list
    inputs.box = { value = [[1, 2]], dtype = "float32" }  an array, as it has a dtype

An argument is called by its name or its position (0, 1, ...). `dtype` may stand in each table but that of `choice`; a
shape [] gives a plain number. `sizes` may stand in the table of an argument, too, for its letters alone. Of three
repeats or more, the first has all sizes at their least and the second at their largest: edges are never missed.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from npfl_kit.grading.tasks import task
from npfl_kit.grading.wire import values

SIZES = "sizes"
# How an argument is made -> its other keys, with what they are if they are not given.
WAYS: dict[str, dict[str, Any]] = {
    "boxes": {"high": 60, "least": 1, "dtype": "float32"},
    "normal": {"mean": 0.0, "scale": 1.0, "dtype": "float32"},
    "uniform": {"low": 0.0, "high": 1.0, "dtype": "float32"},
    "integers": {"low": 0, "high": None, "dtype": "int32"},
    "permutation": {"dtype": "int32"},
    "choice": {"shape": None},
    "value": {"dtype": None},
}


def arrays(case: task.Case, seed: int, repeat: int) -> dict[str, Any]:
    """The arguments of one call, in the JSON form of `values`.

    Args:
      case: of functions; its inputs were checked by `input_checks`.
      seed, repeat: two calls have the same arguments if and only if they have the same pair, as a rule.
    Returns: name or position -> argument.

    >>> one = task.Case("a", 1, inputs={"sizes": {"n": [2, 2]}, "boxes": {"integers": ["n"], "high": 1}})
    >>> arrays(one, seed=42, repeat=0)
    {'boxes': {'array': [0, 0], 'dtype': 'int32', 'shape': [2]}}
    """
    generator = np.random.default_rng([seed, repeat])
    edge = {0: 0, 1: 1}.get(repeat) if case.repeats >= 3 else None
    shared = _drawn_sizes(case.inputs.get(SIZES, {}), generator, edge)
    return {name: values.to_json(_argument(spec, {**shared, **_drawn_sizes(spec.get(SIZES, {}), generator, edge)},
                                           generator))
            for name, spec in case.inputs.items() if name != SIZES}


def _drawn_sizes(ranges: Mapping[str, Sequence[int]], generator: np.random.Generator,
                 edge: Optional[int]) -> dict[str, int]:
    drawn = {letter: int(generator.integers(low, high + 1)) for letter, (low, high) in ranges.items()}
    return drawn if edge is None else {letter: bounds[edge] for letter, bounds in ranges.items()}


def _argument(spec: Mapping[str, Any], sizes: Mapping[str, int], generator: np.random.Generator) -> Any:
    way = next(name for name in WAYS if name in spec)
    options = {**WAYS[way], **spec}
    shape = [sizes.get(size, size) for size in shape_of(way, spec)]
    if way == "value":
        return spec["value"] if options["dtype"] is None else np.array(spec["value"], options["dtype"])
    if way == "choice":
        picked = [spec["choice"][place] for place in generator.integers(len(spec["choice"]), size=shape).ravel()]
        return picked if spec.get("shape") is not None else picked[0]
    if way == "boxes":
        drawn = _boxes(shape, options["high"], options["least"], generator)
    elif way == "permutation":
        drawn = generator.permutation(shape[0])
    elif way == "integers":
        drawn = generator.integers(options["low"], options["high"], shape)
    elif way == "uniform":
        drawn = generator.uniform(options["low"], options["high"], shape)
    else:
        drawn = generator.normal(options["mean"], options["scale"], shape)
    made = np.asarray(drawn, options["dtype"])
    return made if made.ndim else made.item()


def _boxes(shape: Sequence[int], high: int, least: int, generator: np.random.Generator) -> np.ndarray:
    """Boxes with whole corners in [0, high], as then areas are exact and ties are real; sides of `least` or more."""
    begins = generator.integers(0, high - max(least, 0) + 1, [*shape, 2])
    ends = generator.integers(np.maximum(begins + least, 0), high + 1, [*shape, 2])
    return np.concatenate([begins, ends], axis=-1)


def shape_of(way: str, spec: Mapping[str, Any]) -> Any:
    """The shape of an argument as the task file has it, with letters."""
    if way == "permutation":
        return [spec[way]]
    return spec[way] if way in ("boxes", "normal", "uniform", "integers") else spec.get("shape") or []
