"""What a store holds, as values: submissions, and runs of the grader on them."""
from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from npfl_kit.grading import record

MEASURED = ("seconds", "peak_rss")      # of a case: true of one run only, so no part of what is compared
MAX_RECORD = 2**22


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What a person gets for a submission: its number, when it came by the clock of the store (UTC), what it was."""

    id: int
    received_at: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class Submission:
    """What came.

    Args:
      id: its number, growing with time.
      lab, person: what it is for, and who handed it in.
      team: all members, `person` among them, sorted.
      received_at: ISO 8601 in UTC with microseconds, by the clock of the store.
      sha256: of the archive.
      content: sha256 of what is in it; equal ones have equal results.
    """

    id: int
    lab: str
    person: str
    team: tuple[str, ...]
    received_at: str
    sha256: str
    content: str


@dataclasses.dataclass(frozen=True)
class Run:
    """What the grader found, once.

    Args:
      id: its number.
      submission: what was graded.
      task_version, environment: what the result depends on besides; `environment` is an `environment.identity`.
      attempt: 1 and more; after a `grader_error` there is another one.
      settled: whether this is the result, rather than an attempt to be made again.
      result: the record, measurements included.
      copied_from: number of the run of the same files that was taken over, if so.
      reason: why it was made: "submit", "rerun" or "regrade".
      round: 0 of what was handed in, else which time that was asked for.
      started, ended: ISO 8601 in UTC.
    """

    id: int
    submission: Submission
    task_version: str
    environment: str
    attempt: int
    settled: bool
    result: record.Record
    copied_from: Optional[int]
    reason: str
    round: int
    started: str
    ended: str

    @property
    def state(self) -> str:
        return self.result.state

    @property
    def score(self) -> float:
        return self.result.score

    @property
    def max(self) -> float:
        return self.result.max

    @property
    def received_at(self) -> str:
        return self.submission.received_at

    @property
    def comparable(self) -> str:
        """All that equal runs have in common, as canonical JSON."""
        return record.canonical([self.submission.id, self.task_version, self.environment, split(self.result)[0]])


def split(result: record.Record) -> tuple[dict[str, Any], list[list[Any]]]:
    """A record as JSON without its measurements, and the measurements of each case.

    Raises: ValueError if it has a number that is not finite, or is too long to be kept.
    """
    text = record.canonical(result.as_json())
    if len(text) > MAX_RECORD:
        raise ValueError(f"a record has {len(text):,} characters, expected at most {MAX_RECORD:,}")
    value = json.loads(text.encode("utf-8", "replace"))     # of half a surrogate pair remains a question mark
    return ({**value, "cases": [{**case, **dict.fromkeys(MEASURED)} for case in value["cases"]]},
            [[case[name] for name in MEASURED] for case in value["cases"]])


def joined(value: Mapping[str, Any], measured: Sequence[Sequence[Any]]) -> record.Record:
    """The record that `split` took apart.

    >>> case = record.CaseRecord("a", "graded", 1.0, 1.0, seconds=0.5, peak_rss=2**20)
    >>> whole = record.Record("cnn", "v1", "0" * 64, "graded", (case,))
    >>> joined(*split(whole)) == whole
    True
    """
    cases = [{**case, **dict(zip(MEASURED, numbers))} for case, numbers in zip(value["cases"], measured)]
    return record.Record.from_json({**value, "cases": cases})


def submission_of(row: sqlite3.Row) -> Submission:
    """The submission of a row of `SUBMISSIONS`."""
    return Submission(row["submission"], row["lab"], row["person"], tuple(json.loads(row["team"])),
                      row["received_at"], row["sha256"], row["content"])


def run_of(row: sqlite3.Row) -> Run:
    """The run of a row of `RUNS`."""
    return Run(row["run"], submission_of(row), row["task_version"], row["environment"], row["attempt"],
               bool(row["settled"]), joined(json.loads(row["record"]), json.loads(row["measured"])),
               row["copied_from"], row["reason"], row["round"], row["started"], row["ended"])


SUBMISSIONS = """
SELECT submissions.id AS submission, lab, person, received_at, sha256, content,
    (SELECT json_group_array(person) FROM (SELECT person FROM members WHERE submission = submissions.id
                                           ORDER BY person)) AS team
FROM submissions"""
RUNS = f"""
SELECT runs.id AS run, task_version, environment, attempt, settled, record, measured, copied_from, reason, round,
    started, ended, came.*
FROM runs JOIN requests ON requests.id = runs.request JOIN ({SUBMISSIONS}) AS came
    ON came.submission = runs.submission"""
