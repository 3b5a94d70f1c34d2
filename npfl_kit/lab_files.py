"""The scripts of the labs: where they are, and how one is imported by its path."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from npfl_kit import errors, home


def paths() -> list[Path]:
    """The scripts of all labs, in the order of the course."""
    return sorted(path for path in home.folder("labs").glob("*/*.py") if path.name[0] not in "_.")


def find(name: str) -> Path:
    """The script of a lab by its name, or any `.py` file by its path.

    Raises: UsageError that offers the nearest names, or says that the name is not unique.
    """
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise errors.UsageError(f"There is no file {name}. Type npfl-kit labs to see the labs of the course.")
        return Path(name)
    return named(name)


def named(name: str) -> Path:
    """The script of a lab of the course; unlike `find`, it takes no path.

    Raises: UsageError that offers the nearest names, or says that the name is not unique.
    """
    found = [path for path in paths() if path.stem == name]
    if not found:
        raise errors.unknown("lab", name, [path.stem for path in paths()])
    if len(found) > 1:
        raise errors.UsageError(f"There are {len(found)} labs {name!r}. Type the path of one: "
                                f"{' or '.join(map(str, found))}.")
    return found[0]


def load(path: Path) -> ModuleType:
    """Import a script as the module `lab_NAME`, a name that hides no other module.

    Raises: UsageError when it has no `parser` or no `main(args)`.
    """
    spec = importlib.util.spec_from_file_location(f"lab_{path.stem}", path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.resolve().parent))      # as Python itself does for a script
    spec.loader.exec_module(module)
    for part in ("parser", "main"):
        if not hasattr(module, part):
            raise errors.UsageError(f"{path} is no lab: it has no `{part}`. A lab has a `parser` and a `main(args)`; "
                                    f"type: python3 {path}")
    return module
