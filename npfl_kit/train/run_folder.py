"""Names of run folders: the lab, the time, and what differs from the lab's defaults."""
from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npfl_kit import errors

LONGEST = 80     # characters of the configuration; Windows allows 260 for a whole path
CHECKPOINT = "checkpoint/last.safetensors"
OF_A_RUN = (CHECKPOINT, "weights.safetensors", "results.json")


def short_config(changed: Mapping[str, Any]) -> str:
    """The changed arguments as part of a folder's name, safe on every system; what is too long ends in its hash.

    >>> short_config({"model": "resnet20", "learning_rate": 0.1, "cnn": "C-8-3-1-same,F"})
    'cnn=C-8-3-1-same_F,learning_rate=0.1,model=resnet20'
    """
    pairs = (f"{name}={re.sub(r'[^A-Za-z0-9.+-]', '_', str(value))}" for name, value in sorted(changed.items()))
    text = ",".join(pairs)
    if len(text) <= LONGEST:
        return text
    ending = "~" + hashlib.sha256(text.encode()).hexdigest()[:8]
    return text[:LONGEST - len(ending)] + ending


def usual(parent: Path, lab: str, changed: Mapping[str, Any]) -> Path:
    """The folder of a run whose user named none: `<parent>/<lab>-<time>-<short config>`; it is not made."""
    return parent / "-".join(filter(None, [lab, time.strftime("%Y%m%d_%H%M%S"), short_config(changed)]))


def claim(folder: Path, given: bool) -> Path:
    """The folder for a new run, which then is nobody else's.

    Args:
      given: whether the user named it. Such a folder may hold a run that died before its first epoch was kept. A
        name made up by `usual` gets a number when another process has it already.
    Raises: UsageError when a given folder holds a run, which would mix with the new one; KitError when a folder
      cannot be made.
    """
    if given:
        if any((folder / name).exists() for name in OF_A_RUN):
            go_on = f"Continue it with --resume={folder}, or choose" if (folder / CHECKPOINT).exists() else "Choose"
            raise errors.UsageError(f"{folder} holds a run already. {go_on} another --logdir.")
        return folder
    wanted, number = folder, 2
    while True:
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            folder, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
        except OSError as error:
            raise errors.KitError(f"Cannot make {folder}: {error.strerror}. Choose another place with "
                                  f"--logdir.") from error
