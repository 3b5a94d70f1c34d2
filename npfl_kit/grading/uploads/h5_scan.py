"""Looks into an `.h5` file from a stranger, in a process of its own, since a hostile one can crash the HDF5 library.

    python -I -B h5_scan.py FILE        prints {"arrays": {"name": [3, 2]}} or {"refused": "why"}

What Keras 2.15 would follow out of the file is refused (see `npfl_kit.train.h5_weights`), and so are arrays that are
larger than any network of the course, filters of HDF5 that need a plug-in, and numbers that are not finite.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":      # -I keeps even the folder of the script from the path
    sys.path[:0] = [os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))]

from npfl_kit import errors  # noqa: E402

MOST_NUMBERS = 2**27            # of all arrays together
AT_ONCE = 2**20                 # numbers looked at together
SECONDS = 30
LIMITS = {"RLIMIT_AS": 2**32, "RLIMIT_CPU": 20, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
FILTERS = {1, 2, 3}             # of HDF5: deflate, shuffle, Fletcher's sum


def read(data: bytes, name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the arrays in a file.

    Args:
      data: the whole file.
      name: what it is called.
    Raises: WeightsError that says what is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="npfl_kit-") as folder:
        path = Path(folder) / "weights.h5"
        path.write_bytes(data)
        try:
            ended = subprocess.run([sys.executable, "-I", "-B", __file__, str(path)], stdin=subprocess.DEVNULL,
                                   capture_output=True, timeout=SECONDS, check=False, cwd=folder)
            found = json.loads(ended.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            raise errors.WeightsError(f"{name} cannot be read: HDF5 fails with it. Hand in .safetensors; type: npfl-"
                                      f"kit weights convert FILE weights.safetensors") from None
    if "refused" in found:
        raise errors.WeightsError(str(found["refused"]).replace(str(path), name))
    return {key: tuple(shape) for key, shape in found["arrays"].items()}


def scan(path: Path) -> dict[str, tuple[int, ...]]:
    """What `read` gives, of a file on the disk and in this process."""
    import h5py
    import numpy as np

    from npfl_kit.train import h5_weights

    shapes = h5_weights.shapes(path)
    if sum(int(np.prod(shape, dtype=np.float64)) for shape in shapes.values()) > MOST_NUMBERS:
        h5_weights.refuse(path, "the file", f"has more than {MOST_NUMBERS:,} numbers")
    with h5_weights.opened(path) as file:
        for name in shapes:
            array: h5py.Dataset = file[name]
            creation = array.id.get_create_plist()
            if {creation.get_filter(place)[0] for place in range(creation.get_nfilters())} - FILTERS:
                h5_weights.refuse(path, name, "is packed in an unusual way")
            step = max(1, AT_ONCE // max(1, int(np.prod(array.shape[1:], dtype=np.float64)))) if array.shape else 1
            parts = range(0, array.shape[0], step) if array.shape else [None]
            if not all(np.isfinite(array[()] if begin is None else array[begin:begin + step]).all()
                       for begin in parts):
                h5_weights.refuse(path, name, "has NaN or infinite numbers")
    return shapes


def limit() -> None:
    """Bound what this process may take, where the system has such bounds."""
    try:
        import resource
    except ImportError:     # Windows
        return
    for name, most in LIMITS.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def main(path: Path) -> None:
    """Print what `scan` finds."""
    limit()
    try:
        print(json.dumps({"arrays": scan(path)}))
    except errors.KitError as error:
        print(json.dumps({"refused": str(error)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
