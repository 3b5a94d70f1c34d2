"""Which of the uploaded files is the script that is run."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from npfl_kit import errors


def choose(sources: Mapping[str, bytes], names: Iterable[str]) -> str:
    """The one `.py` file that defines all these functions at the beginning of a line.

    Args:
      sources: name -> content; files that are no `.py` are left alone.
      names: of functions, such as "main"; several of them must be in one file. A single `.py` file needs no `def`, as
        it may import what it has not written.
    Raises: UsageError that says what was expected and what there is.

    >>> choose({"net.py": b"class Net: pass", "cnn.py": b"import net\\ndef main(args): pass", "a.txt": b""}, ["main"])
    'cnn.py'
    """
    scripts = [name for name in sorted(sources) if name.endswith(".py")]
    wanted = sorted(set(names))
    found = [script for script in scripts if all(_defines(sources[script], name) for name in wanted)]
    if len(found) == 1 or len(scripts) == 1 and "main" not in wanted:
        return (found or scripts)[0]
    lines = " and ".join(f"'def {name}('" for name in wanted)
    raise errors.UsageError(f"Expected exactly one .py file with {'a line' if len(wanted) == 1 else 'lines'} that "
                            f"begin{'s' * (len(wanted) == 1)} with {lines}, found {len(found)} among "
                            f"{', '.join(scripts) or 'no .py files'}.")


def _defines(source: bytes, name: str) -> bool:
    return re.search(rb"^(async )?def " + re.escape(name.encode()) + rb"\s*\(", source, re.MULTILINE) is not None
