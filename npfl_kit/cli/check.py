"""Check your work at home: the public cases of a task, run by the very engine that the course grades with.

npfl-kit check bboxes_utils                          the files of the task in the current folder
npfl-kit check bboxes_utils my/bboxes_utils.py --case=iou
npfl-kit check tagger logs/tagger-DATE/predictions_dev.txt      predictions of the dev set
npfl-kit check tagger predictions_dev.txt --html=report.html    a page, with what was predicted worst
npfl-kit check bboxes_utils --json      {"task", "task_version", "submission": sha256, "state", "score", "max",
                                        "rationale", "environment", "values", "cases": [{"id", "state", "score",
                                        "max", "visibility", "expected", "actual", "rationale", "help", "seconds",
                                        "peak_rss" in bytes, "isolation", "reproduce"}]}

A state is graded, ungradable (the files cannot be judged), student_error (the code failed), limit (it took too much)
or grader_error (the fault is the grader's); only graded has points.
"""
from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from npfl_kit import errors, files
from npfl_kit.cli import table

if TYPE_CHECKING:
    from npfl_kit.grading import record
    from npfl_kit.grading.tasks.task import Task
    from npfl_kit.grading.uploads import intake

HELP = "check your work as the course does"
ALL_RIGHT, NOT_ALL_RIGHT = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The task, the files, and what to show."""
    parser.add_argument("lab", metavar="LAB", help="name of a task, usually that of its lab")
    parser.add_argument("files", metavar="FILES", nargs="*", type=Path, default=[],
                        help="what you would hand in; when not given, the files of the task in this folder")
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="this case only; may be given again")
    parser.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")
    parser.add_argument("--html", default=None, metavar="FILE", type=Path, help="write a page for a browser, too")
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def run(args: argparse.Namespace) -> int:
    """Grade the public cases and print what came out; exit code 1 if a case is not right."""
    from npfl_kit.grading.grader import engine
    from npfl_kit.grading.sandbox import isolation
    from npfl_kit.grading.tasks import task_file
    from npfl_kit.grading.uploads import intake

    task = task_file.read(task_file.find(args.lab), calibrated=False)    # the engine tells what is missing
    if args.html:
        require_place(args.html)
    upload = intake.read_files(args.files or usual_files(task), task.limits)
    require_home_file(task, upload, args.files)
    printed: list[str] = []
    folders = (args.data_dir.absolute(),) if args.data_dir else ()
    started = time.perf_counter()
    result = engine.grade(task, upload, engine.Context(
        isolation.L0, gold_dir=args.data_dir, data_dirs=folders, home=True, only=tuple(args.case),
        printed=printed.append))
    result = dataclasses.replace(result, cases=tuple(
        dataclasses.replace(case, help=placed(case.help, args.files), reproduce=command(args, case.id))
        for case in result.cases))
    if args.html:
        files.write_text(args.html, page(task, upload, result, args.data_dir))
    if args.json:
        print(json.dumps(result.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
        if printed:
            print(*said(printed), sep="\n", file=sys.stderr)
    else:
        print(*lines(task, result, time.perf_counter() - started, command(args), printed), sep="\n")
        if result.score == result.max:
            print(next_command(task, args.files))
        if args.html:
            print(f"Wrote {args.html}.")
    return ALL_RIGHT if result.state == "graded" and result.score == result.max else NOT_ALL_RIGHT


def command(args: argparse.Namespace, case: str = "") -> str:
    """The command that runs one case again, or all, of the same files."""
    place = [f"--data_dir={args.data_dir}"] if args.data_dir else []
    only = [f"--case={case}"] if case else []
    return shlex.join(["npfl-kit", "check", args.lab, *map(str, args.files), *place, *only])


def placed(text: str, given: Sequence[Path]) -> str:
    """A text whose commands have the files as they were given.

    >>> placed("npfl-kit check tagger a.txt --html=b.html", [Path("logs/a.txt")])
    'npfl-kit check tagger logs/a.txt --html=b.html'
    """
    known = {path.name: shlex.quote(str(path)) for path in given}
    return " ".join(known.get(word, word) for word in text.split(" "))


def require_place(page: Path) -> None:
    """A UsageError if no page can be written there."""
    if page.is_dir():
        raise errors.UsageError(f"--html={page} names a file, and {page} is a folder. Type: "
                                f"--html={page / 'report.html'}")
    if not page.parent.is_dir():
        raise errors.UsageError(f"There is no folder {page.parent} for the page. Type: mkdir -p "
                                f"{shlex.quote(str(page.parent))}")


def require_home_file(task: Task, upload: intake.Upload, given: Sequence[Path]) -> None:
    """A UsageError if predictions are given, but not those that are checked at home."""
    if task.kind != "predictions" or task.data is None or task.data.home_file in upload.files:
        return
    data = task.data
    place = (given[0].parent if given else Path()) / data.home_file
    raise errors.UsageError(f"At home the predictions of the {data.home_split} split are checked; {data.file} is "
                            f"handed in. Type: {shlex.join(['npfl-kit', 'check', task.lab, str(place)])}")


def usual_files(task: Task) -> list[Path]:
    """The files of a task in the current folder.

    Raises: UsageError that names the first one that is missing.
    """
    from npfl_kit.grading.uploads import intake

    found: list[Path] = []
    needed, allowed = intake.wanted(task, home=True)
    for pattern in needed:
        here = sorted(path for path in Path().glob(pattern) if path.is_file())
        if not here:
            raise errors.UsageError(f"There is no {pattern} in this folder, which the task {task.lab} asks for. Type: "
                                    f"npfl-kit check {task.lab} PATH/{pattern}")
        found += here
    return found


def lines(task: Task, result: record.Record, seconds: float, again: str, printed: Sequence[str] = ()) -> Iterator[str]:
    """What a student reads: a line for each case, then of each that is not right what to do, and what it printed.

    Args:
      seconds: that it took in all.
      again: the command that checks all cases.
      printed: what the code printed where something is not right.
    """
    from npfl_kit.grading import shown_text

    number = shown_text.number
    rows = [[case.id, "right" if case.score == case.max and case.state == "graded" else verdict(case),
             f"{number(case.score)} of {number(case.max)}", "" if case.seconds is None else f"{case.seconds:.1f} s",
             "" if not case.peak_rss else f"{case.peak_rss / 2**20:,.0f} MiB"] for case in result.cases]
    yield from table.lines(rows, header=["case", "", "points", "time", "memory"])
    wrong = [case for case in result.cases if case.score < case.max or case.state != "graded"]
    if 1 < len(wrong) == len(result.cases) and len({(case.rationale, case.help) for case in wrong}) == 1:
        yield ""
        yield from explained(f"all {len(wrong)} cases", dataclasses.replace(wrong[0], reproduce=again), "")
    else:
        for case in wrong:
            yield ""
            yield from explained(case.id, case, task.case(case.id).why)
    yield from said(printed)
    whole = task.points - result.max
    rest = f"; {number(whole)} more are of cases that only the course runs" if whole > 0 else ""
    yield ""
    yield f"{number(result.score)} of {number(result.max)} points of public cases{rest}. {seconds:.1f} s."


def said(printed: Sequence[str]) -> Iterator[str]:
    """What the student's own code printed, without what acts in a terminal."""
    from npfl_kit.grading import shown_text

    if printed:
        yield "\nIt printed:"
        yield from (f"  {line}" for line in shown_text.plain("\n".join(printed)).splitlines())


