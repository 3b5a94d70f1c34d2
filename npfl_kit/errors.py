"""Errors that a user can mend. Each says what was expected, what came, and what to type next.

    KitError                anything a user can mend: one sentence on stderr, exit code 2, no traceback
    +-- StackError          a Python, TensorFlow, Keras or NumPy that the kit does not run on
    +-- UsageError          a flag, a name or a network that does not parse
    +-- DataError           a file or a data set that is missing, truncated or not what it says
    +-- WeightsError        weights of another network, or a file that is not safe to open
    +-- PredictionsError    a predictions file with a bad line or a wrong count
    +-- TrainingError       a training that cannot go on
    +-- UngradableError     an upload that cannot be judged (npfl_kit.grading.uploads)
    +-- IsolationError      a sandbox that is not to be had or fails (npfl_kit.grading.sandbox)
"""
from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class KitError(Exception):
    """A mistake that the user can mend; its text is the whole message, without a traceback."""


class StackError(KitError):
    """The interpreter or an installed package is not one that the kit runs on."""


class UsageError(KitError):
    """A flag, a name or a description of a network that cannot be understood."""


class DataError(KitError):
    """A data file that is missing, truncated, or not what its name says."""


class WeightsError(KitError):
    """Weights that do not fit the network, or a file that is not safe to open."""


class PredictionsError(KitError):
    """A predictions file that cannot be scored."""


class TrainingError(KitError):
    """A training that cannot go on."""


def unknown(kind: str, given: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not on a list; it offers the nearest names first.

    >>> print(unknown("data set", "minst", ["mnist", "cifar10"]))
    There is no data set 'minst'; did you mean mnist? Known: cifar10, mnist.
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return UsageError(f"There is no {kind} {given!r}{hint} Known: {', '.join(names) or 'none'}.")


def print_plainly(error_type, error, traceback) -> None:
    """A `sys.excepthook`: a `KitError` becomes its sentence and exit code 2, Ctrl-C exit code 130."""
    if issubclass(error_type, KitError):
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2)
    if issubclass(error_type, KeyboardInterrupt):
        raise SystemExit(130)
    sys.__excepthook__(error_type, error, traceback)
