"""Cases that need others: which have to be judged together, and which do not count since another one failed."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from npfl_kit.grading import record
from npfl_kit.grading.tasks.task import Case, Task


def closure(task: Task, cases: Sequence[Case]) -> list[Case]:
    """The cases and all that they depend on or are compared with, in the order of the task.

    >>> first, second = Case("first", 1), Case("second", 1, depends=("first",))
    >>> [case.id for case in closure(Task("lab", "runs", "", "Lab", (first, second), ("lab.py",)), [second])]
    ['first', 'second']
    """
    wanted, todo = set(), [case.id for case in cases]
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            case = task.case(name)
            todo += [*case.depends, *([case.differs_from] if case.differs_from else [])]
    return [case for case in task.cases if case.id in wanted]


def failed(case: Case, records: Mapping[str, record.CaseRecord]) -> Optional[record.CaseRecord]:
    """The first case that this one depends on and that is not wholly right; None if all are."""
    found = (records[name] for name in case.depends)
    return next((each for each in found if each.score < each.max or each.state != "graded"), None)
