"""The final order of a board from what a store holds, and the grades that it adds to.

Noise is measured by what is known: of predictions the single examples, judged once more, by a paired bootstrap; of
other metrics their standard errors; without these, two values are told apart if they differ by more than the last
decimal that the board shows.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from npfl_kit.grading.judging import predictions
from npfl_kit.grading.marks import board, noise, policy
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks
from npfl_kit.grading.uploads import intake

ERROR = "private_error"     # of `record.Record.values`


def better(store: stores.Store, description: tasks.Task, standing: Sequence[board.Entry]) -> board.Better:
    """Whether one entry is better than another beyond noise, by their numbers; the best measure there is."""
    assert description.board is not None
    order, values = description.board.order, [entry.private for entry in standing]
    errors = [entry.run.result.values.get(ERROR) for entry in standing]
    if description.kind == "predictions" and standing:
        rows = private_rows(store, description, standing)
        if rows is not None:
            return noise.beyond_bootstrap(rows, order)
    known = [error for error in errors if error is not None]
    if len(known) == len(errors):
        return noise.beyond_errors(values, known, order)
    return noise.beyond_band(values, 10.0 ** -description.board.decimals, order)


def private_rows(store: stores.Store, description: tasks.Task,
                 standing: Sequence[board.Entry]) -> Optional[np.ndarray]:
    """What each private example adds to the metric of each entry, float64 `[E, N, 2]`.

    Returns: None if the metric is no ratio of sums, as the average precision of detections.
    """
    assert description.data is not None
    found = []
    for entry in standing:
        upload = intake.read_zip(store.archive(entry.run.submission), description.limits)
        scores = predictions.judge(description, description.data, upload, store.gold_dir(description.lab),
                                   store.secret)
        rows = scores.rows[~scores.is_public]
        if not len(rows) or not np.isclose(rows[:, 0].sum(), scores.private * rows[:, 1].sum()):
            return None
        found.append(rows)
    return np.stack(found)


def order_points(store: stores.Store, description: tasks.Task) -> Mapping[str, float]:
    """Points of each person for the place in the final order, as it would be at this moment."""
    if description.board is None or not description.board.order_points:
        return {}
    standing = [entry for entry in board.standing(description, store.runs(lab=description.lab)) if entry.points > 0]
    return board.person_points(description, standing, better(store, description, standing))


def grades(store: stores.Store, description: tasks.Task) -> dict[str, policy.Grade]:
    """The grade of each person, order points included, as it would be at this moment."""
    return policy.grades(description, store.runs(lab=description.lab), order_points(store, description))
