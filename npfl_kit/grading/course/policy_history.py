"""What points depend on besides results, and when it changed: a teacher who moves a deadline can be asked about it."""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from npfl_kit.grading import record
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks

PARTS = ("threshold", "per_day", "team", "points")


def keep(store: stores.Store, description: tasks.Task) -> None:
    """Write down the policy of a task, if it is not the last one that was."""
    value = record.canonical(policy_of(description))
    with store.writing() as database:
        last = database.execute("SELECT value FROM policies WHERE lab = ? ORDER BY id DESC LIMIT 1",
                                [description.lab]).fetchone()
        if last is None or last["value"] != value:
            database.execute("INSERT INTO policies (lab, set_at, value) VALUES (?, ?, ?)",
                             [description.lab, store.clock(), value])


def policy_of(description: tasks.Task) -> dict[str, Any]:
    """Deadline, threshold, attempts and the board of a task, as JSON values by name."""
    tables = {"late": vars(description.late), "board": vars(description.board) if description.board else {}}
    return {**{name: getattr(description, name) for name in PARTS},
            **{f"{table}.{name}": value for table, given in tables.items() for name, value in given.items()}}


def changes(store: stores.Store, lab: str) -> list[tuple[str, str]]:
    """When a policy of a lab replaced another one, and what differs, oldest first."""
    kept = [(row["set_at"], json.loads(row["value"])) for row in
            store.rows("SELECT set_at, value FROM policies WHERE lab = ? ORDER BY id", [lab])]
    return [(set_at, difference(before, after)) for (_, before), (set_at, after) in zip(kept, kept[1:])]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs between two policies.

    >>> difference({"threshold": 1.0, "late.due": None}, {"threshold": 2.0, "late.due": None})
    'threshold 1.0 -> 2.0'
    """
    return ", ".join(f"{name} {before.get(name)} -> {after.get(name)}" for name in {**before, **after}
                     if before.get(name) != after.get(name))
