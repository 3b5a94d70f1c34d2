"""Tasks whose code is run: functions are called, `main` is run, and what comes back is judged in this process."""
from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from npfl_kit.grading import record
from npfl_kit.grading.grader import dependencies, failures, reference
from npfl_kit.grading.grader.context import Context
from npfl_kit.grading.grader.plans import Plan, plans
from npfl_kit.grading.judging import judges
from npfl_kit.grading.sandbox import runner
from npfl_kit.grading.tasks.task import Case, Task
from npfl_kit.grading.uploads import forbidden, intake

Outcomes = Mapping[str, Sequence[Optional[runner.Outcome]]]


def judge(task: Task, cases: Sequence[Case], upload: intake.Upload, context: Context) \
        -> tuple[list[record.CaseRecord], Mapping[str, float]]:
    """Run what the cases ask for, in one child, and judge it.

    Returns: a record for each case; and for the board the metric of the first public and of the first other case that
      expects it.
    """
    sources = {name: content for name, content in upload.files.items() if name.endswith(".py")}
    if found := uses_of_forbidden(task, sources):
        help = "Write it without that name."
        return [failures.failed(task, case, "student_error", found, help) for case in cases], {}
    needed = dependencies.closure(task, cases)
    planned = plans(task, needed, context.secret)
    expected = context.references.of(task, planned, context)
    secret_last = sorted(planned, key=lambda plan: plan.case.visibility != "public")    # a child is told one by one
    outcomes = by_case(planned, runner.run(
        sources, [job for plan in secret_last for job in plan.jobs], task.limits, context.level,
        data_dirs=context.data_dirs, environment=context.variables, hidden=context.hidden))
    records: dict[str, record.CaseRecord] = {}
    for plan in planned:
        case = plan.case
        cause = dependencies.failed(case, records)
        is_run = not any(map(failures.is_of_import, outcomes[case.id]))
        records[case.id] = (failures.not_counted(task, case, cause) if cause and is_run
                            else judge_case(task, plan, outcomes[case.id], expected.get(case.id)))
    for case in needed:
        unmoved(task, case, outcomes, records)
    if text := failures.printed([records[case.id] for case in needed], outcomes):
        context.printed(text)
    return [records[case.id] for case in cases], board_values(task, needed, outcomes, records)


def uses_of_forbidden(task: Task, sources: Mapping[str, bytes]) -> str:
    """Where a source uses what the task forbids; empty if none does. One that does not parse fails when it runs."""
    called = forbidden.entries(task, sources)
    where = "in functions that this task calls, nor in what they use" if called else "in this task"
    for name, content in sorted(sources.items()):
        try:
            uses = forbidden.uses(content, task.forbidden, called) if task.forbidden else []
        except SyntaxError:
            continue
        if uses:
            return f"{name}, line {uses[0][1]}: {uses[0][0]} is not allowed {where}: write it yourself."
    return ""


def by_case(planned: Sequence[Plan], outcomes: Iterable[runner.Outcome]) -> Outcomes:
    """The outcome of each repeat of each case; None where there is none."""
    found: dict[tuple[str, int], runner.Outcome] = {}
    for outcome in outcomes:
        found.setdefault((outcome.id, outcome.repeat), outcome)
    return {plan.case.id: [found.get((plan.case.id, job.repeat)) for job in plan.jobs] for plan in planned}


def judge_case(task: Task, plan: Plan, outcomes: Sequence[Optional[runner.Outcome]],
               expected: Optional[reference.Expected]) -> record.CaseRecord:
    """The record of a case; all of its repeats must be right.

    The first failure counts; of wrong answers before one, the answer to the shortest question is shown that has no
    empty array, if there is one.
    """
    case, measured = plan.case, measurements(outcomes)
    if not outcomes or len(outcomes) != len(plan.jobs):
        raise ValueError(f"case {case.id}: {len(outcomes)} outcomes of {len(plan.jobs)} jobs")
    right: list[tuple[judges.Verdict, runner.JobCase]] = []
    wrong: list[tuple[judges.Verdict, runner.JobCase]] = []
    for job, outcome in zip(plan.jobs, outcomes):
        failure = failures.of_outcome(task, case, outcome, job, **measured)
        if failure and not wrong:
            return failure
        if failure or outcome is None:
            break
        verdict = verdict_of(case, job.repeat, outcome.value, expected)
        (right if verdict.ok else wrong).append((verdict, job))
    if not wrong:
        return failures.judged(task, case, right[0][0], **measured)
    verdict, job = min(wrong, key=lambda pair: (has_empty(pair[1]), len(str(pair[1].arguments))))
    said = ": ".join(filter(None, [failures.called(case, job), verdict.rationale]))
    return failures.judged(task, case, dataclasses.replace(verdict, rationale=said), **measured)


def has_empty(job: runner.JobCase) -> bool:
    """Whether one of the arguments is an array without numbers."""
    return any(isinstance(value, dict) and 0 in value.get("shape", ()) for value in job.arguments.values())


def verdict_of(case: Case, repeat: int, value: object, expected: Optional[reference.Expected]) -> judges.Verdict:
    """What a judge says of a value."""
    if not case.call:
        return judges.meets_all(case.expect, value, expected.bands if expected else {})
    if expected is None:
        raise ValueError(f"case {case.id} has no expected values")
    return judges.same(expected.values[repeat], value, case.tolerance)


def measurements(outcomes: Sequence[Optional[runner.Outcome]]) -> dict:
    """What the repeats of a case took together."""
    ran = [outcome for outcome in outcomes if outcome is not None]
    if not ran:
        return {}
    peaks = [outcome.peak_rss for outcome in ran if outcome.peak_rss is not None]
    return {"seconds": round(sum(outcome.seconds or 0.0 for outcome in ran), 3),
            "peak_rss": max(peaks) if peaks else None, "isolation": ran[0].isolation}


def unmoved(task: Task, case: Case, outcomes: Outcomes, records: dict[str, record.CaseRecord]) -> None:
    """Take the points of two cases whose flags differ and whose metrics do not: nothing was computed.

    A case does not name one that is seen by fewer.
    """
    if not case.differs_from:
        return
    returned = [each.value if each and each.state == "ok" else None
                for each in (outcomes[name][0] for name in (case.id, case.differs_from))]
    if same := judges.unmoved(case.expect, *returned):
        other = task.case(case.differs_from)
        for one, two in ((case, other), (other, case)):
            said = (f"{same} is the same as in case {two.id}, although the flags differ."
                    if two.visibility in ("public", one.visibility) else f"{same} does not follow from the flags.")
            records[one.id] = failures.failed(
                task, one, "graded", said,
                "Compute what main returns from its arguments.", **measurements(outcomes[one.id]))


def board_values(task: Task, cases: Sequence[Case], outcomes: Outcomes,
                 records: Mapping[str, record.CaseRecord]) -> dict[str, float]:
    """The numbers of a board of runs, of cases that were passed."""
    values: dict[str, float] = {}
    for case in cases if task.board else ():
        assert task.board is not None
        if task.board.metric in case.expect and records[case.id].score == records[case.id].max:
            outcome = outcomes[case.id][0]
            number = outcome.value.get(task.board.metric) if outcome and isinstance(outcome.value, dict) else None
            if number is not None and record.is_finite(number):
                values.setdefault("public" if case.visibility == "public" else "private", float(number))
    return values
