"""Folders that exist for one run, and are removed with whatever it left in them. Plain Python, as `warden` uses it."""
from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def empty_folder() -> Iterator[str]:
    """A new empty folder, alone in another one that `remove` takes away at the end."""
    outer = tempfile.mkdtemp(prefix="npfl_kit_")
    try:
        inner = os.path.join(outer, "box")
        os.mkdir(inner)
        yield inner
    finally:
        remove(outer)


def remove(folder: str) -> None:
    """Remove a folder and all that is in it; nothing outside is touched, as links are not followed."""
    for place, folders, _ in os.walk(folder):       # out of a folder without rights, nothing can be removed
        for path in (os.path.join(place, name) for name in folders):
            with contextlib.suppress(OSError):
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
