"""Show who is best in a lab: pseudonyms and public scores, or the final order with names, which is for teachers only.

npfl-kit grade board STORE LAB
npfl-kit grade board STORE LAB --html=board.html     a page for students
npfl-kit grade board STORE LAB --private             names, private scores, ranks by noise, points: not for students
npfl-kit grade board STORE LAB --json                {"lab", "metric", "order", "final", "updated_at", "rows": [
                                                     {"rank", "tied", "name", "score", "submissions", "own",
                                                     "final"}]}; --private adds "members", "order_points" to a row
"""
from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit import errors, files
from npfl_kit.cli import table

if TYPE_CHECKING:
    from npfl_kit.grading.marks import board_view
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "show who is best"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, the lab, and what is shown to whom."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("lab", metavar="LAB", help="whose board")
    parser.add_argument("--html", default=None, metavar="FILE", type=Path, help="write a page instead")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--person", default=None, metavar="NAME", help="mark the line of this person")
    parser.add_argument("--private", action="store_true", help="for teachers only: names, private scores, the final "
                        "ranks and their points; with --html still without names")


def run(args: argparse.Namespace) -> int:
    """Print the board, or write its page."""
    import datetime

    from npfl_kit.grading.marks import board
    from npfl_kit.grading.pages import board_html
    from npfl_kit.grading.stores import store as stores

    when = datetime.datetime.now(datetime.timezone.utc)
    with stores.Store(args.store) as store:
        task = described(store, args.lab)
        lines, points = made(store, task, args.private, args.person)
        absent = len(board.absent(task, store.runs(lab=task.lab)))
    if args.html:
        files.write_text(args.html, board_html.page(task, lines, when, absent))
        print(f"Wrote {args.html}: {len(lines)} lines.")
    if args.json:
        print(json.dumps(as_json(task, lines, points, args.private, when.isoformat(timespec="seconds")), indent=1,
                         allow_nan=False))
    elif not args.html:
        print(*text(task, lines, points, args.private, absent), sep="\n")
    return 0


def described(store: stores.Store, lab: str) -> tasks.Task:
    """The task of a lab; a UsageError if it has no board."""
    from npfl_kit.grading.course import course_grader
    from npfl_kit.grading.tasks import task_file

    task = task_file.read(task_file.find(lab))
    if task.board is None:
        others = [name for name, each in course_grader.read_tasks(store)[0].items() if each.board]
        choice = f", or choose one of: {', '.join(others)}" if others else "; no other lab of the store has one"
        raise errors.UsageError(f"The task {task.lab} has no board. Add a table [board] with a metric to its task "
                                f"file{choice}.")
    return task


def made(store: stores.Store, task: tasks.Task, private: bool,
         person: Optional[str] = None) -> tuple[list[board_view.Line], Mapping[str, float]]:
    """The lines of the board, and the order points of each person, which a public board does not have."""
    from npfl_kit.grading.course import final_order
    from npfl_kit.grading.marks import board, board_view

    standing = board.standing(task, store.runs(lab=task.lab))
    if not private:
        return board_view.lines(task, board.public_rows(task, standing), store.secret, person), {}
    rows = board.final_rows(task, standing, final_order.better(store, task, standing))
    return (board_view.lines(task, rows, store.secret, person, final=True, names=True),
            final_order.order_points(store, task))


def as_json(task: tasks.Task, lines: list[board_view.Line], points: Mapping[str, float], private: bool,
            updated_at: str) -> dict[str, Any]:
    """The board as JSON values."""
    assert task.board is not None
    rows = [line.as_json() for line in lines]
    if private:
        rows = [{**row, "order_points": points_of(line, points)} for row, line in zip(rows, lines)]
    return {"lab": task.lab, "metric": task.board.metric, "order": task.board.order, "final": private,
            "updated_at": updated_at, "rows": rows}


def points_of(line: board_view.Line, points: Mapping[str, float]) -> float:
    """The order points of a team: those that all of its members have."""
    return min((points.get(name, 0.0) for name in line.members), default=0.0)


def text(task: tasks.Task, lines: list[board_view.Line], points: Mapping[str, float], private: bool,
         absent: int) -> list[str]:
    """The board for reading; `absent` is how many teams have a score, but no line."""
    from npfl_kit.grading import shown_text
    from npfl_kit.grading.marks import board_view

    assert task.board is not None
    if not lines:
        return [f"Nobody stands on the board of {task.lab} yet. {board_view.eligible(task, absent)}"]
    rows = []
    for line in lines:
        cells: list[object] = [f"{'=' if line.tied else ''}{line.rank}", line.name + (" (you)" if line.own else ""),
                               line.score, line.submissions]
        if private:
            cells += [shown_text.number(points_of(line, points)), ", ".join(map(shown_text.line, line.members))]
        rows.append(cells)
    header = ["rank", "name", task.board.metric, "tries", *(["points", "members"] if private else [])]
    return [f"{task.lab}: {shown_text.line(task.title)}{', final: for teachers only' if private else ''}",
            *table.lines(rows, header=header), "",
            f"{board_view.RULES[private]} {board_view.eligible(task, absent)}"]
