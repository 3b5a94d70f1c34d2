"""The cases of a report: a card for each that may be seen, a table of those that show their points alone."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.pages import html
from npfl_kit.grading.pages.html import element
from npfl_kit.grading.tasks import task

CHIPS = {"ungradable": "not judged", "student_error": "code failed", "limit": "over a limit",
         "grader_error": "grader failed"}
NOT_JUDGED = ("ungradable", "grader_error")
CLOSED = "Hidden cases show their points alone, so that they keep testing what you know and not what you saw."


def mark(state: str, score: float, of: float) -> str:
    """ "good", "part" or "bad".

    >>> mark("graded", 2, 2), mark("graded", 1, 2), mark("limit", 0, 2)
    ('good', 'part', 'bad')
    """
    if state == "grader_error":
        return "part"
    if score >= of and state == "graded":
        return "good"
    return "part" if score > 0 else "bad"


def chip(state: str, score: float, of: float) -> html.Markup:
    """The state in two words and a color; the words alone say it, too."""
    kind = mark(state, score, of)
    said = CHIPS.get(state) or {"good": "✓ all points", "part": "some points", "bad": "✗ no points"}[kind]
    return element("span", said, class_=f"chip {kind}")


def command(text: str) -> html.Child:
    """A command for a shell, which a click selects."""
    if not text:
        return None
    words = [[element("span", word), " "] for word in shown_text.line(text, 2000).split(" ")]
    return element("pre", words, class_="command", tabindex="0")


def is_seen(case: record.CaseRecord) -> bool:
    """Whether a case of a student's view says more than its points."""
    return case.visibility == "public" or bool(case.rationale or case.expected is not None)


def cases(seen: record.Record, description: task.Task) -> html.Markup:
    """All cases, in the order of the task."""
    known = {case.id: case for case in description.cases}
    if all(case.state in NOT_JUDGED for case in seen.cases):
        return element("section", element("h2", "Cases"), table(seen.cases, "None of the cases was judged."))
    closed = [case for case in seen.cases if not is_seen(case)]
    shown = [case for case in seen.cases if is_seen(case)]
    if len(shown) > 1 and len({(case.state, case.score, case.rationale, case.help) for case in shown}) == 1 \
            and shown[0].rationale and not shown[0].score:
        whole = dataclasses.replace(shown[0], id=f"All {len(shown)} cases", max=sum(case.max for case in shown),
                                    reproduce="", seconds=None, peak_rss=None)
        return element("section", element("h2", "Cases"), card(whole, None, description),
                       table(shown, "The same is said of each."), table(closed, CLOSED) if closed else None)
    return element("section", element("h2", "Cases"),
                   [card(case, known.get(case.id), description) for case in shown],
                   table(closed, CLOSED) if closed else None)


def card(case: record.CaseRecord, known: Optional[task.Case], description: task.Task) -> html.Markup:
    """One case: what was expected, what came, why it matters, one next step, the command, what it used."""
    number, block = shown_text.number, lambda text: element("pre", text) if text else None
    lost = mark(case.state, case.score, case.max) != "good"
    details = html.facts([("Expected", block(shown_text.value(case.expected))),
                          ("Got", block(shown_text.value(case.actual))),
                          ("Why it matters", known.why if known else ""),
                          ("Next step", shown_text.line(case.help, 1000)), ("See it again", command(case.reproduce)),
                          ("Used", used(case, known, description)),
                          ("Isolation", case.isolation)])
    return element(
        "article", element("div", element("h3", case.id), chip(case.state, case.score, case.max),
                           element("span", f"{number(case.score)} of {number(case.max)} points", class_="end quiet"),
                           class_="row"),
        element("p", shown_text.value(case.rationale)) if case.rationale else None,
        details if lost else element("details", element("summary", "Expected, got, and what it used"), details),
        class_=f"card {mark(case.state, case.score, case.max)}")


def used(case: record.CaseRecord, known: Optional[task.Case], description: task.Task) -> html.Child:
    """Time and memory against what a case may use."""
    allowed = known.seconds if known and known.seconds is not None else description.limits.seconds
    shown = []
    if case.seconds is not None and case.isolation != record.NO_CODE:
        shown.append((case.seconds, allowed, f"{case.seconds:.1f} s of {allowed:g} s"))
    if case.peak_rss is not None:
        limit = description.limits.memory
        shown.append((case.peak_rss, limit, f"{size(case.peak_rss)} of {size(limit)} memory at most"))
    return [[element("div", text), html.bar(amount, most, text, full="bad")] for amount, most, text in shown] or None


def size(amount: float) -> str:
    """Bytes for people.

    >>> size(3 * 2**29), size(200 * 2**20)
    ('1.5 GiB', '200 MiB')
    """
    return f"{amount / 2**30:.1f} GiB" if amount >= 2**30 else f"{amount / 2**20:.0f} MiB"


def table(closed: Sequence[record.CaseRecord], caption: str) -> html.Markup:
    """Cases that show their points alone."""
    number = shown_text.number
    heads = [element("th", name, scope="col", class_=kind)
             for name, kind in (("Case", None), ("State", None), ("Points", "number"))]
    rows = [element("tr", element("td", case.id, class_="name"), element("td", chip(case.state, case.score, case.max)),
                    element("td", f"{number(case.score)} of {number(case.max)}", class_="number")) for case in closed]
    return element("div", element("table", element("caption", caption), element("thead", element("tr", heads)),
                                  element("tbody", rows)), class_="card table")
