"""Who grades what: work is leased for a while, a lease ends with its process, and each request gets one result."""
from __future__ import annotations

import dataclasses
import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Optional

from npfl_kit.grading import environment, record
from npfl_kit.grading.stores import entries, process_identity
from npfl_kit.grading.stores import store as stores

SECONDS = 60.0      # a lease lasts unless it is renewed
ATTEMPTS = 3        # at grading, where the fault is ours

# CROSS JOIN is SQLite's word for "in this order": the first in the queue is found without looking at the others.
NEXT = """
SELECT work.request AS request, round, submission FROM work CROSS JOIN requests ON requests.id = work.request
    CROSS JOIN submissions AS came ON came.id = submission
WHERE work.owner IS NULL AND lab IN (SELECT value FROM json_each(?1))
    AND (?2 IS NULL OR submission IN (SELECT value FROM json_each(?2))) AND NOT EXISTS (
    SELECT 1 FROM work AS other CROSS JOIN requests AS asked ON asked.id = other.request
        CROSS JOIN submissions AS alike ON alike.id = asked.submission
    WHERE other.owner IS NOT NULL AND alike.content = came.content AND alike.lab = came.lab)
ORDER BY work.tries, work.request LIMIT 1"""
TWIN = """
SELECT runs.* FROM runs JOIN requests ON requests.id = runs.request
    JOIN submissions ON submissions.id = runs.submission
WHERE lab = ? AND content = ? AND task_version = ? AND environment = ? AND round >= ? AND settled
    AND state <> 'grader_error'
ORDER BY runs.id DESC LIMIT 1"""
RUN = """
INSERT INTO runs (request, submission, task_version, environment, attempt, state, settled, score, max, record,
    measured, copied_from, started, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


@dataclasses.dataclass(frozen=True)
class Work:
    """Something to grade, leased to whoever got it.

    Args:
      request: what asked for it.
      submission: what to grade.
      task_version: of the task to grade it by.
      attempt: 1 and more.
    """

    request: int
    submission: entries.Submission
    task_version: str
    attempt: int


class Leases:
    """The work of one batch of a process.

    Args:
      store: to work on.
      versions: lab -> version of its task; other labs are left alone.
      of: versions by name of what the results depend on.
      only: numbers of the submissions to grade; all if not given.
      clock: seconds, the same for all processes that work on the store.
    """

    def __init__(self, store: stores.Store, versions: Mapping[str, str], of: Mapping[str, str],
                 only: Optional[Sequence[int]] = None, clock: Callable[[], float] = time.time) -> None:
        self.store, self.versions, self.clock = store, dict(versions), clock
        self._chosen = [json.dumps(list(versions)), None if only is None else json.dumps(list(only))]
        self.owner, self.environment = process_identity.new(), environment.identity(of)
        with store.writing() as database:
            database.execute("INSERT OR IGNORE INTO environments VALUES (?, ?)",
                             [self.environment, record.canonical(dict(of))])

    def claim(self) -> tuple[Optional[Work], list[Work]]:
        """The next work, None if there is none for now, and what just got the result of an equal submission.

        What is equal to something being graded waits for its result. What failed, or was held by a batch that was
        killed, comes after all the rest, so that it cannot keep the others waiting.
        """
        copied: list[Work] = []
        with self.store.writing() as database:
            self._free(database)
            while True:
                row = database.execute(NEXT, self._chosen).fetchone()
                if row is None:
                    return None, copied
                [(attempts,)] = database.execute("SELECT count(*) FROM runs WHERE request = ?", [row["request"]])
                submission = self.store.submission(row["submission"])
                work = Work(row["request"], submission, self.versions[submission.lab], attempts + 1)
                twin = database.execute(TWIN, [submission.lab, submission.content, work.task_version, self.environment,
                                               row["round"]]).fetchone()
                if twin is None:
                    database.execute("UPDATE work SET owner = ?, expires = ? WHERE request = ?",
                                     [self.owner, self.clock() + SECONDS, work.request])
                    return work, copied
                self._copy(database, work, twin)
                copied.append(work)

    def finish(self, work: Work, result: record.Record, started: str) -> bool:
        """Keep a result; whether it counts: one of a lease that was lost meanwhile is not kept.

        A `grader_error` is kept, and the work is given back to be tried again, `ATTEMPTS` times in all.
        """
        kept, measured = entries.split(result)
        settled = result.state != "grader_error" or work.attempt >= ATTEMPTS
        with self.store.writing() as database:
            held = database.execute("SELECT owner FROM work WHERE request = ?", [work.request]).fetchone()
            if held is None or held["owner"] != self.owner:
                self.store.note("late", "a result came after its lease had ended; it is not kept", work.submission.id)
                return False
            database.execute(RUN, [work.request, work.submission.id, work.task_version, self.environment, work.attempt,
                                   result.state, int(settled), float(result.score), float(result.max),
                                   record.canonical(kept), record.canonical(measured), None, started,
                                   self.store.clock()])
            if settled:
                database.execute("DELETE FROM work WHERE request = ?", [work.request])
            else:
                database.execute("UPDATE work SET owner = NULL, expires = NULL, tries = tries + 1 WHERE request = ?",
                                 [work.request])
        return True

    def renew(self) -> None:
        """Keep all that is leased here for another while."""
        with self.store.writing() as database:
            database.execute("UPDATE work SET expires = ? WHERE owner = ?", [self.clock() + SECONDS, self.owner])

    def release(self) -> None:
        """Give back all that is leased here, as if it had not been begun."""
        with self.store.writing() as database:
            database.execute("UPDATE work SET owner = NULL, expires = NULL WHERE owner = ?", [self.owner])

    def left(self) -> int:
        """How many of these submissions wait for a result, those being graded by anybody included."""
        query = ("SELECT count(*) FROM work JOIN requests ON requests.id = work.request JOIN submissions ON "
                 "submissions.id = submission WHERE lab IN (SELECT value FROM json_each(?1)) AND "
                 "(?2 IS NULL OR submission IN (SELECT value FROM json_each(?2)))")
        [(count,)] = self.store.rows(query, self._chosen)
        return count

    def _free(self, database: sqlite3.Connection) -> None:
        """Give back what batches held that have ended, or were not heard of for too long."""
        owners = database.execute("SELECT owner, min(expires) AS expires FROM work WHERE owner IS NOT NULL "
                                  "GROUP BY owner").fetchall()
        for owner, expires in owners:
            if owner != self.owner and (expires < self.clock() or process_identity.is_gone(owner)):
                held = database.execute("SELECT submission FROM work JOIN requests ON requests.id = work.request "
                                        "WHERE owner = ?", [owner]).fetchall()
                for row in held:
                    self.store.note("lost", "the batch that graded it was stopped", row["submission"])
                database.execute("UPDATE work SET owner = NULL, expires = NULL, tries = tries + 1 WHERE owner = ?",
                                 [owner])

    def _copy(self, database: sqlite3.Connection, work: Work, twin: sqlite3.Row) -> None:
        """Give the result of a run to an equal submission."""
        kept, moment = {**json.loads(twin["record"]), "submission": work.submission.sha256}, self.store.clock()
        database.execute(RUN, [work.request, work.submission.id, work.task_version, self.environment, work.attempt,
                               twin["state"], 1, twin["score"], twin["max"], record.canonical(kept), twin["measured"],
                               twin["copied_from"] or twin["id"], moment, moment])
        database.execute("DELETE FROM work WHERE request = ?", [work.request])
