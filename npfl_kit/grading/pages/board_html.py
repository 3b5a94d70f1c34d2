"""A board as one static page: pseudonyms and public scores, and how ranks are made."""
from __future__ import annotations

import datetime
from collections.abc import Sequence

from npfl_kit.grading import shown_text
from npfl_kit.grading.marks import board_view, lateness
from npfl_kit.grading.pages import html
from npfl_kit.grading.pages.html import element
from npfl_kit.grading.tasks import task


def page(description: task.Task, lines: Sequence[board_view.Line], when: datetime.datetime, absent: int = 0) -> str:
    """The page of a board.

    Args:
      lines: best first, as `board_view` makes them; their members are not shown.
      when: at which moment they were made.
      absent: how many teams have a score, but no line.
    """
    title = f"{shown_text.line(description.title)}: {'final ranks' if is_final(lines) else 'board'}"
    table = element("div", element("table", element("caption", board_view.RULES[is_final(lines)]), _head(description),
                                   element("tbody", [_row(line) for line in lines])), class_="card table")
    return html.page(title, element(
        "header", element("p", f"npfl_kit · {shown_text.line(description.lab)}", class_="quiet small"),
        element("h1", title),
        element("p", f"{len(lines)} {'team' if len(lines) == 1 else 'teams and persons'}, "
                     f"{sum(line.submissions for line in lines)} submissions. Updated "
                     f"{lateness.moment(when.isoformat(), description.late)}.", class_="quiet")),
        table if lines else element("p", "Nobody stands on the board yet.", class_="card"),
        element("p", board_view.eligible(description, absent)) if absent else None,
        element("section", element("h2", "How ranks are made"),
                element("p", board_view.sentence(description), class_="small")))


def is_final(lines: Sequence[board_view.Line]) -> bool:
    """Whether these are lines of the final board."""
    return any(line.final for line in lines)


def _head(description: task.Task) -> html.Markup:
    metric = description.board.metric if description.board else "score"
    names = [("Rank", "number"), ("Name", None), (shown_text.line(metric), "number"), ("Tries", "number")]
    return element("thead", element("tr", [element("th", name, scope="col", class_=kind) for name, kind in names]))


def _row(line: board_view.Line) -> html.Markup:
    name = [line.name, element("span", " (you)") if line.own else None]
    return element("tr", element("td", f"{'= ' if line.tied else ''}{line.rank}", class_="number"),
                   element("td", name, class_="name"), element("td", line.score, class_="number"),
                   element("td", str(line.submissions), class_="number"), class_="own" if line.own else None)
