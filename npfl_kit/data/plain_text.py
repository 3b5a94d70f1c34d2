"""Text files in UTF-8, read strictly: a byte that is no text is named by its place."""
from __future__ import annotations

import gzip
import io
import os
import pathlib
import zlib
from typing import Union

from npfl_kit import errors
from npfl_kit.scoring import bounded_file

MAX_BYTES = 2**28       # 256 MiB, far more than any treebank


def read(path: Union[str, os.PathLike], limit: int = MAX_BYTES) -> str:
    """The text of a file; `.gz` is unpacked, a byte order mark dropped, and Windows line ends become `\\n`.

    Args:
      limit: int, the most bytes of text.
    Raises: DataError if the file is absent, damaged, too long, or not UTF-8.
    """
    path = pathlib.Path(path)
    content = bounded_file.read(path, limit, errors.DataError)
    if path.name.lower().endswith(".gz"):
        content = _unpacked(content, path, limit)
    return decode(content, str(path))


def lines(path: Union[str, os.PathLike]) -> list[str]:
    """The lines of a file without their ends; the last one may lack its end.

    Only the end of a line ends one: a page break or another character that Unicode counts as an end stays in it.
    """
    text = read(path)
    return text.removesuffix("\n").split("\n") if text else []


def decode(content: bytes, where: str) -> str:
    """The text of some bytes in UTF-8, without a byte order mark, with `\\n` for every line end.

    Args:
      where: what to call them in an error.
    Raises: DataError that names the first byte that is no text by its place and its line.

    >>> decode(b"caf\\xc3\\xa9\\r\\n", "menu.txt")
    'café\\n'
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise errors.DataError(
            f"{where}: expected text in UTF-8, found the byte 0x{content[error.start]:02x} at byte {error.start:,} "
            f"(line {line:,}), which is none. Convert the file, from Latin 1 for example with: iconv -f LATIN1 -t "
            f"UTF-8 FILE > NEW.") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _unpacked(packed: bytes, path: pathlib.Path, limit: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise errors.DataError(f"Cannot read {path}: it is not a gzip file, or only the beginning of one. Get that "
                               f"file again.") from None
    if len(content) > limit:
        raise errors.DataError(f"{path}: expected at most {limit:,} bytes of text, found more.")
    return content
