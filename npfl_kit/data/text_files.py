"""Where the text files of a data set without an official download lie."""
from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import sources


def find(name: str, data_dir: sources.DataDir, wanted: Mapping[str, Sequence[str]],
         instead: str) -> dict[str, pathlib.Path]:
    """The files of a data set: in `data_dir`, else in NPFL_KIT_DATA, else in the cache.

    Args:
      name: of the data set; a folder with a sub-folder of that name stands for the sub-folder.
      wanted: for each file, the names that it may have; `.gz` may follow.
      instead: a data set that needs no file, for the error.
    Returns: their paths, by the keys of `wanted`.
    Raises: DataError that says what was looked for and where, or which of the files are missing.
    """
    names = ", ".join(each[0] for each in wanted.values())
    hint = f"type --data_dir=FOLDER with the folder that has them, or --dataset={instead}, which needs no file."
    places = [place for place in sources.places(name, data_dir) if place.exists()]
    for place in places:
        if place.is_file() and len(wanted) == 1:
            return dict.fromkeys(wanted, place)
        found = {key: _one(place, each) for key, each in wanted.items()}
        missing = [wanted[key][0] for key, path in found.items() if path is None]
        if len(missing) < len(wanted):
            if missing:
                raise errors.DataError(f"{place}: expected {names}; missing: {', '.join(missing)}. Get them, or "
                                       f"{hint}")
            return {key: path for key, path in found.items() if path is not None}
    where = f"in {places[0]}" if data_dir is not None else "here, and has no official download"
    raise errors.DataError(f"The data set {name} is not {where}. Looked for: {names}. Now {hint}")


def _one(folder: pathlib.Path, names: Sequence[str]) -> Optional[pathlib.Path]:
    return next((folder / f"{name}{ending}" for name in names for ending in ("", ".gz")
                 if (folder / f"{name}{ending}").is_file()), None)
