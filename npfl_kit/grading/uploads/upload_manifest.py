"""`manifest.json` of an upload: what was packed, for which task, and who hands in; read as a stranger's file."""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading import record
from npfl_kit.grading.uploads import file_names, team
from npfl_kit.grading.uploads.ungradable import UngradableError

MAX_BYTES = 2**16
MOST_DIGITS = re.compile(rb"[0-9]{100}")    # some Pythons take minutes to read a million digits; a sha256 has 64
MOST_METRICS = 100
LAB = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}", re.ASCII)


def make(lab: str, task_version: str, kit: str, files: Mapping[str, bytes], members: Sequence[str] = (),
         metrics: Optional[Mapping[str, float]] = None) -> dict[str, Any]:
    """The manifest of some files.

    Args:
      task_version: sha256 of the task that they were checked against.
      kit: version of npfl_kit.
      members: of the team.
      metrics: what the student measured at home; only told, never believed.

    >>> make("tagger", "", "1.0", {"a.txt": b""})["files"]["a.txt"]["bytes"]
    0
    """
    listed = {name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
              for name, content in sorted(files.items())}
    return {"lab": lab, "task_version": task_version, "kit": kit, "files": listed, "team": list(members),
            "metrics": dict(sorted((metrics or {}).items()))}


def tellable(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Those of some metrics that a manifest takes: finite numbers with plain names, at most 100.

    >>> tellable({"accuracy": 0.5, "loss": float("nan"), "a b": 1})
    {'accuracy': 0.5}
    """
    fitting = [name for name, number in metrics.items() if LAB.fullmatch(name) and record.is_finite(number)]
    return {name: metrics[name] for name in fitting[:MOST_METRICS]}


def write(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as a file."""
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def read(data: bytes) -> dict[str, Any]:
    """The manifest in a file; its parts have the types that `make` gives them, and may be absent.

    Raises: UngradableError that says what is wrong.

    >>> read(b'{"lab": "tagger"}')
    {'lab': 'tagger', 'task_version': '', 'kit': '', 'files': {}, 'team': [], 'metrics': {}}
    """
    if len(data) > MAX_BYTES:
        raise _wrong(f"it has {len(data):,} bytes, expected at most {MAX_BYTES:,}")
    if MOST_DIGITS.search(data):
        raise _wrong("it has a number of 100 digits or more")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (RecursionError, ValueError):
        raise _wrong("it is no JSON, or names something twice") from None
    if not isinstance(value, dict):
        raise _wrong("it is no JSON object")
    empty = make("", "", "", {})
    unknown = sorted(set(value) - set(empty))
    if unknown:
        raise _wrong(f"it has a key {file_names.shown(unknown[0])}")
    for key, usual in empty.items():
        if not isinstance(value.setdefault(key, usual), type(usual)):
            raise _wrong(f"expected a {type(usual).__name__} for {key!r}")
    _require_parts(value)
    return {key: value[key] for key in empty}


def require_files(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Raise UngradableError unless the files are those of the manifest; one without files says nothing of them."""
    listed = manifest["files"]
    if not listed:
        return
    differing = sorted(set(listed) ^ set(files))
    if differing:
        raise UngradableError(f"The file {differing[0]} is {'listed in' if differing[0] in listed else 'not in'} "
                              f"manifest.json, but {'not in' if differing[0] in listed else 'in'} the archive. Pack "
                              f"again; type: npfl-kit pack LAB FILES")
    for name, content in files.items():
        if listed[name] != {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}:
            raise UngradableError(f"The file {name} was changed after it was packed: manifest.json tells of another "
                                  f"one. Pack again; type: npfl-kit pack LAB FILES")


def _require_parts(value: Mapping[str, Any]) -> None:
    fits = {"lab": LAB, "task_version": SHA256, "kit": VERSION}
    for key, pattern in fits.items():
        if value[key] and not pattern.fullmatch(value[key]):
            raise _wrong(f"{key!r} is {file_names.shown(value[key])}")
    if not all(isinstance(name, str) for name in value["team"]) or len(value["team"]) > 20:
        raise _wrong("expected a list of at most 20 names for 'team'")
    team.checked(value["team"], most=20)
    if len(tellable(value["metrics"])) < len(value["metrics"]):
        raise _wrong("expected finite numbers by name for 'metrics'")
    file_names.require(value["files"])
    for name, entry in value["files"].items():
        if not isinstance(entry, dict) or set(entry) != {"sha256", "bytes"} or type(entry["bytes"]) is not int \
                or not isinstance(entry["sha256"], str) or not SHA256.fullmatch(entry["sha256"]):
            raise _wrong(f"expected sha256 and bytes of {name}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _wrong(why: str) -> UngradableError:
    return UngradableError(f"manifest.json is not what npfl-kit pack writes: {why}. Pack again; type: "
                           f"npfl-kit pack LAB FILES")
