"""What a submission is worth: grade = f(runs, task), with nothing kept besides, so that it can always be found again.

1. Of each submission the newest run counts; one that failed by our fault only if there is no other.
2. A submission uses an attempt if its state is graded, student_error or limit. One that comes after `per_day` others
   of the same person, or of the same team, on the same day has no points. Days are of the deadline's time zone.
3. Points of cases below the threshold are none. The exact sum is compared, and 1e-6 too little is enough.
4. They are multiplied by what lateness costs, and rounded down to hundredths; 1e-6 too little is enough again.
5. All members of its team get them; each person keeps the best, the earliest of equal ones. Of those that are worth
   nothing the newest counts, as it tells the most; one too many of its day only if there is no other.
"""
from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import lateness
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

USES_ATTEMPT = ("graded", "student_error", "limit")
SLACK = 1e-6        # of points, for what floating-point sums lose
STEPS = 100         # parts of a point


@dataclasses.dataclass(frozen=True)
class Counted:
    """What one submission is worth.

    Args:
      run: its newest.
      points: in hundredths, lateness included.
      factor: of lateness, in [0, 1].
      attempt: which of its day it is, 1 and more; 0 if it uses none.
      within: whether that is not one too many.
      taken: what took points of its result, in short.
    """

    run: entries.Run
    points: float
    factor: float
    attempt: int
    within: bool
    taken: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Grade:
    """What a person has.

    Args:
      points: of cases and of order together.
      of: the points of all cases, and those of order; `of_cases` is without those of order.
      state: of the submission that counts.
      counted: that submission; None if nothing came that counts.
      order_points: for the place on the board, included in `points`.
      submissions: how many came that this person is a member of.
      note: what a teacher should look at; empty if nothing is.
    """

    points: float
    of: float
    state: str
    counted: Optional[Counted]
    order_points: float = 0.0
    submissions: int = 0
    note: str = ""
    of_cases: float = 0.0

    @property
    def late(self) -> bool:
        return self.counted is not None and self.counted.factor < 1


def points(score: float, threshold: float, factor: float) -> float:
    """Points in hundredths: `score`, or nothing below the threshold, times `factor`, rounded down.

    >>> points(0.1 + 0.2, 0.3, 1.0), points(2.999, 3.0, 1.0), points(2.999, 2.0, 1.0)
    (0.3, 0.0, 2.99)
    """
    if not (record.is_finite(score) and 0 <= factor <= 1) or score < threshold - SLACK:
        return 0.0
    return math.floor(score * factor * STEPS + SLACK) / STEPS


def below(description: task.Task, found: record.Record) -> str:
    """What the threshold took the points of, and why, as "3 of 6, below 4"; empty if it took none."""
    if found.state not in USES_ATTEMPT or not 0 < found.score < description.threshold - SLACK:
        return ""
    number = shown_text.number
    return (f"{number(record.rounded_down(found.score, 2))} of {number(found.max)}, below "
            f"{number(description.threshold)}")


def newest(runs: Iterable[entries.Run]) -> list[entries.Run]:
    """The run of each submission that counts, in the order in which submissions came.

    A fault of the grader takes nobody's grade: such a run counts only where there is no other.
    """
    found: dict[int, entries.Run] = {}
    for run in sorted(runs, key=lambda run: (run.result.state != "grader_error", run.id)):
        found[run.submission.id] = run
    return sorted(found.values(), key=lambda run: (lateness.instant(run.received_at), run.submission.id))


def attempts(description: task.Task, submissions: Iterable[entries.Submission]) -> list[int]:
    """Which attempt of its day each of these is, 1 and more; all of them use one, and they are in order.

    An attempt is one of the person who hands in, and one of the team that is named: neither another team nor another
    hand gives more of them, and nobody can use up the attempts of a person by naming them.
    """
    used: collections.Counter = collections.Counter()
    found = []
    for each in submissions:
        day = lateness.instant(each.received_at).astimezone(lateness.zone(description.late)).date()
        users = {(day, (each.person,)), (day, each.team)}
        found.append(1 + max(used[user] for user in users))
        used.update(users)
    return found


def counted(description: task.Task, runs: Iterable[entries.Run]) -> list[Counted]:
    """What each submission is worth, in the order in which they came."""
    ordered = newest(runs)
    using = [run.submission for run in ordered if run.result.state in USES_ATTEMPT]
    numbers = dict(zip((each.id for each in using), attempts(description, using)))
    found = []
    for run in ordered:
        attempt = numbers.get(run.submission.id, 0)
        factor = lateness.late_factor(description.late, lateness.instant(run.received_at))
        within = attempt <= description.per_day
        worth = within and run.result.state not in ("ungradable", "grader_error")
        taken = (below(description, run.result), f"late x {lateness.shown_factor(factor)}" if factor < 1 else "",
                 "" if within else "one too many of its day")
        found.append(Counted(run, points(run.result.score, description.threshold, factor) if worth else 0.0, factor,
                             attempt, within, tuple(filter(None, taken))))
    return found


def teams(runs: Iterable[entries.Run]) -> dict[str, set[tuple[str, ...]]]:
    """The teams of two and more that each person is named in."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for run in runs:
        for person in run.submission.team if len(run.submission.team) > 1 else ():
            found.setdefault(person, set()).add(run.submission.team)
    return found


def grades(description: task.Task, runs: Sequence[entries.Run],
           order: Optional[Mapping[str, float]] = None) -> dict[str, Grade]:
    """The grade of each person who handed in or is a member of a team, by name.

    Args:
      runs: of this task, all there are.
      order: points for the place on the board, of persons who have some.
    """
    worth, named = counted(description, runs), teams(runs)
    persons = sorted({person for each in worth for person in each.run.submission.team})
    return {person: _grade(description, [each for each in worth if person in each.run.submission.team],
                           (order or {}).get(person, 0.0), sorted(named.get(person, ())))
            for person in persons}


def grade_of(description: task.Task, runs: Sequence[entries.Run], order_points: float = 0.0) -> Grade:
    """The grade of one person or team, whose runs these are."""
    return _grade(description, counted(description, runs), order_points, [])


def _grade(description: task.Task, worth: Sequence[Counted], order_points: float,
           in_teams: Sequence[Sequence[str]]) -> Grade:
    if not (record.is_finite(order_points) and order_points >= 0):
        raise ValueError(f"expected order points >= 0, got {order_points}")
    order_points = points(order_points, 0.0, 1.0)
    possible = float(description.points) + (description.board.order_points if description.board else 0.0)
    best = max(worth, key=lambda each: each.points, default=None)       # the first of equal ones
    if best and not best.points:
        best = [each for each in worth if each.within or not any(other.within for other in worth)][-1]
    total = best.points + order_points if best and best.points else 0.0
    notes = [below(description, best.run.result)] if best else []
    if len(in_teams) > 1:
        notes.append(f"in {len(in_teams)} teams: {'; '.join(', '.join(team) for team in in_teams)}")
    over = sum(not each.within for each in worth)
    notes += [f"{over} beyond {description.per_day} a day"] if over else []
    faults = sum(each.run.result.state == "grader_error" for each in worth)
    notes += [f"{faults} to be graded again"] if faults else []
    return Grade(points(total, 0.0, 1.0), possible, best.run.result.state if best else "none", best,
                 order_points if total else 0.0, len(worth), "; ".join(filter(None, notes)), float(description.points))
