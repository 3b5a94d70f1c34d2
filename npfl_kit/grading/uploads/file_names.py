"""Which names the files of an upload may have: those that mean one thing on every system, and hide no module."""
from __future__ import annotations

import pkgutil
import re
import sys
import sysconfig
from collections.abc import Iterable

from npfl_kit.grading.uploads.ungradable import UngradableError

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)  # files of Windows, with any ending
CODE = (".pth", ".pyc", ".pyd", ".pyo", ".pyw", ".pyi", ".so", ".dll", ".dylib", ".egg", ".whl")    # not .py
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
PICKLES = (".pkl", ".pickle", ".dill", ".npy", ".npz", ".keras", ".pt", ".pth", ".joblib")
HOOKS = frozenset({"__init__", "__main__", "conftest", "sitecustomize", "usercustomize"})   # run without being asked
STACK = frozenset("""
    _distutils_hack _pytest absl astunparse attr attrs certifi charset_normalizer contourpy cycler dateutil dill
    distutils filelock flatbuffers fonttools gast google grpc h5py idna importlib_metadata jax joblib keras kiwisolver
    libclang markdown matplotlib mdurl ml_dtypes mpl_toolkits npfl_kit numpy opt_einsum packaging pil pip pkg_resources
    pluggy pygments pylab pyparsing pytest requests rich safetensors scipy setuptools six sklearn tensorboard
    tensorflow tensorflow_addons tensorflow_estimator tensorflow_io_gcs_filesystem termcolor threadpoolctl tomli tqdm
    tree typeguard typing_extensions urllib3 werkzeug wheel wrapt yaml zipp""".split())


def problem(name: str) -> str:
    """What is wrong with the name of a file, or "" if nothing is.

    >>> problem("cnn_manual.py"), problem("predictions.txt")
    ('', '')
    >>> problem("labs/cnn.py")
    'it lies in a folder; pack the files themselves, not the folder that holds them'
    >>> problem("json.py")
    "'json' is a module of Python or of a library, which such a file would hide; give it another name"
    """
    if "/" in name or "\\" in name or name in (".", ".."):
        return "it lies in a folder; pack the files themselves, not the folder that holds them"
    if name.startswith("."):
        return "hidden files are left out of an upload"
    if not NAME.fullmatch(name) or name.endswith("."):
        return ("expected at most 100 letters from A to Z, digits, '_', '-' and '.', and first a letter, a digit or "
                "'_'; give it such a name")
    stem, dot, _ = name.partition(".")
    ending = name[name.rindex("."):].lower() if dot else ""
    if DEVICES.fullmatch(stem):
        return f"{stem!r} is a device on Windows; give it another name"
    if ending in ARCHIVES:
        return "an archive within an upload is not opened; pack the files that are in it"
    if ending in CODE:
        return "such files are run or read by Python itself; hand in sources that end in .py"
    if ending in PICKLES:
        return "such files can hold code; hand in weights as .safetensors"
    return _hidden_module(stem.lower()) if ending == ".py" else ""


def _hidden_module(stem: str) -> str:
    if stem in HOOKS:
        return f"Python runs {stem}.py without being asked; give it another name"
    if stem in modules():
        return f"{stem!r} is a module of Python or of a library, which such a file would hide; give it another name"
    return ""


def modules() -> frozenset[str]:
    """Modules of Python and of the libraries that labs use, in small letters."""
    return STACK | _STANDARD


def _standard() -> frozenset[str]:
    """Modules of the standard library; before Python 3.10 those that are installed."""
    listed = getattr(sys, "stdlib_module_names", None)
    if listed is None:
        found = pkgutil.iter_modules([sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]])
        listed = {*sys.builtin_module_names, *(module.name for module in found)}
    return frozenset(name.lower() for name in listed)


_STANDARD = _standard()


def require(names: Iterable[str]) -> None:
    """Raise UngradableError that names the first name which an upload may not have, or which it has twice.

    Names that differ in their case alone are one file on some systems, and count as the same.
    """
    seen: dict[str, str] = {}
    for name in names:
        found = problem(name)
        if found:
            raise UngradableError(f"The file {shown(name)} is refused: {found}.")
        if name.lower() in seen:
            raise UngradableError(f"The file {shown(name)} is there twice (as {shown(seen[name.lower()])}): some "
                                  f"systems do not tell the two apart. Give each a name of its own.")
        seen[name.lower()] = name


def shown(name: str) -> str:
    """A stranger's name as it can be printed: one line of at most 60 plain characters.

    >>> shown("a\\x1b[31m")
    "'a\\\\x1b[31m'"
    """
    text = ascii(name)
    return text if len(text) <= 60 else f"{text[:56]}...'"
