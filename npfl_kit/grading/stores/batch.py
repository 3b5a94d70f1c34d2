"""Grade all that waits in a store, several submissions at a time.

A worker is a thread that waits for the process of its submission, so that workers use the cores of the machine. All
that is known of a batch is in the store: one that was killed goes on where it was, and several may work at once.
"""
from __future__ import annotations

import contextlib
import dataclasses
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.stores import batch_progress, entries, leases
from npfl_kit.grading.stores import store as stores

SECONDS_BETWEEN_RENEWALS = leases.SECONDS / 6
MAX_FAULT = 4000                # characters of an error that are kept
SECONDS_BETWEEN_LOOKS = 0.2     # for work that another process may give back

Grade = Callable[[leases.Work, bytes], record.Record]


@dataclasses.dataclass
class Summary:
    """What a batch did.

    Args:
      states: how many submissions it graded, by their state.
      copied: how many took over the result of an equal one.
      left: how many wait still.
      stopped: whether Ctrl-C ended it.
    """

    states: dict[str, int] = dataclasses.field(default_factory=dict)
    copied: int = 0
    left: int = 0
    stopped: bool = False

    @property
    def graded(self) -> int:
        """How many submissions it graded itself."""
        return sum(self.states.values())


class Batch:
    """One pass of workers over the work of a store.

    Args:
      work: leases on the work.
      grade: gives the record of an archive; what it raises is a `grader_error`.
      progress: told of all that happens.
    """

    def __init__(self, work: leases.Leases, grade: Grade, progress: batch_progress.Progress) -> None:
        self.leases, self.store, self.grade, self.progress = work, work.store, grade, progress
        self.summary, self.stop = Summary(), threading.Event()
        self.fault: Optional[Exception] = None
        self._lock = threading.Lock()

    def run(self, jobs: int) -> Summary:
        """Work until nothing waits any more, or until Ctrl-C; what was being graded then is given back."""
        self.progress.begin(self.leases.left())
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(jobs)]
        renewal = threading.Thread(target=self._renew, daemon=True)
        try:
            for thread in [*threads, renewal]:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(SECONDS_BETWEEN_LOOKS)      # in pieces, so that Ctrl-C is heard
        except KeyboardInterrupt:
            self.summary.stopped = True
        finally:
            with self._lock:        # no result is kept after this: Ctrl-C may have hit what gave it
                self.stop.set()
            self.leases.release()
            self.progress.end()
        if self.fault is not None:
            raise self.fault
        self.summary.left = self.leases.left()
        return self.summary

    def _work(self) -> None:
        """What one worker does; a fault of the store itself, as a full disk, stops the batch."""
        try:
            while not self.stop.is_set():
                with self._lock:
                    if self.stop.is_set():
                        return
                    work, copied = self.leases.claim()
                for each in copied:
                    self._done(each, None)
                if work is not None:
                    self._grade(work)
                elif not self.leases.left():
                    return
                else:
                    self.stop.wait(SECONDS_BETWEEN_LOOKS)
        except Exception as error:
            self.fault = self.fault or error
            self.stop.set()

    def _grade(self, work: leases.Work) -> None:
        self.progress.started(work)
        started = self.store.clock()
        try:
            result = self.grade(work, self.store.archive(work.submission))
            entries.split(result)       # what cannot be kept is a fault of the grader as well
        except (Exception, SystemExit) as error:    # of ours: whatever a student does is in a record
            note_fault(self.store, work, error)
            result = failed(work, error)
        with self._lock:
            is_kept = not self.stop.is_set() and self.leases.finish(work, result, started)
        if is_kept:
            self._done(work, result)

    def _done(self, work: leases.Work, result: Optional[record.Record]) -> None:
        again = result is not None and result.state == "grader_error" and work.attempt < leases.ATTEMPTS
        with self._lock:
            self.summary.copied += result is None
            if result is not None and not again:
                self.summary.states[result.state] = self.summary.states.get(result.state, 0) + 1
        self.progress.finished(work, result, again)

    def _renew(self) -> None:
        while not self.stop.wait(SECONDS_BETWEEN_RENEWALS):
            with contextlib.suppress(Exception):    # it may find the store busy; there are six tries
                self.leases.renew()


def run(store: stores.Store, jobs: int, grade: Grade, versions: Mapping[str, str], environment: Mapping[str, str],
        progress: Optional[batch_progress.Progress] = None, only: Optional[Sequence[int]] = None) -> Summary:
    """Grade all that waits in a store, of the labs with a version.

    Args:
      jobs: int >= 1, submissions graded at once.
      grade: gives the record of an archive. What it raises is a `grader_error`, tried `leases.ATTEMPTS` times.
      versions: lab -> version of its task.
      environment: versions by name that results depend on.
      progress: who is told; nobody if not given.
      only: numbers of the submissions to grade; all if not given.
    Returns: what was done. After Ctrl-C it says so, and all that had no result waits as before.
    Raises: KitError if the store cannot be written.
    """
    work = leases.Leases(store, versions, environment, only)
    return Batch(work, grade, progress or batch_progress.Progress()).run(jobs)


def failed(work: leases.Work, error: BaseException) -> record.Record:
    """The record of a submission that we could not grade; what the error says may be hidden from students."""
    return record.Record(work.submission.lab, work.task_version, work.submission.sha256, "grader_error", (),
                         rationale=f"The grader failed ({type(error).__name__}), which is no fault of the submission.")


def note_fault(store: stores.Store, work: leases.Work, error: BaseException) -> None:
    """Write down what went wrong with a submission by our fault: for teachers."""
    text = (f"{type(error).__name__}: {error}" if isinstance(error, errors.KitError) else
            "".join(traceback.format_exception(type(error), error, error.__traceback__)))
    store.note("fault", text[-MAX_FAULT:].encode("utf-8", "replace").decode(), work.submission.id)
