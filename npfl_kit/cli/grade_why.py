"""Tell why a submission has its points: every case with what was expected, what came, and what it cost to find out.

npfl-kit grade why STORE 17
npfl-kit grade why STORE 17 --files=FOLDER
npfl-kit grade why STORE 17 --json      {"submission", "lab", "person", "team", "received_at", "sha256", "runs": [
                                        {"run", "state", "score", "max", "task_version", "environment", "attempt",
                                        "reason", "copied_from", "started", "ended"}], "log": [{"at", "kind",
                                        "text"}], "record": the last one, or null}

This is the teacher's view: it holds what is hidden from students.
"""
from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from npfl_kit.cli import submission_number

if TYPE_CHECKING:
    from npfl_kit.grading import record
    from npfl_kit.grading.stores import entries
    from npfl_kit.grading.stores import store as stores

HELP = "tell why a submission has its points"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, which submission, and for whom."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("submission", metavar="SUBMISSION", type=submission_number.parse,
                        help="number of a submission")
    parser.add_argument("--files", default=None, metavar="FOLDER", type=Path, help="write what was handed in into a "
                        "new folder")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Print all that is known of a submission, or write its files."""
    from npfl_kit.grading.stores import store as stores

    with stores.Store(args.store) as store:
        submission, runs = store.submission(args.submission), store.runs(args.submission)
        if args.files is not None:
            from npfl_kit.grading.course import handing_in

            names = handing_in.write_files(store.archive(submission), args.files)
            print(f"Wrote {', '.join(names)} to {args.files}.")
            return 0
        if args.json:
            print(json.dumps(as_json(submission, runs, store.log(submission.id)), indent=1, allow_nan=False))
            return 0
        print(*heading(submission, runs), *log(store.log(submission.id)), sep="\n")
        if runs:
            print(*cases(runs[-1].result), *policies(store, submission), sep="\n")
            print(f"\nType: npfl-kit grade rerun {args.store} {args.submission}, to grade it again.")
        else:
            print(f"It has no result yet. Type: npfl-kit grade run {args.store}")
    return 0


def as_json(submission: entries.Submission, runs: Sequence[entries.Run], log: Sequence[dict[str, str]]
            ) -> dict[str, Any]:
    """A submission, its history and its last record as JSON values."""
    names = ("state", "score", "max", "task_version", "environment", "attempt", "reason", "copied_from", "started",
             "ended")
    parts = ("lab", "person", "team", "received_at", "sha256")
    return {"submission": submission.id, **{name: getattr(submission, name) for name in parts},
            "runs": [{"run": run.id, **{name: getattr(run, name) for name in names}} for run in runs],
            "log": list(log), "record": runs[-1].result.as_json() if runs else None}


def heading(submission: entries.Submission, runs: Sequence[entries.Run]) -> list[str]:
    """Who handed it in, when, and each run of the grader."""
    from npfl_kit.grading import shown_text
    from npfl_kit.grading.marks import lateness

    others = [shown_text.line(name) for name in submission.team if name != submission.person]
    found = [f"#{submission.id} {submission.lab} by {shown_text.line(submission.person)}"
             f"{' with ' + ', '.join(others) if others else ''}",
             f"received {lateness.moment(submission.received_at)}, sha256 {submission.sha256}"]
    for run in runs:
        copied = f", as run {run.copied_from} of an equal submission" if run.copied_from else ""
        found.append(f"run {run.id} ({run.reason}{f', attempt {run.attempt}' if run.attempt > 1 else ''}) "
                     f"{lateness.moment(run.ended)}: {run.state} {run.score:g} of {run.max:g}, task "
                     f"{run.task_version[:12]}, environment {run.environment[:12]}{copied}")
    return found


def log(lines: Sequence[dict[str, str]]) -> list[str]:
    """What was noted of a submission; of an error of ours, all of it."""
    from npfl_kit.grading import shown_text
    from npfl_kit.grading.marks import lateness

    return [f"{each['kind']} {lateness.moment(each['at'])}: "
            + shown_text.plain(each["text"]).strip().replace("\n", "\n    ") for each in lines]


def cases(result: record.Record) -> list[str]:
    """The last result, case by case."""
    from npfl_kit.data import progress
    from npfl_kit.grading import record, shown_text
    from npfl_kit.grading.grader import failures

    found = ["", f"{result.state}: {result.score:g} of {result.max:g} points"]
    found += [f"  {shown_text.line(result.rationale)}"] if result.rationale else []
    found += [f"  {name} score {value:g}" for name, value in result.values.items()]
    found += ["  " + ", ".join(f"{name} {version}" for name, version in result.environment.items())]
    for case in result.cases:
        cost = [f"{case.seconds:.2f} s"] if case.seconds is not None else []
        cost += [progress.readable(case.peak_rss)] if case.peak_rss is not None else []
        cost += [case.isolation] if cost or case.isolation != record.NO_CODE else []
        state = "not counted" if failures.is_not_counted(case) else case.state
        found.append(f"\n{case.id}: {', '.join([state, f'{case.score:g} of {case.max:g}', case.visibility, *cost])}")
        said = {"expected": shown_text.value(case.expected), "got": shown_text.value(case.actual),
                "why": case.rationale, "next": case.help, "again": case.reproduce}
        found += [f"  {name:<9} {shown_text.line(text, 2000)}" for name, text in said.items() if text]
    return found


def policies(store: stores.Store, submission: entries.Submission) -> list[str]:
    """What changed, after it came, of what its points depend on besides its result."""
    from npfl_kit.grading.course import policy_history
    from npfl_kit.grading.marks import lateness

    found = [f"  {lateness.moment(at)}: {what}" for at, what in policy_history.changes(store, submission.lab)
             if at > submission.received_at]
    return ["\nThe policy of the task changed after it came:", *found] if found else []