def page(task: Task, upload: intake.Upload, result: record.Record, data_dir: Optional[Path]) -> str:
    """The report that the course would write, with the worst predictions where there are some."""
    from npfl_kit.grading.pages import report_html, worst_examples

    judged = task.kind == "predictions" and result.state == "graded"
    return report_html.report(result, task, datetime.datetime.now(datetime.timezone.utc),
                              worst=worst_examples.at_home(task, upload, data_dir) if judged else ())


def next_command(task: Task, given: Sequence[Path]) -> str:
    """How to pack what was checked; of predictions those of the hidden split, which lie beside the others."""
    if len(given) == 1 and given[0].suffix.lower() == ".zip":
        return f"Next: {shlex.join(['npfl-kit', 'submit', task.lab, str(given[0])])}"
    if not task.data:
        names = [str(path) for path in given] or [*task.files]
    else:
        folder = given[0].parent if given else Path()
        scripts = [str(path) for path in given if path.suffix == ".py"] or ["YOUR_SCRIPT.py"]
        names = [name for pattern in task.files
                 for name in (scripts if pattern.endswith(".py") else [str(folder / pattern)])]
    return f"Next: {shlex.join(['npfl-kit', 'pack', task.lab, *names])}"


def verdict(case: record.CaseRecord) -> str:
    """What became of a case that has no points, in a word."""
    from npfl_kit.grading.grader import failures

    if failures.is_not_counted(case):
        return "not counted"
    return {"graded": "wrong", "student_error": "failed", "limit": "too much", "ungradable": "unreadable",
            "grader_error": "grader's fault"}[case.state]


def explained(name: str, case: record.CaseRecord, why: str) -> Iterator[str]:
    """A case that is not right: what is wrong, what was expected, why it matters, and what to do."""
    from npfl_kit.grading import shown_text

    yield f"{name}: {shown_text.line(case.rationale, 1200)}"
    parts: Sequence[tuple[str, object]] = (("expected", case.expected), ("got", case.actual), ("it matters", why),
                                           ("next", case.help), ("again", case.reproduce))
    for name, value in parts:
        if value not in (None, ""):
            yield f"  {name:<11} {shown_text.line(shown_text.value(value, 600), 600)}"
