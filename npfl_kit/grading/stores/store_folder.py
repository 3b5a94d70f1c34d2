"""The folder of a store: what is in it, and how a new one is made."""
from __future__ import annotations

import os
from pathlib import Path

from npfl_kit import errors

DATABASE, OBJECTS, SECRET, GOLD, ROSTER = "store.sqlite3", "objects", "secret", "gold", "roster.txt"


def is_store(folder: Path) -> bool:
    """Whether a store is in that folder."""
    return (folder / DATABASE).is_file()


def make_folder(folder: Path, make: bool) -> None:
    """Make a folder for a store, which only its owner may enter; a DataError if there is something else."""
    if not make:
        raise errors.DataError(f"There is no store in {folder}: it has no {DATABASE}. Type: npfl-kit submit LAB FILES "
                               f"--store={folder}, which makes one, or name another folder.")
    try:
        names = set(os.listdir(folder)) if folder.is_dir() else set()
        if DATABASE not in names and names - {GOLD, OBJECTS, ROSTER}:   # another process may have made it just now
            raise errors.DataError(f"{folder} has other files, so no store is made in it. Name a new or an empty "
                                   f"folder.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise errors.DataError(f"Cannot make a store in {folder}: {error.strerror or error}. Name a folder that you "
                               f"may write to.") from None
