"""What numbers depend on besides the task and the submission: versions, read without importing what they are of."""
from __future__ import annotations

import functools
import hashlib
import platform
import types
from collections.abc import Mapping

from npfl_kit import version
from npfl_kit.grading import record

PACKAGES = ("numpy", "tensorflow", "keras", "tensorflow-addons", "scipy", "pillow", "h5py", "safetensors")


@functools.lru_cache(maxsize=None)
def versions() -> Mapping[str, str]:
    """Versions by name, of Python, the kit, the packages that compute and the kind of machine.

    A package that is not installed is left out. TensorFlow may be installed under several names, which are one here.
    """
    found = {name: version.version_or_none(version.installed, name) for name in PACKAGES}
    found["tensorflow"] = next(filter(None, (version.version_or_none(version.installed, name)
                                             for name in version.TENSORFLOWS)), None)
    machine = {"python": platform.python_version(), "npfl_kit": version.__version__,
               "machine": f"{platform.system()} {platform.machine()}"}
    return types.MappingProxyType({**machine, **{name: each for name, each in found.items() if each}})


def identity(of: Mapping[str, str]) -> str:
    """A name of an environment that equal ones share.

    >>> identity({"numpy": "1.26.4", "python": "3.11.7"}) == identity({"python": "3.11.7", "numpy": "1.26.4"})
    True
    """
    return hashlib.sha256(record.canonical(dict(of)).encode()).hexdigest()


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What is another version, in words.

    >>> differences({"numpy": "1.26.4", "python": "3.11.7"}, {"numpy": "1.26.5", "python": "3.11.7"})
    ['numpy 1.26.4 -> 1.26.5']
    """
    return [f"{name} {old.get(name, 'absent')} -> {new.get(name, 'absent')}"
            for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
