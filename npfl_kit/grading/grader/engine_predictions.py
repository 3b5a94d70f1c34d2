"""Tasks whose upload is data: a file of predictions, or weights, which become one."""
from __future__ import annotations

import dataclasses
import shlex
import time
from collections.abc import Mapping, Sequence

from npfl_kit.grading import record
from npfl_kit.grading.grader import dependencies, failures, weights
from npfl_kit.grading.grader.context import Context
from npfl_kit.grading.judging import judges, predictions
from npfl_kit.grading.tasks.task import Case, Data, Task
from npfl_kit.grading.uploads import intake

SHOWN = 4       # decimals of a score where a task has no board


def judge(task: Task, cases: Sequence[Case], upload: intake.Upload, context: Context) \
        -> tuple[list[record.CaseRecord], Mapping[str, float]]:
    """Judge a file of predictions.

    A public case is about the public examples, another one about the others; without a board, and at home, each is
    about all of them.

    Returns: a record for each case; and the numbers for a board.
    """
    started = time.perf_counter()
    data, needed = data_of(task), dependencies.closure(task, cases)
    scores = {metric: predictions.judge(task, dataclasses.replace(data, metric=metric), upload, context.gold_dir,
                                        context.secret, home=context.home)
              for metric in {data.metric, *(name for case in needed for name in case.expect)}}
    seconds = round(time.perf_counter() - started, 3)
    records: dict[str, record.CaseRecord] = {}
    for case in needed:
        cause = dependencies.failed(case, records)
        records[case.id] = (failures.not_counted(task, case, cause) if cause else
                            record_of(task, case, scores, seconds, context.home))
    return [records[case.id] for case in cases], {} if context.home else scores[data.metric].values()


def judge_weights(task: Task, cases: Sequence[Case], upload: intake.Upload, context: Context) \
        -> tuple[list[record.CaseRecord], Mapping[str, float]]:
    """Let the course's own script predict with a student's weights, and judge what it predicts."""
    data = data_of(task)
    predicted = weights.predict(task, upload, context.level, home=context.home, data_dirs=context.data_dirs)
    kept = dataclasses.replace(data, file="predictions.txt", home_file="predictions.txt")
    files = {**upload.files, "predictions.txt": predicted.content}
    records, values = judge(dataclasses.replace(task, data=kept), cases,
                            dataclasses.replace(upload, files=files), context)
    return [dataclasses.replace(each, seconds=predicted.seconds, peak_rss=predicted.peak_rss,
                                isolation=predicted.isolation, reproduce=each.reproduce) for each in records], values


def data_of(task: Task) -> Data:
    """The data of a task that has some."""
    if task.data is None:
        raise ValueError(f"the task {task.lab} of the kind {task.kind} has no data")
    return task.data


def record_of(task: Task, case: Case, scores: Mapping[str, predictions.PredictionScores], seconds: float,
              home: bool) -> record.CaseRecord:
    """The record of a case; all of its metrics must be right."""
    found = {metric: value_of(task, case, scores[metric], home) for metric in case.expect}
    verdicts = {metric: judges.meets(case.expect[metric], value, name=metric) for metric, value in found.items()}
    decimals = task.board.decimals if task.board else SHOWN
    shown = {metric: record.rounded_down(value, decimals) for metric, value in found.items()}
    wrong = [metric for metric, verdict in verdicts.items() if not verdict.ok]
    about = "" if home or not task.board else " of the public examples" if case.visibility == "public" else \
        " of the private examples"
    text = " ".join(f"{metric}{about}: {shown[metric]}, expected {verdicts[metric].expected_short}."
                    for metric in wrong or verdicts)
    verdict = judges.Verdict(not wrong, text, next_step(task) if wrong else "",
                             {metric: verdict.expected_short for metric, verdict in verdicts.items()}, shown)
    return failures.judged(task, case, verdict, seconds=seconds)


def next_step(task: Task) -> str:
    """Where a student sees what is predicted wrongly: of the split whose answers are at home."""
    data = data_of(task)
    column = [f"--column={data.column}"] if data.column else []
    name = weights.predicted_file(data.dataset, data.metric, home=True) if task.kind == "weights" else data.home_file
    scored = shlex.join(["npfl-kit", "evaluate", f"--dataset={data.dataset}", *column, f"--split={data.home_split}",
                         name])
    if task.kind == "weights":
        return (f"Predict the {data.home_split} split with them (--predict --weights=FILE), and see what is wrong: "
                f"{scored}")
    page = shlex.join(["npfl-kit", "check", task.lab, name, "--html=report.html"])
    return f"See what yours gets wrong of the {data.home_split} split: {page}, or {scored}"


def value_of(task: Task, case: Case, scores: predictions.PredictionScores, home: bool) -> float:
    """The number that a case is about."""
    if home or task.board is None:
        return scores.whole
    return scores.public if case.visibility == "public" else scores.private
