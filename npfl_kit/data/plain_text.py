"""Text files in UTF-8, plain or compressed by gzip, read strictly: a byte that is no text is named by its place."""
from __future__ import annotations

import gzip
import io
import os
import pathlib
import zlib
from typing import Union

from npfl_kit import errors
from npfl_kit.scoring import bounded_file

MAX_BYTES = 2**30       # of one file, unpacked: ten times the Prague Dependency Treebank
GZIP_MAGIC = b"\x1f\x8b"  # which no text in UTF-8 begins with


def read(path: Union[str, os.PathLike], limit: int = MAX_BYTES) -> str:
    """The text of a file; see `decode`.

    Args:
      limit: int, the most bytes of text.
    Raises: DataError if the file is absent, damaged, too long, or not UTF-8.
    """
    return decode(bounded_file.read(pathlib.Path(path), limit, errors.DataError), str(path), limit)


def lines(path: Union[str, os.PathLike]) -> list[str]:
    """The lines of a file without their ends; the last one may lack its end.

    Only the end of a line ends one: a page break or another character that Unicode counts as an end stays in it.
    """
    text = read(path)
    return text.removesuffix("\n").split("\n") if text else []


def decode(content: bytes, where: str, limit: int = MAX_BYTES) -> str:
    """The text of some bytes in UTF-8, without a byte order mark, with `\\n` for every line end.

    Args:
      content: the text, or all of it compressed by gzip.
      where: what to call them in an error.
      limit: int, the most bytes of text.
    Raises: DataError that names the first byte that is no text by its place and its line, or if the gzip file is
      damaged or unpacks to more than the limit.

    >>> decode(b"caf\\xc3\\xa9\\r\\n", "menu.txt")
    'café\\n'
    """
    if content.startswith(GZIP_MAGIC):
        content = _unpacked(content, where, limit)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise errors.DataError(
            f"{where}, line {line:,}: expected text in UTF-8, found the byte 0x{content[error.start]:02x} at byte "
            f"{error.start:,}. Convert the file, from Latin 1 for example: iconv -f LATIN1 -t UTF-8 FILE > NEW."
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _unpacked(packed: bytes, where: str, limit: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise errors.DataError(f"{where}: expected a whole gzip file, found one that is cut off or damaged. Get that "
                               f"file again.") from None
    if len(content) > limit:
        raise errors.DataError(f"{where}: expected at most {limit:,} bytes of text, found more.")
    return content
