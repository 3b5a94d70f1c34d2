"""The grader of all labs that a store has submissions of: it knows their tasks, and grades an archive by its own."""
from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import cache
from npfl_kit.grading import record
from npfl_kit.grading.grader import context, engine, failures, reference
from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.stores import batch, kept_answers, leases
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks
from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.uploads import intake


def read_tasks(store: stores.Store, lab: Optional[str] = None) -> tuple[dict[str, tasks.Task], dict[str, str]]:
    """The tasks of the labs in a store, or of one of them, by lab; and why others could not be read.

    The version of a task includes the answers that only the store has.

    Raises: KitError if that one lab has no task, or no submissions.
    """
    if lab is not None:
        if lab not in store.labs():
            raise errors.unknown("lab with submissions", lab, store.labs())
        return {lab: read_task(store, lab)}, {}
    found, broken = {}, {}
    for name in store.labs():
        try:
            found[name] = read_task(store, name)
        except errors.KitError as error:    # the others are graded all the same
            broken[name] = str(error)
    return found, broken


def ready_tasks(store: stores.Store, lab: Optional[str] = None) -> tuple[dict[str, tasks.Task], dict[str, str]]:
    """`read_tasks` without those whose reference results are missing or stale, by which nobody can be graded.

    Raises: KitError if this is so of that one lab, too.
    """
    found, broken = read_tasks(store, lab)
    for name, description in list(found.items()):
        try:
            reference.require_current(description)
        except errors.KitError as error:
            if lab is not None:
                raise
            broken[name] = str(error)
            del found[name]
    return found, broken


def read_task(store: stores.Store, lab: str) -> tasks.Task:
    """The task of a lab, with the version that its hidden answers make of it."""
    description, folder = task_file.read(task_file.find(lab)), store.gold_dir(lab)
    if folder is None:
        return description
    parts = [[str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()]
             for path in sorted(folder.rglob("*")) if path.is_file()]
    version = hashlib.sha256(record.canonical([description.version, parts]).encode()).hexdigest()
    return dataclasses.replace(description, version=version)


class CourseGrader:
    """Grades archives in a store; `grade` is what `batch.run` calls, from any thread.

    Args:
      store: whose secret, gold and reference answers are used.
      descriptions: tasks by lab.
      level: of isolation, for code of students.
      trusted: whether a teacher answers for the code, so that it may run without a sandbox.
    Raises: UsageError if code would run without a sandbox and nobody answers for it.
    """

    def __init__(self, store: stores.Store, descriptions: Mapping[str, tasks.Task], level: isolation.Level,
                 trusted: bool = False) -> None:
        references = reference.References(kept_answers.KeptAnswers(store))
        self.store, self.tasks = store, dict(descriptions)
        self.contexts = {lab: context.Context(level, store.secret, store.gold_dir(lab), data_dirs(each), references,
                                              trusted=trusted) for lab, each in self.tasks.items()}
        for lab, description in self.tasks.items():
            engine.require_sandbox(description, self.contexts[lab])

    @property
    def versions(self) -> dict[str, str]:
        """The version of each lab's task."""
        return {lab: description.version for lab, description in self.tasks.items()}

    def grade(self, work: leases.Work, archive: bytes) -> record.Record:
        """The record of an archive. One that cannot be read was damaged, or came under other limits: ungradable."""
        description = self.tasks[work.submission.lab]
        try:
            upload = intake.read_zip(archive, description.limits)
        except intake.UngradableError as error:
            cases = [failures.ungradable(description, case, str(error)) for case in description.cases]
            return record.Record(description.lab, description.version, work.submission.sha256, record.overall(cases),
                                 tuple(cases), rationale=str(error))
        return engine.grade(description, upload, dataclasses.replace(
            self.contexts[description.lab], report=lambda error: batch.note_fault(self.store, work, error),
            printed=lambda text: self.store.note("printed", text, work.submission.id)))


def data_dirs(description: tasks.Task) -> tuple[Path, ...]:
    """The folders with data sets that the code of a task may read; functions need none."""
    if description.kind == "functions":
        return ()
    named = os.environ.get("NPFL_KIT_DATA")
    found = [*([Path(named).expanduser().absolute()] if named else []), cache.root()]
    return tuple(folder for folder in found if folder.is_dir())
