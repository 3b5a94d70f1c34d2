"""Who is best: a public order while people still hand in, and a final one by examples that nobody could aim at.

Of each team one submission stands on the board: the one with the best public score so far, the earliest of equal ones.
It has to be in time and within the attempts of its day. Public scores are rounded before they are compared or shown.

The final rank compares private scores. From the best downwards, a new rank begins where the leader of the current rank
is better beyond noise; all others share the leader's rank. So who shares a rank is never in doubt: it is who the
leader does not beat. The next rank counts those before it: 1, 1, 3.
"""
from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from npfl_kit.grading import record
from npfl_kit.grading.marks import policy
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

PUBLIC, PRIVATE = "public", "private"       # of `record.Record.values`
Better = Callable[[int, int], bool]


@dataclasses.dataclass(frozen=True)
class Entry:
    """What stands on the board for a team.

    Args:
      team: its members, sorted.
      run: of the submission that stands for it.
      points: what that is worth, as `policy` says; 0 below the threshold.
      submissions: how many the team has handed in that use an attempt.
    """

    team: tuple[str, ...]
    run: entries.Run
    points: float
    submissions: int

    @property
    def public(self) -> float:
        return self.run.result.values[PUBLIC]

    @property
    def private(self) -> float:
        """The private score; that of all examples where none are private."""
        return self.run.result.values.get(PRIVATE, self.public)


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a board; `tied` is whether others share the rank."""

    rank: int
    tied: bool
    value: float
    entry: Entry


def standing(description: task.Task, runs: Iterable[entries.Run]) -> list[Entry]:
    """The entry of each team, in the order of their members' names; teams without a score have none."""
    worth = policy.counted(description, runs)
    attempts = collections.Counter(each.run.submission.team for each in worth if each.attempt)
    found: dict[tuple[str, ...], Entry] = {}
    for each in worth:
        team = each.run.submission.team
        if each.within and each.attempt and each.factor == 1 and PUBLIC in each.run.result.values:
            entry = Entry(team, each.run, each.points, attempts[team])
            if team not in found or ahead(order_of(description), entry.public, found[team].public):
                found[team] = entry
    return [found[team] for team in sorted(found)]


def absent(description: task.Task, runs: Sequence[entries.Run]) -> set[tuple[str, ...]]:
    """The teams that have a score and no entry, as all they handed in was late or one too many of its day."""
    scored = {each.run.submission.team for each in policy.counted(description, runs)
              if PUBLIC in each.run.result.values}
    return scored - {entry.team for entry in standing(description, runs)}


def order_of(description: task.Task) -> str:
    """ "desc", the more the better, or "asc"."""
    return description.board.order if description.board else "desc"


def ahead(order: str, value: float, other: float) -> bool:
    """Whether `value` is better than `other`.

    >>> ahead("desc", 2, 1), ahead("asc", 2, 1), ahead("asc", 1, 1)
    (True, False, False)
    """
    return value > other if order == "desc" else value < other


def ranks(values: Sequence[float], order: str, better: Better) -> list[int]:
    """The rank of each, 1 and more, with shared ones; see the head of this file.

    Args:
      values: finite.
      better: whether one of them, by its number, is better than another beyond noise. Equal values never are.

    >>> ranks([0.70, 0.90, 0.89], "desc", lambda a, b: abs([0.70, 0.90, 0.89][a] - [0.70, 0.90, 0.89][b]) > 0.05)
    [3, 1, 1]
    """
    if not all(map(math.isfinite, values)):
        raise ValueError("a value of a board is not finite")
    best_first = sorted(range(len(values)), key=lambda each: -values[each] if order == "desc" else values[each])
    found = [1] * len(values)
    leader, rank = (best_first or [0])[0], 1
    for place, each in enumerate(best_first, 1):
        if ahead(order, values[leader], values[each]) and better(leader, each):
            leader, rank = each, place
        found[each] = rank
    return found


def public_rows(description: task.Task, standing: Sequence[Entry]) -> list[Row]:
    """The public board, best first; teams with the same rounded score share a rank."""
    assert description.board is not None
    values = [record.rounded_down(entry.public, description.board.decimals) for entry in standing]
    return _rows(standing, values, ranks(values, description.board.order, lambda a, b: True))


def final_rows(description: task.Task, standing: Sequence[Entry], better: Better) -> list[Row]:
    """The final board, best first; `better` is of the numbers of `standing`, see `noise`."""
    values = [entry.private for entry in standing]
    return _rows(standing, values, ranks(values, order_of(description), better))


def _rows(standing: Sequence[Entry], values: Sequence[float], found: Sequence[int]) -> list[Row]:
    rows = [Row(rank, found.count(rank) > 1, value, entry) for rank, value, entry in zip(found, values, standing)]
    return sorted(rows, key=lambda row: (row.rank, row.entry.team))


def order_points(points: float, rank: int, count: int) -> float:
    """Points for a rank among `count` teams: `points * (1 - (rank - 1) / count)`.

    The first has all of them, the last of different ones `points / count`; who shares a rank has the same.

    >>> [order_points(5, rank, 4) for rank in (1, 2, 3, 4)]
    [5.0, 3.75, 2.5, 1.25]
    """
    if not (record.is_finite(points) and points >= 0 and 1 <= rank <= count):
        raise ValueError(f"expected points >= 0 and a rank in 1..{count}, got {points=}, {rank=}")
    return points * (1 - (rank - 1) / count)


def person_points(description: task.Task, standing: Sequence[Entry], better: Better) -> Mapping[str, float]:
    """Order points of each person, in hundredths rounded down: ranks are among the entries that are worth something,
    and only those have points.

    Args:
      better: is of the numbers of `standing`. A member of two teams has the points of the better one.
    """
    if description.board is None or not description.board.order_points:
        return {}
    worthy = [number for number, entry in enumerate(standing) if entry.points > 0]
    found = ranks([standing[number].private for number in worthy], description.board.order,
                  lambda a, b: better(worthy[a], worthy[b]))
    persons: dict[str, float] = {}
    for number, rank in zip(worthy, found):
        given = order_points(description.board.order_points, rank, len(worthy))
        for person in standing[number].team:
            persons[person] = max(persons.get(person, 0.0), policy.points(given, 0.0, 1.0))
    return persons
