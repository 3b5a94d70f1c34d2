"""Text of strangers, made fit to be shown: in a terminal, on a page, in a table, in XML."""
from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"                                          # colors, cursor
                     r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"   # titles, links
                     r"|\x1b[ -/]*[0-~]?")
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}     # controls, bidi and zero width, halves, unassigned, separators
MARKS = 3           # accents on one letter, after which they climb over the lines above
REPLACEMENT = "\ufffd"


def plain(text: str) -> str:
    """The text without what acts instead of being read.

    Terminal sequences are removed; other controls, direction marks, invisible characters, lone halves of a pair and a
    fourth accent on a letter become U+FFFD. Line ends become a line feed; tabs stay.

    >>> plain("\\x1b[31mred\\x1b[0m, \\u202eevil, two\\r\\nlines")
    'red, \ufffdevil, two\\nlines'
    """
    if text.isascii() and text.isprintable():
        return text
    text = ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    shown, marks = [], 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        is_shown = character in "\n\t" or kind not in UNSEEN and marks <= MARKS
        shown.append(character if is_shown else REPLACEMENT)
    return "".join(shown)


def line(text: str, limit: int = 500) -> str:
    """The text as one plain line of at most `limit` characters.

    >>> line("two\\nlines"), line("a" * 9, limit=5)
    ('two lines', 'aaaa…')
    """
    found = " ".join(plain(text[:20 * limit]).split())
    return found if len(found) <= limit else found[:limit - 1] + "…"


def value(given: Any, limit: int = 2000) -> str:
    """A JSON value as plain text of at most `limit` characters; text as it is, nothing for None.

    >>> value([1, 0.5]), value("as is"), value(None)
    ('[1, 0.5]', 'as is', '')
    """
    if given is None:
        return ""
    found = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
    found = plain(found[:20 * limit])
    return found if len(found) <= limit else found[:limit - 1] + "…"


def number(given: float) -> str:
    """A number of points in as few digits as it has, at most two after the point.

    >>> number(2.0), number(2.5), number(0.333333)
    ('2', '2.5', '0.33')
    """
    return f"{given:.2f}".rstrip("0").rstrip(".")
