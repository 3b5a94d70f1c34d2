"""Whether a value is the expected one, and what a student reads if it is not.

Judges get values that `values.from_json` read: None, a bool, a number, a text, a list, a dict or a NumPy array.
Before anything is compared, all numbers must be finite. Nothing is broadcast, and nothing is clamped into its range:
what does not fit has no points.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

from npfl_kit import errors
from npfl_kit.grading.judging import wrong_numbers
from npfl_kit.grading.tasks import task
from npfl_kit.grading.wire import number_arrays
from npfl_kit.grading.wire.number_arrays import apart, shown

OFF_BAND = ("With these flags the script gives another number than the reference solution. Compare one by one: the "
            "layers and their initialization, the order of the data and of all that is random, the optimizer and its "
            "learning rate, and over what the number is averaged.")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a judge says: a sentence on the value, one on what to do, and both values as JSON that is short."""

    ok: bool
    rationale: str
    help: str = ""
    expected_short: Any = None
    actual_short: Any = None


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where two values differ, why, and what to do; `expected` and `actual` are the parts there."""

    where: str
    why: str
    help: str
    expected: Any
    actual: Any


def same(expected: Any, actual: Any, tolerance: task.Tolerance = task.Tolerance()) -> Verdict:
    """Whether two values are the same: shapes, keys, texts, whole numbers exactly, floats within the tolerance.

    A float may be given as a whole number, but neither a whole number as a float nor a number as a bool. A list of
    numbers is the same as an array of its shape. NaN and infinity are the same as nothing.

    Args:
      expected: of the reference solution.
      actual: a student's.
      tolerance: `|actual - expected| <= abs + rel * |expected|`.
    Returns: a verdict; of many differences it names the first.
    Raises: ValueError if `expected` is not finite, which is the fault of the task.

    >>> same([[0.0, 0.0], [0.0, 0.0]], 0.0).rationale
    'result: expected an array of shape [2, 2], got a number.'
    >>> same([1, 2.5], [1, 2.50000001]).ok
    True
    """
    if odd := number_arrays.not_finite(expected):
        raise ValueError(f"the reference solution gives {odd[1]} at result{odd[0]}; a case needs finite numbers")
    if odd := number_arrays.not_finite(actual):
        return Verdict(False, f"result{odd[0]}: expected finite numbers, got {odd[1]}.",
                       "Look for a division by zero, a logarithm of zero or an overflow before that.",
                       *apart(expected, actual))
    found = list(differences(expected, actual, tolerance))
    if not found:
        return Verdict(True, "The result is the expected one.", "", shown(expected), shown(actual))
    first, others = found[0], len(found) - 1
    more = f" {others} other part{'s differ' if others > 1 else ' differs'}, too." if others else ""
    return Verdict(False, f"{first.where}: {first.why}.{more}", first.help, *apart(first.expected, first.actual))


def differences(expected: Any, actual: Any, tolerance: task.Tolerance, where: str = "result") -> Iterator[Difference]:
    """The parts in which two values differ, in their order; an array is one part, whatever differs in it."""
    ours, theirs = number_arrays.array(expected), number_arrays.array(actual)
    if ours is not None and theirs is not None:
        wrong = wrong_numbers.wrong(ours, theirs, tolerance)
        if wrong:
            yield Difference(f"{where}{wrong.place}", wrong.why, wrong.help, wrong.expected, wrong.actual)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield Difference(where, f"expected a list of {len(expected)}, got one of {len(actual)}",
                             "Return as many parts as the assignment names, in its order.", expected, actual)
        else:
            for place, (one, other) in enumerate(zip(expected, actual)):
                yield from differences(one, other, tolerance, f"{where}[{place}]")
    elif isinstance(expected, dict) and isinstance(actual, dict):
        yield from _in_dicts(expected, actual, tolerance, where)
    elif type(expected) is not type(actual) or expected != actual:
        wanted, got = _named(expected, actual)
        yield Difference(where, f"expected {wanted}, got {got}",
                         "Return what the assignment names.", expected, actual)


def _in_dicts(expected: dict, actual: dict, tolerance: task.Tolerance, where: str) -> Iterator[Difference]:
    missing, extra = [key for key in expected if key not in actual], [key for key in actual if key not in expected]
    if missing or extra:
        parts = [f"{verb} {', '.join(map(repr, keys[:3]))}{' ...' * (len(keys) > 3)}"
                 for verb, keys in (("lacks", missing), ("has beyond them", extra)) if keys]
        yield Difference(where, f"expected a dict with {len(expected)} key{'s' * (len(expected) != 1)}; it "
                         f"{' and '.join(parts)}"[:400],
                         "Return a dict with the keys that the assignment names.", expected, actual)
    else:
        for key, each in expected.items():
            yield from differences(each, actual[key], tolerance, f"{where}[{key!r:.40}]")


def _named(expected: Any, actual: Any) -> tuple[str, str]:
    """Two values in an error: themselves where only that tells them apart, else their kinds."""
    if isinstance(expected, str) and isinstance(actual, str):
        one, other = apart(expected, actual)
        return repr(one), repr(other)
    return number_arrays.kind(expected), number_arrays.kind(actual)


def meets(expectation: task.Expectation, value: Any, band: Optional[Sequence[float]] = None,
          name: str = "the value") -> Verdict:
    """Whether a metric is what it has to be.

    Args:
      expectation: its bounds.
      value: what `main` returned under that name; anything but one finite number does not meet anything.
      band: smallest and largest value that the reference solution may have, if the expectation asks for it.
      name: of the metric.
    Raises: ValueError if a band is asked for and is not a pair of finite numbers, lower first.

    >>> meets(task.Expectation(at_least=0.9), 0.87, name="val_accuracy").rationale
    'val_accuracy: expected at least 0.9, got 0.87.'
    >>> [meets(task.Expectation(at_least=0), value).ok for value in (float("nan"), True, "1", 10**400, [1.0], 0)]
    [False, False, False, False, False, True]
    """
    low, high = _bounds(expectation, band)
    bounds = [("at least", low), ("at most", high)]
    wanted = " and ".join(f"{word} {shown(bound)}" for word, bound in bounds if bound is not None) or "a finite number"
    number = number_arrays.number(value)
    if number is None:
        return Verdict(False, f"{name}: expected {wanted}, got {number_arrays.kind(value)}.",
                       "Return one finite number under that name, a float.", wanted, shown(value))
    if (low is None or number >= low) and (high is None or number <= high):
        return Verdict(True, f"{name}: {shown(number)} is {wanted}.", "", wanted, shown(number))
    hint = OFF_BAND if expectation.band else "Run the script with these flags, and watch how the number comes about."
    got = number if shown(number) in (shown(low), shown(high)) else shown(number)
    return Verdict(False, f"{name}: expected {wanted}, got {got}.", hint, wanted, got)


def unmoved(names: Iterable[str], returned: Any, other: Any) -> str:
    """The first of some metrics if all that are numbers in two results of `main` are the same there; else empty.

    >>> unmoved(["loss"], {"loss": 0.5}, {"loss": 0.5}), unmoved(["loss"], {"loss": 0.5}, {"loss": 0.25})
    ('loss', '')
    """
    found = {name: [number_arrays.number(each.get(name)) if isinstance(each, dict) else None
                    for each in (returned, other)] for name in names}
    both = {name: pair for name, pair in found.items() if None not in pair}
    return next(iter(both)) if both and all(one == two for one, two in both.values()) else ""


def _bounds(expectation: task.Expectation, band: Optional[Sequence[float]]) -> tuple[Optional[float], Optional[float]]:
    lows, highs = [expectation.at_least], [expectation.at_most]
    if expectation.band:
        if band is None or len(band) != 2 or not all(map(math.isfinite, band)) or band[0] > band[1]:
            raise ValueError(f"expected a calibrated band, smallest and largest value, got {band}")
        lows, highs = [*lows, band[0]], [*highs, band[1]]
    return (max((low for low in lows if low is not None), default=None),
            min((high for high in highs if high is not None), default=None))


def meets_all(expect: Mapping[str, task.Expectation], returned: Any,
              bands: Mapping[str, Sequence[float]] = {}) -> Verdict:
    """Whether what `main` returned is a dict with all the metrics of a case, each as it has to be.

    Returns: a verdict; the rationale is of the first metric that is not, the short values are dicts by metric.
    """
    if not isinstance(returned, dict):
        return Verdict(False, f"main: expected a dict of metrics, got {number_arrays.kind(returned)}.",
                       "Return a dict such as {'val_accuracy': 0.9} from main(args).", sorted(expect), shown(returned))
    for name in expect:
        if name not in returned:
            problem = errors.unknown("metric among those that main returned, called", name, returned)
            return Verdict(False, str(problem), f"Add {name!r} to the dict that main(args) returns.", sorted(expect),
                           shown(sorted(returned)))
    verdicts = {name: meets(each, returned[name], bands.get(name), name) for name, each in expect.items()}
    short = ({name: one.expected_short for name, one in verdicts.items()},
             {name: one.actual_short for name, one in verdicts.items()})
    for verdict in verdicts.values():
        if not verdict.ok:
            return dataclasses.replace(verdict, expected_short=short[0], actual_short=short[1])
    return Verdict(True, " ".join(one.rationale for one in verdicts.values()), "", *short)
