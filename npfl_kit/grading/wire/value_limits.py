"""How large a value on the wire may be, and the error that says where one is not what it should be."""
from __future__ import annotations

from typing import Any, Optional

MOST_NUMBERS = 10**6
MOST_DEPTH = 8
LARGEST_INT = 10**18        # above it a number is no answer, and JSON readers disagree on it

Place = Optional[tuple[Any, Any]]       # the place of what is around, and the key in it; None is the whole value


class ValueRefused(ValueError):
    """A value, or a text from the wire, that the grader does not take; says where and why."""


class Budget:
    """How many numbers, texts, lists and dicts a value may still have; a text counts as its letters."""

    def __init__(self, limit: int) -> None:
        self.limit = self.left = limit

    def take(self, count: int, place: Place) -> None:
        """Count so many; a ValueRefused when there are too many."""
        self.left -= count
        if self.left < 0:
            raise refused(place, f"at most {self.limit:,} numbers and letters in all", "more")


def refused(place: Place, expected: str, got: str) -> ValueRefused:
    """The error for what is at a place.

    >>> refused((None, "loss"), "a number", "a Tape")
    ValueRefused("['loss']: expected a number, got a Tape")
    """
    return ValueRefused(f"{written(place) or 'the value'}: expected {expected}, got {got}")


def written(place: Place) -> str:
    """A place as one writes it.

    >>> written(((None, "boxes"), 3))
    "['boxes'][3]"
    """
    keys = []
    while place is not None:
        place, key = place
        keys.append(f"[{key!r:.40}]")
    return "".join(reversed(keys))


def checked_int(value: int, place: Place) -> int:
    """The whole number, unless it is too large."""
    if abs(value) > LARGEST_INT:
        raise refused(place, "a whole number from -10**18 to 10**18", f"one of {value.bit_length()} bits")
    return value
