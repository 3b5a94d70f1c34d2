"""Names of run folders: the lab, the time, and what differs from the lab's defaults."""
from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npfl_kit import errors

LONGEST = 80     # characters of the configuration; Windows allows 260 for a whole path


def short_config(changed: Mapping[str, Any]) -> str:
    """The changed arguments as part of a folder's name, safe on every system.

    >>> short_config({"model": "resnet20", "learning_rate": 0.1, "cnn": "C-8-3-1-same,F"})
    'cnn=C-8-3-1-same_F,learning_rate=0.1,model=resnet20'
    """
    pairs = (f"{name}={re.sub(r'[^A-Za-z0-9.+-]', '_', str(value))}" for name, value in sorted(changed.items()))
    return ",".join(pairs)[:LONGEST]


def free(parent: Path, lab: str, changed: Mapping[str, Any]) -> Path:
    """A folder name that no run has yet: `<parent>/<lab>-<time>-<short config>`; the folder is not made."""
    name = "-".join(filter(None, [lab, time.strftime("%Y%m%d_%H%M%S"), short_config(changed)]))
    folder, number = parent / name, 2
    while folder.exists():
        folder, number = parent / f"{name}-{number}", number + 1
    return folder


def refuse_other_run(folder: Path) -> None:
    """Raise UsageError when a run lies in the folder already: a second one would mix with it."""
    if (folder / "config.json").exists():
        raise errors.UsageError(f"{folder} holds a run already. Continue it with --resume={folder}, or choose another "
                                f"--logdir.")
