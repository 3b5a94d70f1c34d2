"""A grader of a few milliseconds for tests of batches, and a process that grades a store with it.

Run:    python3 quick_grader.py STORE JOBS SECONDS       works until nothing waits; a test kills it
"""
from __future__ import annotations

import hashlib
import signal
import sys
import time

from npfl_kit.grading import record
from npfl_kit.grading.stores import batch, leases
from npfl_kit.grading.stores import store as stores

VERSIONS = {"cnn": "v1"}
ENVIRONMENT = {"python": "3.11.7", "numpy": "1.26.4"}
STATES = ("graded", "graded", "graded", "limit", "student_error", "ungradable")


def grade(work: leases.Work, archive: bytes, seconds: float = 0.0) -> record.Record:
    """Points that depend on the archive alone, and measurements that never repeat."""
    time.sleep(seconds)
    digest = hashlib.sha256(archive).digest()
    state = STATES[digest[0] % len(STATES)]
    cases = tuple(record.CaseRecord(f"case{number}", state if number == 0 else "graded",
                                    digest[number + 1] / 255 if number or state == "graded" else 0.0, 1.0,
                                    actual=digest.hex(), seconds=time.perf_counter(), peak_rss=time.monotonic_ns())
                  for number in range(3))
    return record.Record(work.submission.lab, work.task_version, work.submission.sha256, record.overall(cases), cases,
                         environment=ENVIRONMENT)


def table(store: stores.Store) -> list[str]:
    """Everything that must not depend on when or by whom it was graded."""
    return [run.comparable for run in store.latest().values()]


def fill(store: stores.Store, count: int, distinct: int) -> None:
    """Hand in `count` archives, of which `distinct` differ."""
    for number in range(count):
        store.submit("cnn", f"archive {number % distinct}".encode(), f"person {number}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)       # which a shell takes from what runs behind it
    folder, jobs, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    with stores.Store(folder) as opened:
        print("open", flush=True)
        done = batch.run(opened, jobs, lambda work, archive: grade(work, archive, seconds), VERSIONS, ENVIRONMENT)
    sys.exit(130 if done.stopped else 0)
