"""Pages of one file: elements whose text is always escaped, and a look that needs no script and no network."""
from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from typing import Optional, Union

from npfl_kit.grading import shown_text
from npfl_kit.grading.pages import page_style

VOID = ("img", "meta", "br")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Markup(str):
    """Text that is HTML already; only `element` and its like make it."""


Child = Union[str, None, Iterable["Child"]]


def escaped(text: str) -> Markup:
    """The text as it is to be read, whatever is in it.

    >>> escaped("<b>\\x1b[1mbold\\x1b[0m</b> & 'quoted'")
    '&lt;b&gt;bold&lt;/b&gt; &amp; &#x27;quoted&#x27;'
    """
    return Markup(html.escape(shown_text.plain(text), quote=True))


def joined(children: Child) -> Markup:
    """Children one after another: `Markup` as it is, other text escaped, None left out."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    return escaped(children) if isinstance(children, str) else Markup("".join(map(joined, children)))


def element(tag: str, /, *children: Child, **attributes: Optional[str]) -> Markup:
    """An element; `class_` stands for class, and an attribute that is None is left out.

    >>> element("p", "a < b", element("b", "!"), class_="warm")
    '<p class="warm">a &lt; b<b>!</b></p>'
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
                    for key, value in attributes.items() if value is not None)
    return Markup(f"<{tag}{given}>" if tag in VOID else f"<{tag}{given}>{joined(children)}</{tag}>")


def picture(png: bytes, text: str, **attributes: Optional[str]) -> Markup:
    """A picture within the page; `text` is for who cannot see it."""
    return element("img", src="data:image/png;base64," + base64.b64encode(png).decode(), alt=text, **attributes)


def bar(amount: float, most: float, text: str, full: str) -> Markup:
    """A bar of an amount, with its numbers, which say the same to who cannot see it.

    Args:
      full: what a full one is, "good" or "bad".

    >>> 'width:50%' in bar(1, 2, "1 s of 2 s", full="bad")
    True
    """
    share = min(max(amount / most, 0.0), 1.0) if most > 0 else 1.0
    return element("div", element("span", style=f"width:{100 * share:.0f}%"),
                   class_=f"bar {full}" if share >= 1 else "bar", role="img", aria_label=text)


def facts(rows: Iterable[tuple[str, Child]]) -> Markup:
    """Names and what they are, as a list of terms; rows without a value are left out."""
    return element("dl", [[element("dt", name), element("dd", value)] for name, value in rows if value])


def page(title: str, *children: Child) -> str:
    """A whole page: one file, without scripts, which a browser lets load nothing."""
    head = element("head", element("meta", charset="utf-8"),
                   element("meta", http_equiv="Content-Security-Policy", content=POLICY),
                   element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                   element("meta", name="color-scheme", content="light dark"),
                   element("meta", name="referrer", content="no-referrer"),
                   element("title", shown_text.line(title, 120)), Markup(f"<style>{page_style.css()}</style>"))
    body = element("body", element("main", *children))
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'
