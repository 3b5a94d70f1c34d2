"""The grade of an upload: its cases are run or judged as the task's kind says; every failure ends at no points."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from npfl_kit import errors
from npfl_kit.grading import environment, record
from npfl_kit.grading.grader import engine_code, engine_predictions, failures
from npfl_kit.grading.grader.context import Context
from npfl_kit.grading.tasks.task import Case, Task
from npfl_kit.grading.uploads import intake

__all__ = ["Context", "grade", "require_sandbox"]
Judged = tuple[list[record.CaseRecord], Mapping[str, float]]
JUDGES: Mapping[str, Callable[[Task, Sequence[Case], intake.Upload, Context], Judged]] = {
    "functions": engine_code.judge, "runs": engine_code.judge,
    "predictions": engine_predictions.judge, "weights": engine_predictions.judge_weights}
RUN_CODE = ("functions", "runs", "weights")     # the last runs ours, on a stranger's file


def grade(task: Task, upload: intake.Upload, context: Context) -> record.Record:
    """The record of an upload.

    What a student did wrong is said case by case. What we did wrong is `grader_error`, without points and without a
    word of what is hidden.

    Raises: UsageError, before anything runs, if code of strangers would run without a sandbox or if `context.only`
      names no case; at home also any KitError, which the student can mend.
    """
    require_sandbox(task, context)
    cases = chosen(task, context)
    values: Mapping[str, float] = {}
    rationale = ""
    try:
        intake.require_wanted(task, upload.files, home=context.home)
        found, values = JUDGES[task.kind](task, cases, upload, context)
        records = complete(task, cases, found)
    except intake.UngradableError as error:
        rationale = str(error)
        records = [failures.ungradable(task, case, rationale, error.state) for case in cases]
    except Exception as error:      # ours, whatever it is
        if context.home and isinstance(error, errors.KitError):
            raise
        context.report(error)
        rationale = f"The grader failed ({type(error).__name__}); this is not the fault of the submission."
        records = [failures.grader_error(task, case, rationale) for case in cases]
    state = record.overall(records)
    return record.Record(task.lab, task.version, upload.sha256, state, tuple(records), dict(environment.versions()),
                         {} if state == "grader_error" else dict(values), rationale)


def require_sandbox(task: Task, context: Context) -> None:
    """Refuse to run code of strangers on level L0; a batch calls this once, before it begins."""
    if task.kind in RUN_CODE and context.level.name == "L0" and not (context.home or context.trusted):
        raise errors.UsageError("On the isolation level L0 there is no sandbox, and the files are of strangers. Leave "
                                "out --isolation=L0, or install bubblewrap or docker if this machine has nothing "
                                "better; or, if you answer for the files, add --i-trust-these-files.")


def chosen(task: Task, context: Context) -> list[Case]:
    """The cases to grade, in the order of the task; at home the public ones."""
    known = [case for case in task.cases if case.visibility == "public" or not context.home]
    ids = [case.id for case in known]
    for name in context.only:
        if name not in ids:
            raise errors.unknown("public case" if context.home else "case", name, ids)
    return [case for case in known if not context.only or case.id in context.only]


def complete(task: Task, cases: Sequence[Case], records: Iterable[record.CaseRecord]) -> list[record.CaseRecord]:
    """One record for each case, in their order; a case without one is our fault, and has no points."""
    found = {each.id: each for each in records}
    return [found[case.id] if case.id in found else failures.grader_error(task, case, "The grader lost this case.")
            for case in cases]
