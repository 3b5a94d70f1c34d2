"""Write grades and records for other programs, and reports for students.

npfl-kit grade export STORE --to=csv --output=grades.csv       one line per person and lab
npfl-kit grade export STORE --to=junit --lab=tagger            a test suite per submission; --private for all of it
npfl-kit grade export STORE --to=gradescope --output=FOLDER    FOLDER/LAB/SUBMISSION.json
npfl-kit grade export STORE --to=html --output=FOLDER          FOLDER/LAB/SUBMISSION.html, a report for the student

The columns of csv:
  lab, person
  points          all that the person has now, those of order included
  of              the most: points of all cases and of order
  order_points    for the place on the board; provisional, as they change with submissions until the deadline
  state           of the submission that counts: graded, student_error, limit, ungradable, grader_error
  late            yes or no
  submission      number of the one that counts
  received_at     when that came, in UTC
  submissions     how many have a result
  note            what a teacher should look at: below the threshold, in several teams, beyond the attempts of a day,
                  to be graded again, graded by an older version of the task, near the name of somebody else, or the
                  same file as an earlier submission of others
"""
from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from npfl_kit import errors, files

if TYPE_CHECKING:
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "write grades for other programs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, what to write, and where."""
    parser.add_argument("store", metavar="STORE", type=Path, help="folder with the submissions")
    parser.add_argument("--to", required=True, choices=list(FORMATS), help="what to write")
    parser.add_argument("--lab", default=None, metavar="LAB", help="this lab only")
    parser.add_argument("--output", default=None, metavar="PATH", type=Path, help="a file; of gradescope and html a "
                        "folder, which they need; default: standard output")
    parser.add_argument("--private", action="store_true", help="for teachers only: junit with what is hidden from "
                        "students")


def run(args: argparse.Namespace) -> int:
    """Write what is asked for."""
    from npfl_kit.grading.course import course_grader
    from npfl_kit.grading.stores import store as stores

    when = datetime.datetime.now(datetime.timezone.utc)
    with stores.Store(args.store) as store:
        descriptions, broken = course_grader.read_tasks(store, args.lab)
        for lab, why in broken.items():
            print(f"{lab} is left out: {why}", file=sys.stderr)
        FORMATS[args.to](store, descriptions, args, when)
    return 2 if broken else 0


def write_csv(store: stores.Store, descriptions: dict[str, tasks.Task], args: argparse.Namespace,
              when: datetime.datetime) -> None:
    """One table of all labs."""
    from npfl_kit.grading.course import final_order, gradebook
    from npfl_kit.grading.pages import export_csv

    write(args.output, export_csv.table({lab: gradebook.remarked(store, each, final_order.grades(store, each))
                                         for lab, each in descriptions.items()}))


def write_junit(store: stores.Store, descriptions: dict[str, tasks.Task], args: argparse.Namespace,
                when: datetime.datetime) -> None:
    """One document of all submissions."""
    from npfl_kit.grading.marks import policy, student_view
    from npfl_kit.grading.pages import export_junit

    runs = [(each.run.submission, each.run.result if args.private else
             student_view.visible(each.run.result, description, when))
            for lab, description in descriptions.items() for each in policy.counted(description, store.runs(lab=lab))]
    write(args.output, export_junit.document(runs))


def write_gradescope(store: stores.Store, descriptions: dict[str, tasks.Task], args: argparse.Namespace,
                     when: datetime.datetime) -> None:
    """One file per submission."""
    from npfl_kit.grading.marks import policy, student_view
    from npfl_kit.grading.pages import export_gradescope

    def texts(description: tasks.Task) -> Iterator[tuple[str, str]]:
        for each in policy.counted(*student_view.told(description, store.runs(lab=description.lab), when)):
            value = export_gradescope.results(each.run.result, description, when, each)
            yield f"{each.run.submission.id}.json", export_gradescope.text(value)

    write_all(descriptions, args, texts)


def write_html(store: stores.Store, descriptions: dict[str, tasks.Task], args: argparse.Namespace,
               when: datetime.datetime) -> None:
    """One report per submission."""
    from npfl_kit.grading.marks import policy, student_view
    from npfl_kit.grading.pages import report_html

    def texts(description: tasks.Task) -> Iterator[tuple[str, str]]:
        seen = student_view.told(description, store.runs(lab=description.lab), when)
        grades = policy.grades(*seen)
        for each in policy.counted(*seen):
            page = report_html.report(each.run.result, description, when, each.run.submission,
                                      grades[each.run.submission.person])
            yield f"{each.run.submission.id}.html", page

    write_all(descriptions, args, texts)


def write_all(descriptions: dict[str, tasks.Task], args: argparse.Namespace,
              texts: Callable[[tasks.Task], Iterator[tuple[str, str]]]) -> None:
    """Write the files of each lab to its folder in `--output`."""
    if args.output is None:
        raise errors.UsageError(f"--to={args.to} writes a file per submission. Type where to: --output=FOLDER")
    count = 0
    for lab, description in descriptions.items():
        for count, (name, text) in enumerate(texts(description), count + 1):
            files.write_text(args.output / lab / name, text)
    print(f"Wrote {count} files to {args.output}.")


def write(path: Path | None, text: str) -> None:
    """Write to a file, or to standard output."""
    if path is None:
        sys.stdout.write(text)
    else:
        files.write_text(path, text)
        print(f"Wrote {path}.")


FORMATS = {"csv": write_csv, "junit": write_junit, "gradescope": write_gradescope, "html": write_html}
