"""Where a data set lies: the folder that was given, the cache, or the official download."""
from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Callable
from typing import Optional, TypeVar, Union

from npfl_kit import errors
from npfl_kit.data import cache, download

Found = TypeVar("Found")
DataDir = Union[str, os.PathLike, None]
VARIABLE = "NPFL_KIT_DATA"


def find(name: str, data_dir: DataDir, look: Callable[[pathlib.Path], Optional[Found]], accepted: str) -> Found:
    """What `look` finds on this machine (see `local`), else in the download.

    Args:
      name: of the data set.
      data_dir: `--data_dir`, or None; it must hold the data set.
      look: of a folder or file, gives what it found, or None.
      accepted: what `look` looks for, in words.
    Raises: DataError that says what was looked for and where.
    """
    hint = (f"Accepted are {accepted}. Put them into a folder and type --data_dir=FOLDER, or type --dataset=glyphs, "
            f"which needs no file.")
    found = local(name, data_dir, look)
    if found is not None:
        return found
    if data_dir is not None:
        raise errors.DataError(f"There is no data set {name} in {places(name, data_dir)[0]}. {hint}")
    try:
        fetched = download.fetch(name)
    except errors.DataError as error:
        raise errors.DataError(f"{error} Accepted there are {accepted}.") from None
    found = look(fetched)
    if found is None:
        raise errors.DataError(f"The download of {name} in {fetched} is not what was expected; delete it. {hint}")
    return found


def local(name: str, data_dir: DataDir, look: Callable[[pathlib.Path], Optional[Found]]) -> Optional[Found]:
    """What `look` finds in the first of `places`, or None; nothing is downloaded.

    The folder NPFL_KIT_DATA may be that of other data sets, and the cache may hold half of a download, to be
    completed: a DataError of `look` there is passed over. In `data_dir`, and in the sub-folder `name` of
    NPFL_KIT_DATA, it is raised.
    """
    variable = os.environ.get(VARIABLE)
    for place in places(name, data_dir):
        is_own = data_dir is not None or bool(variable) and place == pathlib.Path(str(variable)).expanduser() / name
        with contextlib.nullcontext() if is_own else contextlib.suppress(errors.DataError):
            found = look(place) if place.exists() else None
            if found is not None:
                return found
    return None


def places(name: str, data_dir: DataDir) -> list[pathlib.Path]:
    """Where to look for a data set: in `data_dir` alone; else in the folder NPFL_KIT_DATA, then in the cache.

    A folder that has a sub-folder `name` stands for that sub-folder.
    """
    if data_dir is not None:
        return [given(name, pathlib.Path(data_dir))]
    variable = os.environ.get(VARIABLE)
    return ([given(name, pathlib.Path(variable))] if variable else []) + [cache.folder(name)]


def given(name: str, path: pathlib.Path) -> pathlib.Path:
    """`path`, or its sub-folder `name` if it has one; a DataError if there is no such path."""
    path = path.expanduser()
    if not path.exists():
        raise errors.DataError(f"There is no folder {path}; check --data_dir or {VARIABLE}.")
    return path / name if (path / name).is_dir() else path


def own(data_dir: DataDir) -> pathlib.Path:
    """The folder of somebody's own pictures: `data_dir`, or NPFL_KIT_DATA; a UsageError if neither is given."""
    path = data_dir or os.environ.get(VARIABLE)
    if not path:
        raise errors.UsageError("Say where your pictures are: type --data_dir=FOLDER, with one sub-folder per class.")
    return given("folder", pathlib.Path(path))
