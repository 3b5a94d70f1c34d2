"""TFRecord files of `tf.train.Example`, read without TensorFlow."""
from __future__ import annotations

import pathlib
import struct
from collections.abc import Iterator
from typing import Union

import numpy as np

from npfl_kit import errors

Feature = Union[list[bytes], np.ndarray]    # bytes, or float32 [n], or int64 [n]
Example = dict[str, Feature]
MAX_BYTES = 2**31


def read(path: pathlib.Path) -> Iterator[Example]:
    """The examples of a TFRecord file, one after another.

    A record is its length, four bytes that guard the length, the example, and four bytes that guard the example. The
    first guard is checked; the second is not, because pictures inside have their own.

    Raises: DataError that names the file and the record if it is cut off, compressed, or holds something else.
    Source: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes, allowed are {MAX_BYTES:,}")
        data = memoryview(path.read_bytes())
    except (OSError, ValueError) as error:
        raise errors.DataError(f"Cannot read {path}: {error}.") from None
    position, number = 0, 0
    while position < len(data):
        try:
            if _masked_crc32c(data[position:position + 8]) != struct.unpack_from("<I", data, position + 8)[0]:
                raise ValueError("no length of a record")
            length = struct.unpack_from("<Q", data, position)[0]
            if position + 16 + length > len(data):
                raise ValueError(f"{length:,} bytes were announced, {len(data) - position - 16:,} are there")
            yield parse(data[position + 12:position + 12 + length])
        except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
            raise errors.DataError(f"{path}, record {number + 1:,}: expected a TFRecord file of tf.train.Example, "
                                   f"found something else ({error}). Delete it and get it again.") from None
        position, number = position + 16 + length, number + 1


def parse(data: memoryview) -> Example:
    """The features of one serialized `tf.train.Example`; a ValueError or IndexError if it is none.

    >>> parse(memoryview(bytes([10, 12, 10, 10, 10, 1, 97, 18, 5, 26, 3, 10, 1, 7])))
    {'a': array([7])}
    """
    example: Example = {}
    for features in _fields(data, 1):
        for entry in _fields(features, 1):
            name = b"".join(bytes(each) for each in _fields(entry, 1)).decode("utf-8")
            for feature in _fields(entry, 2):
                example[name] = _values(feature)
    return example


def _values(feature: memoryview) -> Feature:
    for values in _fields(feature, 2):
        return np.frombuffer(b"".join(bytes(each) for each in _fields(values, 1)), "<f4")
    for values in _fields(feature, 3):
        found: list[int] = []
        for each in _fields(values, 1, packed=True):
            if max(each, default=0) < 128:                                  # as small numbers mostly are
                found.extend(each)
                continue
            position = 0
            while position < len(each):
                value, position = _varint(each, position)
                found.append(value - (value >> 63 << 64))                   # two's complement
        return np.array(found, np.int64)
    return [bytes(each) for values in _fields(feature, 1) for each in _fields(values, 1)]


def _fields(data: memoryview, wanted: int, packed: bool = False) -> Iterator[memoryview]:
    """The values of one field of a protocol buffer message, as bytes; a number, too, if the field may be `packed`."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        start, kind = position, key & 7
        if kind == 0:
            _, position = _varint(data, position)
        elif kind in (1, 5):
            position += 8 if kind == 1 else 4
        elif kind == 2:
            length, start = _varint(data, position)
            position = start + length
        else:
            raise ValueError(f"a field of type {kind}")
        if position > len(data):
            raise ValueError("a field is cut off")
        if key >> 3 == wanted and (kind != 0 or packed):
            yield data[start:position]


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (2**64 - 1), position
    raise ValueError("a number without end")


def _masked_crc32c(data: memoryview) -> int:
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = _TABLE[(remainder ^ byte) & 255] ^ (remainder >> 8)
    remainder ^= 0xFFFFFFFF
    return ((remainder >> 15 | remainder << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()
