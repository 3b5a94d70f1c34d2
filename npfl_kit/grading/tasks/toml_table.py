"""A table of a TOML file, read by a schema: which keys it may have, and what stands under each.

A schema maps a key to a reader: a function that gives the value that is meant, or raises a ValueError that says what
it expected; what came is added, unless its text is whole and ends with a full stop.
"""
from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Optional

from npfl_kit import errors

Reader = Callable[[Any], Any]
Schema = Mapping[str, Reader]
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(B|[kMGT]B|[KMGT]iB)", re.ASCII)
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
         "TiB": 2**40}


def read(table: Any, schema: Schema, where: str, required: Collection[str] = (),
         elsewhere: Callable[[str], str] = lambda key: "") -> dict[str, Any]:
    """What a table says, by key.

    Args:
      table: from the TOML file, whatever stands there.
      schema: its keys.
      where: for errors: file and table.
      required: keys that must be there.
      elsewhere: a sentence for a key that belongs into another table; empty for others.
    Raises: DataError that names file, table and key, what was expected and what came; for an unknown key the nearest.

    >>> read({"seconds": 5}, {"seconds": number(0, 10)}, "a.toml, [limits]")
    {'seconds': 5}
    """
    if not isinstance(table, Mapping):
        raise errors.DataError(f"{where}: expected a table with keys such as {', '.join(list(schema)[:3])}, "
                               f"got {typed(table):.60}.")
    for key in table:
        if key not in schema:
            raise errors.DataError(f"{where}: {elsewhere(key) or errors.unknown('key', key, schema)}")
    for key in required:
        if key not in table:
            inside = next((name for name, each in table.items() if isinstance(each, Mapping) and key in each), "")
            hint = inside and f" It stands inside of [{inside}]: move it above all tables."
            raise errors.DataError(f"{where}: expected a key {key!r}, which must not be left out.{hint}")
    return {key: _value(value, schema[key], f"{where}, {key}") for key, value in table.items()}


def _value(value: Any, reader: Reader, where: str) -> Any:
    try:
        return reader(value)
    except ValueError as problem:
        said = str(problem)
        whole = said if said.endswith(".") else f"{said}, got {typed(value):.80}."
        raise errors.DataError(f"{where}: {whole}") from None


def typed(value: Any) -> str:
    """A value as it is typed in TOML.

    >>> typed({"due": datetime.date(2026, 12, 1), "public": [True, 0.5, "a"]})
    "{ due = 2026-12-01, public = [true, 0.5, 'a'] }"
    """
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {typed(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(typed, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else repr(value)


def number(low: float, high: float, above: bool = False) -> Reader:
    """A finite number in [low, high], or in (low, high]."""
    def reader(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high or above and value == low:   # NaN is not
            raise ValueError(f"expected a number {f'above {low:g}' if above else f'from {low:g}'} to {high:g}")
        return value

    return reader


def whole(low: int, high: int) -> Reader:
    """A whole number in [low, high]; a bool is none."""
    def reader(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"expected a whole number from {low:,} to {high:,}")
        return value

    return reader


def size(low: int, high: int) -> Reader:
    """A count of bytes in [low, high]: a whole number, or a text with a unit.

    >>> size(0, 10**12)("1.5 GiB")
    1610612736
    """
    def reader(value: Any) -> int:
        match = SIZE.fullmatch(value) if isinstance(value, str) else None
        count = round(float(match[1]) * UNITS[match[2]]) if match else value
        if type(count) is not int or not low <= count <= high:
            raise ValueError(f'expected a size from {low:,} to {high:,} bytes, such as "1.5 GiB", "20 MB" or 20000000')
        return count

    return reader


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def text(pattern: str = "(?s).+", what: str = "a text") -> Reader:
    """A text that the whole pattern matches; `what` describes it."""
    def reader(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"expected {what}")
        return value

    return reader


def texts(pattern: str = "(?s).+", what: str = "texts") -> Reader:
    """A list of different texts, as a tuple."""
    one = text(pattern, what)

    def reader(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError(f"expected a list of {what}")
        if len(set(map(repr, value))) < len(value):
            raise ValueError(f"expected a list of {what}, each once")
        return tuple(one(each) for each in value)

    return reader


def one_of(names: Collection[str], kind: str) -> Reader:
    """One of some names."""
    def reader(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"expected one of {', '.join(names)}")
        if value not in names:
            raise ValueError(str(errors.unknown(kind, value, names)))
        return value

    return reader


def moment(value: Any) -> Optional[str]:
    """A date with a time and a time zone, in ISO 8601; TOML's own form will do, with or without quotes.

    >>> moment("2026-12-01T23:59:00+01:00")
    '2026-12-01T23:59:00+01:00'
    """
    what = "expected a date, a time and a time zone, as 2026-12-01T23:59:00+01:00"
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
        except ValueError:
            raise ValueError(what) from None
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        raise ValueError(what)
    return value.isoformat()


def tables(reader: Callable[[Any, str], Any], where: str) -> Reader:
    """A table whose keys are names and whose values are tables: a dict by name."""
    def read_all(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not value:
            raise ValueError("expected a table with a name and a table in braces each")
        return {name: reader(each, f"{where}.{name}") for name, each in value.items()}

    return read_all
