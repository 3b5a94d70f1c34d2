"""Where the folders `labs` and `datasets` are: beside the package in a checkout, else where pip put the copy."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from npfl_kit import errors

FOLDERS = ("labs", "datasets")


def folder(kind: str) -> Path:
    """The folder `labs` or `datasets` of the kit.

    The first home that has it is taken: `NPFL_KIT_HOME` alone if it is set, else the checkout around the package,
    else `share/npfl_kit` of the environment.

    Raises: KitError when no home has it.
    """
    tried = [home / kind for home in homes()]
    for path in tried:
        if path.is_dir():
            return path
    raise errors.KitError(f"The folder {kind!r} of npfl_kit is not at {' nor at '.join(map(str, tried))}. Let "
                          f"NPFL_KIT_HOME name the clone of the kit, or type in it: pip install -e .")


def homes() -> Iterator[Path]:
    """The folders that may hold `labs` and `datasets`, the best first."""
    if os.environ.get("NPFL_KIT_HOME"):
        yield Path(os.environ["NPFL_KIT_HOME"]).expanduser()
        return
    beside = Path(__file__).resolve().parents[1]
    if all((beside / kind).is_dir() for kind in FOLDERS):   # both, as site-packages may hold a stranger's `datasets`
        yield beside
    yield Path(sys.prefix) / "share" / "npfl_kit"
