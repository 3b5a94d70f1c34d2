"""SHA-256 of a file, or of what a gzip file wraps."""
from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import BinaryIO


def of_file(path: Path) -> str:
    """The digest of the file in hexadecimal digits, read in pieces."""
    with open(path, "rb") as file:
        return of_stream(file)


def of_content(path: Path, content_bytes: int) -> str | None:
    """The digest of what `path` wraps; None if it is no gzip file or wraps any other number of bytes.

    Two gzip programs, or two levels of one, wrap the same content in different bytes. Reading stops right after
    `content_bytes`, so that a few kilobytes that swell to a terabyte do no harm.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(content_bytes + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return hashlib.sha256(content).hexdigest() if len(content) == content_bytes else None


def of_stream(stream: BinaryIO) -> str:
    """The digest of the rest of a binary stream.

    >>> import io
    >>> of_stream(io.BytesIO(b""))[:16]
    'e3b0c44298fc1c14'
    """
    digest = hashlib.sha256()
    while piece := stream.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()
