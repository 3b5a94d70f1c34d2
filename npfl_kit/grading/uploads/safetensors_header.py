"""The header of a `.safetensors` file from a stranger, read before the library does: names, types, shapes and places.

    8 bytes     N, the length of the header, little-endian
    N bytes     JSON: {"name": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}, "__metadata__": {...}}
    the rest    the numbers, array after array in the order of their places, without gaps

Source: https://github.com/huggingface/safetensors, Format. Stricter here: names are plain, every type is one of
NumPy's, and all numbers must be finite.
"""
from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.uploads import file_names

MOST_HEADER = 2**22         # bytes
MOST_ARRAYS = 10_000
MOST_TEXT = 2**20           # letters of metadata
MOST_AXES = 8
MOST_DIGITS = re.compile(rb"[0-9]{40}")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}", re.ASCII)
METADATA = "__metadata__"
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
          "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "u1"}


class Array(NamedTuple):
    """An array of the file.

    Args:
      dtype: of `DTYPES`.
      begin, end: where its numbers lie, in bytes from the start of the file.
    """

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read(data: bytes, name: str) -> dict[str, Array]:
    """The arrays of a file, in the order of their places.

    Args:
      data: the whole file.
      name: what it is called.
    Raises: WeightsError that says what is wrong.

    >>> header = b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'
    >>> read(len(header).to_bytes(8, "little") + header + bytes(8), "weights.safetensors")["a"].shape
    (2,)
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, MOST_HEADER):
        raise _wrong(name, "its header is longer than the file, or than any network needs")
    entries = _entries(data[8:8 + length], name)
    _require_texts(entries.pop(METADATA, {}), name)
    if len(entries) > MOST_ARRAYS:
        raise _wrong(name, f"it has {len(entries):,} arrays, expected at most {MOST_ARRAYS:,}")
    arrays = {key: _array(key, entry, 8 + length, name) for key, entry in entries.items()}
    free = 8 + length
    ordered = dict(sorted(arrays.items(), key=lambda item: (item[1].begin, item[1].end)))
    for key, array in ordered.items():
        if array.begin != free:
            raise _wrong(name, f"the array {key} does not begin where the one before it ends")
        free = array.end
    if free != len(data):
        raise _wrong(name, f"its arrays end at byte {free:,} and the file at byte {len(data):,}")
    return ordered


def require_finite(data: bytes, arrays: dict[str, Array], name: str) -> None:
    """Raise WeightsError that names the first array with a NaN or an infinite number."""
    for key, array in arrays.items():
        if array.dtype.startswith("F") and array.end > array.begin:
            numbers = np.frombuffer(data, DTYPES[array.dtype], math.prod(array.shape), array.begin)
            if not np.isfinite(numbers).all():
                raise errors.WeightsError(f"{name}: the array {key} has NaN or infinite numbers, with which nothing "
                                          f"can be predicted. Hand in weights of a training that went well.")


def _entries(header: bytes, name: str) -> dict[str, Any]:
    if MOST_DIGITS.search(header):
        raise _wrong(name, "its header has a number of 40 digits or more")
    try:
        entries = json.loads(header.decode("utf-8"), object_pairs_hook=_once)
    except (RecursionError, ValueError):
        raise _wrong(name, "its header is no JSON, or names something twice") from None
    if not isinstance(entries, dict):
        raise _wrong(name, "its header is no JSON object")
    return entries


def _array(key: str, entry: Any, start: int, name: str) -> Array:
    """What the header says of one array, checked by itself."""
    if not NAME.fullmatch(key) or ".." in key or "//" in key:
        raise _wrong(name, f"an array is called {file_names.shown(key)}")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _wrong(name, f"expected dtype, shape and data_offsets of {key}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise _wrong(name, f"{key} has the number type {file_names.shown(str(dtype))}; expected F32")
    if not _are_sizes(shape) or len(shape) > MOST_AXES or not _are_sizes(offsets) or len(offsets) != 2:
        raise _wrong(name, f"the shape or the place of {key} is no list of sizes")
    begin, end = offsets
    if end - begin != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
        raise _wrong(name, f"{key} has {end - begin:,} bytes, and its shape {shape} needs others")
    return Array(dtype, tuple(shape), start + begin, start + end)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**48 for size in value)


def _require_texts(value: Any, name: str) -> None:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()) \
            or sum(map(len, value.values())) > MOST_TEXT:
        raise _wrong(name, f"its metadata is no text, or a longer one than {MOST_TEXT:,} letters")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _wrong(name: str, why: str) -> errors.WeightsError:
    return errors.WeightsError(f"{name} is no .safetensors file as the kit writes it: {why}. Hand in the file "
                               f"weights.safetensors of a run folder, unchanged.")
