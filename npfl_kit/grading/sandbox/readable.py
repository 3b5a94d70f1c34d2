"""The files that a student's process may read: what Python, TensorFlow and the kit need, and nothing beside it.

Not there: `labs` with its solutions, task files, reference results and mutants; the store, gold, anybody's home.
"""
from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from npfl_kit import home

KIT = Path(__file__).resolve().parents[3]       # the folder that has the package
PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")   # of a Python; `share` may have a copy of the labs
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64",
          "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")


def site_folders() -> list[str]:
    """The folders of installed packages that this Python uses, also those of the user."""
    known = {*site.getsitepackages(), site.getusersitepackages() if site.ENABLE_USER_SITE else ""}
    return [place for place in sys.path if place in known and os.path.isdir(place)]


def of_python() -> list[str]:
    """What this Python and the kit consist of."""
    prefixes = dict.fromkeys([sys.prefix, sys.base_prefix])
    parts = [os.path.join(prefix, part) for prefix in prefixes for part in PARTS]
    return [path for path in [*parts, *site_folders(), str(KIT / "npfl_kit"), str(home.folder("datasets"))]
            if os.path.exists(path)]


def places(paths: Sequence[str]) -> list[str]:
    """Each path under its name and under its real name, but none that lies below another one.

    >>> places(["/usr/lib", "/usr/lib/python3"])
    ['/usr/lib']
    """
    both = sorted({name for path in paths for name in (os.path.abspath(path), os.path.realpath(path))})
    return [path for path in both if not any(is_below(path, other) for other in both)]


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder; it does not lie in itself.

    >>> is_below("/a/b", "/a"), is_below("/ab", "/a"), is_below("/a", "/a")
    (True, False, False)
    """
    return path != folder and path.startswith(folder.rstrip("/") + "/")


def masked(paths: Sequence[str], hidden: Sequence[str]) -> Iterator[str]:
    """Where hidden files and folders would be seen, given that `paths` are readable."""
    for secret in map(os.path.realpath, hidden):
        for path in paths:
            real = os.path.realpath(path)
            if os.path.exists(secret) and (secret == real or is_below(secret, real)):
                yield os.path.normpath(os.path.join(path, os.path.relpath(secret, real)))
