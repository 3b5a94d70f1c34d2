"""What each person has in a lab, by all that the store knows: points, what counts, what waits, the place."""
from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading.marks import board, policy
from npfl_kit.grading.stores import entries
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks
from npfl_kit.grading.uploads import team

WAITS, NOTHING = "waits", "none"


@dataclasses.dataclass(frozen=True)
class Line:
    """What a person has in a lab: their grade by the runs there are, and numbers of submissions without a result."""

    person: str
    grade: policy.Grade
    waiting: tuple[int, ...]

    @property
    def state(self) -> str:
        return WAITS if self.waiting and self.grade.counted is None else self.grade.state

    def as_json(self) -> dict[str, Any]:
        """The line as JSON values: points and what they are made of, `submission` being the number that counts."""
        counted = self.grade.counted
        return {"person": self.person, "points": self.grade.points, "of": self.grade.of, "state": self.state,
                "late": self.grade.late, "factor": counted.factor if counted else None,
                "order_points": self.grade.order_points,
                "submission": counted.run.submission.id if counted else None,
                "received_at": counted.run.received_at if counted else None,
                "submissions": self.grade.submissions, "waiting": list(self.waiting), "note": self.grade.note}


@dataclasses.dataclass(frozen=True)
class Past:
    """A submission as its author sees it: what it is worth, or that it waits (`counted` is None)."""

    submission: entries.Submission
    counted: Optional[policy.Counted]

    @property
    def state(self) -> str:
        return self.counted.run.state if self.counted else WAITS

    def as_json(self) -> dict[str, Any]:
        """The submission as JSON values."""
        counted = self.counted
        return {"submission": self.submission.id, "received_at": self.submission.received_at,
                "sha256": self.submission.sha256, "team": list(self.submission.team), "state": self.state,
                "points": counted.points if counted else None, "factor": counted.factor if counted else None,
                "within_attempts": counted.within if counted else None,
                "taken": list(counted.taken) if counted else []}


def lines(store: stores.Store, description: tasks.Task, runs: Sequence[entries.Run],
          order: Optional[Mapping[str, float]] = None) -> list[Line]:
    """What everybody has who handed in for this task or is in a team that did, by name.

    Args:
      runs: of this task, all there are, as they are to be seen.
      order: points for the place on the board, by person.
    """
    found = policy.grades(description, runs, order)
    waiting, nothing = set(store.pending(description.lab)), policy.Grade(0.0, description.points, NOTHING, None)
    waits: dict[str, list[int]] = {}
    for submission in store.submissions(description.lab):
        for person in submission.team:
            waits.setdefault(person, []).extend([submission.id] if submission.id in waiting else [])
    return [Line(person, found.get(person, nothing), tuple(waits[person])) for person in sorted(waits)]


def remarked(store: stores.Store, description: tasks.Task, grades: Mapping[str, policy.Grade]
             ) -> dict[str, policy.Grade]:
    """Grades with what only a teacher should see in their notes: an older version of the task, a name that is nearly
    that of somebody who is in no team with this one, and the files of an earlier submission of others."""
    every = store.submissions()
    here = [each for each in every if each.lab == description.lab]
    known, mates, same = teammates(every), teammates(here), collections.defaultdict(list)
    for each in here:
        same[each.content].append(each)
    near, found = team.near_ones(known), {}
    for person, grade in grades.items():
        notes = [grade.note] if grade.note else []
        run = grade.counted.run if grade.counted else None
        notes += ["older task"] if run and run.task_version != description.version else []
        names = [name for name in near[person] if name not in known[person]]
        notes += [f"near {', '.join(names)}"] if names else []
        earlier = [each.id for each in same[run.submission.content]
                   if each.id < run.submission.id and mates[person].isdisjoint(each.team)] if run else []
        notes += [f"same file as #{earlier[0]}"] if earlier else []
        found[person] = dataclasses.replace(grade, note="; ".join(notes))
    return found


def teammates(submissions: Iterable[entries.Submission]) -> dict[str, set[str]]:
    """Each person with all who are in a team with this one."""
    found: dict[str, set[str]] = {}
    for each in submissions:
        for person in each.team:
            found.setdefault(person, set()).update(each.team)
    return found


def older(description: tasks.Task, runs: Iterable[entries.Run]) -> list[int]:
    """Submissions whose result is of another version of the task than this one."""
    return [run.submission.id for run in policy.newest(runs) if run.task_version != description.version]


def history(store: stores.Store, description: tasks.Task, runs: Sequence[entries.Run], person: str) -> list[Past]:
    """All that a person handed in for a task, alone or in a team, in order; `runs` as in `lines`."""
    worth = {each.run.submission.id: each for each in policy.counted(description, runs)}
    return [Past(each, worth.get(each.id)) for each in store.submissions(description.lab, person)]


def place(description: tasks.Task, runs: Sequence[entries.Run], person: str) -> Optional[tuple[board.Row, int]]:
    """The line of a person on the public board, and how many lines it has; None where there is none."""
    if description.board is None:
        return None
    rows = board.public_rows(description, board.standing(description, runs))
    return next(((row, len(rows)) for row in rows if person in row.entry.team), None)


@dataclasses.dataclass(frozen=True)
class Change:
    """A submission whose result differs from the one before."""

    before: entries.Run
    after: entries.Run

    @property
    def because(self) -> str:
        """What else differs, and so may be the reason."""
        reasons = [name for name, differs in (
            ("another version of the task", self.before.task_version != self.after.task_version),
            ("another environment", self.before.environment != self.after.environment)) if differs]
        return " and ".join(reasons) or "it does not repeat"


def changes(before: Mapping[int, entries.Run], after: Mapping[int, entries.Run]) -> list[Change]:
    """Submissions with a result before and after that are not the same in all but time and memory, and versions."""
    return [Change(run, after[number]) for number, run in before.items()
            if number in after and content(run) != content(after[number])]


def content(run: entries.Run) -> Sequence[Any]:
    """What a result says, without the versions it was found with."""
    kept, _ = entries.split(run.result)
    return [value for name, value in sorted(kept.items()) if name not in ("task_version", "environment")]
