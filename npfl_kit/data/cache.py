"""The folder of downloaded data: `NPFL_KIT_CACHE`, else `~/.cache/npfl_kit`, with a sub-folder per data set."""
from __future__ import annotations

import os
from pathlib import Path

from npfl_kit import errors


def root() -> Path:
    """The folder that holds every downloaded data set; it need not exist yet.

    Raises: DataError when there is no `NPFL_KIT_CACHE` and no home folder.
    """
    try:
        return Path(os.environ.get("NPFL_KIT_CACHE") or "~/.cache/npfl_kit").expanduser().absolute()
    except RuntimeError as error:
        raise errors.DataError("There is no home folder for downloaded data. Let NPFL_KIT_CACHE name a folder, for "
                               "example: export NPFL_KIT_CACHE=$PWD/cache") from error


def folder(name: str) -> Path:
    """The folder of one data set; it need not exist yet."""
    return root() / name
