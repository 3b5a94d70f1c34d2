"""Files from strangers, read without surprises: a pipe or a device is refused, and so is what is too long."""
from __future__ import annotations

import contextlib
import gc
import json
import os
import pathlib
import stat
from collections.abc import Iterator
from typing import Any, Union

from npfl_kit import errors

MAX_JSON_BYTES = 2**30


def read(path: Union[str, os.PathLike], limit: int, error: type[errors.KitError] = errors.PredictionsError) -> bytes:
    """The bytes of a regular file.

    Args:
      limit: int, the most bytes it may have.
      error: what to raise if it is longer, or cannot be read.
    """
    path = pathlib.Path(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise error(f"{path}: expected a file, found a folder, a pipe or a device.")
            content = file.read(limit + 1)
    except (OSError, ValueError) as problem:
        raise error(f"Cannot read {path}: {getattr(problem, 'strerror', None) or problem}.") from None
    if len(content) > limit:
        raise error(f"{path}: expected a file of at most {limit:,} bytes, found a longer one.")
    return content


def read_json(path: Union[str, os.PathLike], error: type[errors.KitError] = errors.PredictionsError,
              limit: int = MAX_JSON_BYTES) -> Any:
    """What a JSON file says; the place of the first mistake if it says nothing."""
    with no_garbage_collection():
        try:
            return json.loads(read(path, limit, error))
        except RecursionError:
            raise error(f"{path}: expected JSON, found lists within lists without end.") from None
        except ValueError as problem:
            raise error(f"{path}: expected JSON, found something else ({problem}).") from None


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Builds millions of small objects in two thirds of the time: Python does not look for circles among them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
