"""Files by what is in them: each lies under its SHA-256, is written whole or not at all, and is checked when read."""
from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from npfl_kit import errors

DIGEST = re.compile("[0-9a-f]{64}")


def sha256(data: bytes) -> str:
    """The name of these bytes.

    >>> sha256(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def path_of(folder: Path, digest: str) -> Path:
    """Where the bytes of that digest lie.

    Raises: ValueError for what is no digest, so that nothing else becomes a path.

    >>> path_of(Path("objects"), "ab" + 62 * "0").parent.as_posix()
    'objects/ab'
    """
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"expected a SHA-256 in 64 hexadecimal digits, got {digest!r}")
    return folder / digest[:2] / digest


def write(folder: Path, data: bytes) -> str:
    """Keep these bytes; gives their digest. When it returns they are on the disk, even if the power fails.

    The bytes are written beside their name and renamed, so that a process killed at any moment leaves all of them or
    none. Several threads and processes may write the same bytes at once.

    Raises: DataError if the disk is full or the folder cannot be written.
    """
    digest = sha256(data)
    path = path_of(folder, digest)
    try:
        if not (path.is_file() and sha256(path.read_bytes()) == digest):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
    except OSError as error:
        raise errors.DataError(f"Cannot keep a file of {len(data):,} bytes in {folder}: {error.strerror or error}. "
                               f"Free some space, or give yourself the right to write there.") from None
    return digest


def read(folder: Path, digest: str) -> bytes:
    """The bytes of that digest.

    Raises: DataError if they are not there or are no longer what they were.
    """
    path = path_of(folder, digest)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise errors.DataError(f"Cannot read {path}: {error.strerror or error}. Put it back from a copy of the "
                               f"store.") from None
    if sha256(data) != digest:
        raise errors.DataError(f"{path} was changed: its bytes do not have the SHA-256 of its name. Put it back from "
                               f"a copy of the store.")
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, all of it or nothing, and wait until it is on the disk."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")     # of mode 0600
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise
    if os.name == "posix":      # the rename itself is kept by the folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
