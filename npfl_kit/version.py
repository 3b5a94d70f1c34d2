"""The version of the kit, and whether the installed Python and packages are ones that it runs on.

Nothing heavy is imported here: a wrong TensorFlow is found by its metadata, not by its crash. The file itself must
load on any Python 3, or a student with a wrong one sees a SyntaxError instead of the sentence that mends it.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Callable

from npfl_kit import errors

__version__ = "0.1.0"

PYTHONS = ((3, 9), (3, 11))     # the oldest and the newest that TensorFlow 2.15 is built for
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")  # one wheel, four names


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing.

    >>> numbers("2.15.1"), numbers("2.16.0rc1"), numbers("nightly")
    ((2, 15, 1), (2, 16, 0), ())
    """
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in found.group().split(".")) if found else ()


def require_version(wanted: str) -> None:
    """Stop with the command that upgrades when the kit is older than a script needs.

    Args:
      wanted: str such as `"0.1"` or `"0.1.3"`.
    Raises: StackError if the kit is older; UsageError if `wanted` is no version.

    >>> require_version("0.1")
    """
    if not numbers(wanted):
        raise errors.UsageError(f"require_version expects a version such as \"0.1\", it got {wanted!r}.")
    if numbers(__version__) < numbers(wanted):
        raise errors.StackError(f"This script needs npfl_kit {wanted} or newer, and {__version__} is installed. "
                                f"Type, in the folder of the kit: git pull && pip install -e .")


def installed(package: str) -> str:
    """The version of an installed package by its metadata; raises PackageNotFoundError, an ImportError."""
    import importlib.metadata       # 70 ms that `npfl-kit --help` need not pay

    return importlib.metadata.version(package)


def check_stack(find: Callable[[str], str] = installed, python: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Raise one StackError that names everything wrong with the stack and the one command that mends it.

    Args:
      find: gives the version of a package, or raises ImportError when it is not installed.
      python: major and minor version of the interpreter.
    """
    if not PYTHONS[0] <= python[:2] <= PYTHONS[1]:
        raise errors.StackError(
            f"npfl_kit needs Python 3.9, 3.10 or 3.11, which TensorFlow 2.15 is built for, and this is Python "
            f"{python[0]}.{python[1]}. Type: python3.11 -m venv .venv && .venv/bin/pip install -e .")
    wrong = wrong_packages(find)
    if wrong:
        complaints = " and ".join(complaint for complaint, _ in wrong)
        packages = " ".join(f'"{wanted}"' for _, wanted in wrong)
        raise errors.StackError(f"npfl_kit needs {complaints}. Type: pip install {packages}")


class CheckBeforeTensorFlow:
    """An import finder that finds nothing: it calls `check_stack` when somebody is about to import TensorFlow.

    A student with NumPy 2 sees the sentence that mends it instead of TensorFlow's crash, and whoever needs no
    TensorFlow, `npfl-kit doctor` for one, is not stopped.
    """

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        """Called by Python before each import."""
        if name == "tensorflow":
            sys.meta_path.remove(cls)       # type: ignore[arg-type]
            check_stack()


def wrong_packages(find: Callable[[str], str] = installed) -> list[tuple[str, str]]:
    """Pairs of what is wrong and what pip shall install, empty when the stack is right.

    >>> versions = {"tensorflow": "2.15.1", "keras": "2.15.0", "numpy": "2.0.1", "tensorflow-addons": "0.23.0"}
    >>> wrong_packages(versions.__getitem__)
    [('NumPy below 2 (found 2.0.1)', 'numpy<2')]
    """
    tensorflow = next(filter(None, (version_or_none(find, name) for name in TENSORFLOWS)), None)
    checks = (("TensorFlow 2.15", tensorflow, "tensorflow==2.15.1", lambda version: version[:2] == (2, 15)),
              ("Keras 2.15", version_or_none(find, "keras"), "keras==2.15.0", lambda version: version[:2] == (2, 15)),
              ("NumPy below 2", version_or_none(find, "numpy"), "numpy<2", lambda version: version[:1] == (1,)),
              ("TensorFlow Addons", version_or_none(find, "tensorflow-addons"), "tensorflow-addons==0.23.0", bool))
    return [(f"{name} ({f'found {version}' if version else 'not installed'})", wanted)
            for name, version, wanted, is_right in checks if not version or not is_right(numbers(version))]


def version_or_none(find: Callable[[str], str], package: str) -> str | None:
    """The version that `find` gives, or None for a package that is not installed."""
    try:
        return find(package)
    except (ImportError, LookupError):
        return None
