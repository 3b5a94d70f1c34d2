"""The number of a submission as people type it: 13, or #13 as it is shown."""
from __future__ import annotations

import argparse
import re


def parse(text: str) -> int:
    """The number, for `type` of an argument.

    >>> parse("13"), parse("#13")
    (13, 13)
    """
    found = re.fullmatch("#?([0-9]{1,15})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected the number of a submission, such as 13 or #13, got {text!r}")
    return int(found[1])
