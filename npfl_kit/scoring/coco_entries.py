"""Fields of many JSON entries as arrays. An error names the first entry that is wrong, and what is wrong with it."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from npfl_kit import errors

SEQUENCES = (list, tuple, np.ndarray)
LARGEST = float(np.finfo(np.float64).max)


class Entries:
    """A list of JSON objects, all of one form.

    Args:
      entries: what stands in the file.
      kind: what one of them is, such as "detection".
      source: where they come from, for errors.
      error: what is raised.
    Raises: `error`, here if it is no list of objects, by the methods if a field is not what they promise.
    """

    def __init__(self, entries: Any, kind: str, source: str, error: type[errors.KitError]) -> None:
        self.kind, self.source, self.error = kind, source, error
        if not isinstance(entries, (list, tuple)):
            raise error(f"{source}: expected a list of {kind}s, found {_short(entries)}.")
        self.entries: Sequence[dict[str, Any]] = entries
        if not set(map(type, entries)) <= {dict}:
            self._refuse(entries, lambda each: isinstance(each, dict), "it", "a JSON object")

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.entries[index]

    def fail(self, index: int, problem: str) -> NoReturn:
        """Raise the error of one entry."""
        identity = self.entries[index].get("id") if isinstance(self.entries[index], dict) else None
        name = f" (id {identity})" if isinstance(identity, (int, str)) else ""
        raise self.error(f"{self.source}: {self.kind} {index + 1:,} of {len(self):,}{name[:40]}: {problem}")

    def have(self, field: str) -> bool:
        """Whether there are entries, and all have the field."""
        return len(self) > 0 and all(field in each for each in self.entries)

    def whole(self, field: str, **default: int) -> np.ndarray:
        """A field of whole numbers, int64 `[N]`; `default=` where it is absent."""
        values = self._values(field, default)
        if not all(_is_whole(kind) for kind in set(map(type, values))):
            self._refuse(values, lambda each: _is_whole(type(each)), f"its {field}", "a whole number")
        try:
            return np.fromiter(values, np.int64, len(values))
        except OverflowError:
            self._refuse(values, lambda each: abs(int(each)) < 2**63, f"its {field}", "a number of 64 bits")

    def flags(self, field: str) -> np.ndarray:
        """A field of 0 and 1, or false and true, bool `[N]`; false where it is absent."""
        values = self._values(field, {"default": 0})
        if not set(map(type, values)) <= {int, bool}:
            self._refuse(values, lambda each: type(each) in (int, bool), f"its {field}", "0 or 1")
        return np.array(values, bool)

    def numbers(self, field: str, **default: float) -> np.ndarray:
        """A field of finite numbers, float64 `[N]`; `default=` where it is absent."""
        values = self._values(field, default)
        return self._finite(values, values, 1, _is_finite, field, "a finite number")[:, 0]

    def rows(self, field: str, width: int) -> np.ndarray:
        """A field of `width` finite numbers, float64 `[N, width]`."""
        values, expected = self._values(field, {}), f"{width} finite numbers"
        if not set(map(type, values)) <= set(SEQUENCES) or not set(map(len, values)) <= {width}:
            self._refuse(values, lambda each: isinstance(each, SEQUENCES) and len(each) == width, f"its {field}",
                         expected)
        return self._finite(list(itertools.chain.from_iterable(values)), values, width,
                            lambda each: all(map(_is_finite, each)), field, expected)

    def places(self, field: str, known: np.ndarray, where: str) -> np.ndarray:
        """For a field of ids, their places among the sorted ids `known`, int64 `[N]`."""
        ids = self.whole(field)
        if not len(known):
            return ids if not len(ids) else self.fail(0, f"its {field} {ids[0]} is not among the {where}; there are "
                                                         f"none.")
        places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        lost = np.flatnonzero(known[places] != ids)
        if len(lost):
            listed = ", ".join(map(str, known[:8])) + (" ..." if len(known) > 8 else "")
            self.fail(int(lost[0]), f"its {field} {ids[lost[0]]} is not among the {where}: {listed}.")
        return places

    def ids(self) -> np.ndarray:
        """The field `id`, int64 `[N]`, each there once."""
        ids = self.whole("id")
        order = np.argsort(ids, kind="stable")
        again = order[1:][ids[order[1:]] == ids[order[:-1]]]
        if len(again):
            self.fail(int(again.min()), f"the id {ids[again.min()]} is there before; give each its own.")
        return ids

    def _values(self, field: str, default: dict[str, Any]) -> list[Any]:
        if default:
            return [each.get(field, default["default"]) for each in self.entries]
        try:
            return [each[field] for each in self.entries]
        except KeyError:
            self.fail(next(index for index, each in enumerate(self.entries) if field not in each),
                      f"it has no {field}.")

    def _finite(self, flat: Sequence[Any], values: Sequence[Any], width: int, fits: Callable[[Any], bool], field: str,
                expected: str) -> np.ndarray:
        try:
            if all(issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool
                   for kind in set(map(type, flat))):
                numbers = np.fromiter(flat, np.float64, len(flat)).reshape(len(values), width)
                if np.isfinite(numbers).all():
                    return numbers
        except (TypeError, ValueError, OverflowError):
            pass
        self._refuse(values, fits, f"its {field}", expected)

    def _refuse(self, values: Sequence[Any], fits: Callable[[Any], bool], what: str, expected: str) -> NoReturn:
        index = next(index for index, each in enumerate(values) if not fits(each))
        self.fail(index, f"{what} is {_short(values[index])}; expected {expected}.")


def _is_whole(kind: type) -> bool:
    return issubclass(kind, (int, np.integer)) and kind is not bool


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool) \
        and bool(-LARGEST <= value <= LARGEST)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
