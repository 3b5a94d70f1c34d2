"""Reader of idx files, the format of MNIST: a magic number, the dimensions, then the bytes."""
from __future__ import annotations

import gzip
import math
import pathlib
import struct
import zlib
from typing import BinaryIO

import numpy as np

from npfl_kit import errors

UINT8 = 0x08
MAX_DIMS = 4
MAX_BYTES = 2**30
GZIP_MAGIC = b"\x1f\x8b"


def read(path: pathlib.Path) -> np.ndarray:
    """The array that an idx file holds, plain or compressed by gzip (told by its first bytes, not by its name).

    Args:
      path: file of unsigned bytes in at most 4 dimensions and 1 GiB; the train pictures of MNIST take 47 MB.
    Returns: uint8 `[d0, d1, ...]` with every dimension >= 1.
    Raises: DataError, naming the file, what was expected and what was found, if the file is not exactly one array.
    Source: LeCun, Cortes and Burges 1998, The MNIST Database, "The IDX file format".
    """
    try:
        with open(path, "rb") as plain:
            compressed = plain.read(2) == GZIP_MAGIC
            plain.seek(0)
            if not compressed:
                return _read_stream(plain, path)
            with gzip.GzipFile(fileobj=plain) as stream:
                return _read_stream(stream, path)  # type: ignore[arg-type]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(path, "a whole gzip file", f"one that is cut off or damaged ({error})") from None
    except OSError as error:
        raise errors.DataError(f"Cannot read {path}: {error.strerror or error}.") from None


def header(path: pathlib.Path) -> tuple:
    """The dimensions of an idx file, without its data.

    Returns: tuple of ints `(d0, d1, ...)`.
    Raises: DataError as `read`.
    """
    try:
        with open(path, "rb") as plain:
            compressed = plain.read(2) == GZIP_MAGIC
            plain.seek(0)
            return _read_header(gzip.GzipFile(fileobj=plain) if compressed else plain, path)  # type: ignore[arg-type]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(path, "a whole gzip file", f"one that is cut off or damaged ({error})") from None
    except OSError as error:
        raise errors.DataError(f"Cannot read {path}: {error.strerror or error}.") from None


def _read_stream(stream: BinaryIO, path: pathlib.Path) -> np.ndarray:
    dims = _read_header(stream, path)
    size = math.prod(dims)
    data = stream.read(size + 1)
    if len(data) != size:
        found = f"only {len(data):,}" if len(data) < size else "more"
        raise _broken(path, f"{size:,} bytes of data ({' x '.join(map(str, dims))})", found)
    return np.frombuffer(data, np.uint8).reshape(dims)


def _read_header(stream: BinaryIO, path: pathlib.Path) -> tuple:
    magic = stream.read(4)
    if len(magic) < 4:
        raise _broken(path, "an idx file", f"{len(magic)} bytes" if magic else "an empty file")
    zeros, kind, ndim = magic[:2], magic[2], magic[3]
    if zeros != b"\0\0" or kind != UINT8 or not 1 <= ndim <= MAX_DIMS:
        raise _broken(path, "an idx file of unsigned bytes (magic 00 00 08 01 to 04)", f"magic {magic.hex(' ')}")
    sizes = stream.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise _broken(path, f"{ndim} dimensions", f"a header of {4 + len(sizes)} bytes")
    dims = struct.unpack(f">{ndim}I", sizes)
    if not 0 < math.prod(dims) <= MAX_BYTES:
        raise _broken(path, f"between 1 and {MAX_BYTES:,} bytes of data", f"dimensions {' x '.join(map(str, dims))}")
    return dims


def _broken(path: pathlib.Path, expected: str, found: str) -> errors.DataError:
    return errors.DataError(f"{path}: expected {expected}, found {found}. Delete the file and get it again.")
