"""The store of a course: one folder with what came, what the grader found, and what has been asked for.

    store.sqlite3       submissions, runs, work to do (SQLite, write-ahead log)
    objects/ab/DIGEST   archives by their SHA-256
    secret              32 random bytes, only for its owner
    gold/LAB/           answers of a lab that the data set itself does not have, if the teacher puts them there

Whoever may write in the folder may write anything: it belongs to the teacher alone.
"""
from __future__ import annotations

import contextlib
import datetime
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from npfl_kit import errors
from npfl_kit.grading.stores import entries, objects, schema, secret
from npfl_kit.grading.stores.store_folder import DATABASE, GOLD, OBJECTS, SECRET, is_store, make_folder


def now() -> str:
    """The time in UTC, in the one form that the store has, whose order is that of time."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")


class Store:
    """A store; any thread and any number of processes may use it at once. Close it, or use it in a `with`.

    Args:
      folder: of the store.
      make: whether to make one where there is none.
      clock: gives the time of receipts, as `now` does.
    Raises: DataError if there is none, or it is not to be read.
    """

    def __init__(self, folder: Path, make: bool = False, clock: Callable[[], str] = now) -> None:
        self.folder, self.clock = Path(folder), clock
        if not is_store(self.folder):
            make_folder(self.folder, make)
        self._lock = threading.RLock()
        self._database = schema.connect(self.folder / DATABASE)
        self.secret = self._secret()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database, for one thread of one process: all that the block writes is kept, or nothing of it.

        Raises: DataError if the disk is full, or others write for a minute without a pause.
        """
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._database
                self._database.execute("COMMIT")
            except BaseException as error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise errors.DataError(f"Cannot write to the store {self.folder}: {error}. Nothing of this was "
                                           f"kept; free some space, and type the same again.") from None
                raise

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._database.execute(query, parameters).fetchall()

    def submit(self, lab: str, archive: bytes, person: str, team: Sequence[str] = (),
               content: Optional[str] = None) -> entries.Receipt:
        """Keep an archive and ask for its grade; when it returns, the submission is on the disk.

        The time is that of this clock at this moment: no time in the archive counts, and none can be given.

        Args:
          content: a digest that archives share which are to have one result; that of the archive if not given.
        """
        digest = objects.write(self.folder / OBJECTS, archive)
        with self.writing() as database:
            received_at = self.clock()
            number = database.execute(
                "INSERT INTO submissions (lab, person, received_at, sha256, content) VALUES (?, ?, ?, ?, ?)",
                [lab, person, received_at, digest, content or digest]).lastrowid
            assert number is not None
            database.executemany("INSERT INTO members VALUES (?, ?)",
                                 [(number, name) for name in sorted({person, *team})])
            self._request(database, [number], 0, "submit")
        return entries.Receipt(number, received_at, digest)

    def ask(self, submissions: Sequence[int], reason: str) -> int:
        """Ask for a new grade of each of these, all at once; gives the number of this round.

        A submission that waits for its grade already is not asked for twice.
        """
        with self.writing() as database:
            [number] = database.execute("SELECT max(round) + 1 FROM requests").fetchone()
            waiting = {row["submission"] for row in database.execute(
                "SELECT submission FROM work JOIN requests ON requests.id = work.request")}
            self._request(database, [each for each in submissions if each not in waiting], number or 1, reason)
            self.note(reason, f"round {number}, {len(submissions)} submissions")
        return number or 1

    def submission(self, number: int) -> entries.Submission:
        """A submission by its number; a UsageError if there is none."""
        for row in self.rows(f"SELECT * FROM ({entries.SUBMISSIONS}) WHERE submission = ?", [number]):
            return entries.submission_of(row)
        [(most,)] = self.rows("SELECT max(id) FROM submissions")
        raise errors.UsageError(f"There is no submission {number}; they are numbered 1 to {most}. Type: npfl-kit "
                                f"grade show {self.folder}" if most else "The store has no submissions yet.")

    def submissions(self, lab: Optional[str] = None, person: Optional[str] = None) -> list[entries.Submission]:
        """What came, in order: all, or of a lab, or of a person, who may have been in a team."""
        query = (f"SELECT * FROM ({entries.SUBMISSIONS}) AS came WHERE (?1 IS NULL OR lab = ?1) AND (?2 IS NULL OR "
                 f"EXISTS (SELECT 1 FROM members WHERE submission = came.submission AND person = ?2)) "
                 f"ORDER BY submission")
        return [entries.submission_of(row) for row in self.rows(query, [lab, person])]

    def archive(self, submission: entries.Submission) -> bytes:
        """What was handed in; a DataError if it was damaged since."""
        return objects.read(self.folder / OBJECTS, submission.sha256)

    def labs(self) -> list[str]:
        """The labs that have submissions."""
        return [row["lab"] for row in self.rows("SELECT DISTINCT lab FROM submissions ORDER BY lab")]

    def pending(self, lab: Optional[str] = None) -> list[int]:
        """Submissions that wait for a grade, being graded ones included."""
        query = ("SELECT submission FROM work JOIN requests ON requests.id = work.request JOIN submissions ON "
                 "submissions.id = submission WHERE ?1 IS NULL OR lab = ?1 ORDER BY submission")
        return [row["submission"] for row in self.rows(query, [lab])]

    def runs(self, submission: Optional[int] = None, lab: Optional[str] = None) -> list[entries.Run]:
        """Every run in order, attempts that failed by our fault included: of a submission, of a lab, or all."""
        query = (f"SELECT * FROM ({entries.RUNS}) WHERE (?1 IS NULL OR submission = ?1) AND (?2 IS NULL OR lab = ?2) "
                 f"ORDER BY run")
        return [entries.run_of(row) for row in self.rows(query, [submission, lab])]

    def latest(self, lab: Optional[str] = None) -> dict[int, entries.Run]:
        """The result of each submission that has one, by its number: its last settled run."""
        query = (f"SELECT * FROM ({entries.RUNS}) WHERE run IN (SELECT max(id) FROM runs WHERE settled "
                 f"GROUP BY submission) AND (?1 IS NULL OR lab = ?1) ORDER BY submission")
        return {run.submission.id: run for run in map(entries.run_of, self.rows(query, [lab]))}

    def gold_dir(self, lab: str) -> Optional[Path]:
        """The folder with answers of this lab that only the store has; None if there is none."""
        folder = self.folder / GOLD / lab
        return folder if folder.is_dir() else None

    def note(self, kind: str, text: str, submission: Optional[int] = None) -> None:
        """Add a line to the log."""
        with self._lock:
            self._database.execute("INSERT INTO events (at, kind, submission, text) VALUES (?, ?, ?, ?)",
                                   [self.clock(), kind, submission, text])

    def log(self, submission: int) -> list[dict[str, str]]:
        """What was noted of a submission: "at", "kind" and "text" of each line."""
        return [dict(row) for row in self.rows("SELECT at, kind, text FROM events WHERE submission = ? ORDER BY id",
                                               [submission])]

    def _request(self, database: sqlite3.Connection, submissions: Sequence[int], number: int, reason: str) -> None:
        for submission in submissions:
            request = database.execute(
                "INSERT INTO requests (submission, round, reason, made_at) VALUES (?, ?, ?, ?)",
                [submission, number, reason, self.clock()]).lastrowid
            database.execute("INSERT INTO work (request) VALUES (?)", [request])

    def _secret(self) -> bytes:
        with self.writing() as database:
            known = database.execute("SELECT value FROM facts WHERE name = 'secret'").fetchone()
            found = secret.read_or_make(self.folder / SECRET, known["value"] if known else None)
            if not known:
                database.execute("INSERT INTO facts VALUES ('secret', ?)", [secret.fingerprint_of(found)])
        return found
