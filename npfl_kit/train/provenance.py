"""The text in a weights file that tells where its arrays come from, read as if a stranger had written it."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from npfl_kit import errors

KEY = "npfl_kit"        # of the text, among a file's texts or attributes
KINDS = {"lab": str, "args": dict, "build": dict, "versions": dict, "metrics": dict, "epoch": int, "history": list}
LAB_NAME = re.compile(r"\w[\w .-]*")        # errors show it in commands to type


def parse(text: object, path: Path) -> dict[str, Any]:
    """The metadata that `text` spells; what the kit reads of it has the types that the kit writes.

    Args:
      text: str of JSON; anything else that a damaged file gives is refused.
      path: the file that it is from, for errors.
    Returns: a dict; any key may be absent, those of `KINDS` have their type, `history` is a list of dicts of numbers.
    Raises: WeightsError that says what is wrong with the text.

    >>> parse('{"lab": "cnn_manual", "args": {"epochs": 3}}', Path("w.safetensors"))
    {'lab': 'cnn_manual', 'args': {'epochs': 3}}
    """
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _changed(path, "it is no JSON object")
    for key, kind in KINDS.items():
        if key in value and not isinstance(value[key], kind):
            raise _changed(path, f"expected a {kind.__name__} for {key!r}, found a {type(value[key]).__name__}")
    if "lab" in value and not LAB_NAME.fullmatch(value["lab"]):
        raise _changed(path, f"expected a lab's name, found {value['lab'][:40]!r}")
    if not all(isinstance(logs, dict) and all(type(number) in (int, float) for number in logs.values())
               for logs in value.get("history", [])):
        raise _changed(path, "expected a dict of numbers for each epoch of 'history'")
    return value


def _changed(path: Path, why: str) -> errors.WeightsError:
    return errors.WeightsError(f"The metadata of {path} is not what the kit writes: {why}. The file was changed; "
                               f"take it again from where it came.")
