"""Hand in: an archive of `npfl-kit pack`, or files, which are packed first. You get a receipt.

npfl-kit submit tagger tagger.zip --store=DIR
npfl-kit submit bboxes_utils bboxes_utils.py --store=DIR --person="Ada Lovelace"

What cannot be graded is refused with the reason, and costs no attempt. NPFL_KIT_STORE names the store as well. Where
the store has a file roster.txt, with one name per line, only those may submit.
"""
from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from npfl_kit import errors

if TYPE_CHECKING:
    from npfl_kit.grading.stores import entries
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task as tasks

HELP = "hand in, and get a receipt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to hand in, where and by whom."""
    parser.add_argument("lab", metavar="LAB", help="name of the lab")
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="an archive (.zip), or the files to pack; "
                        "by default LAB.zip of this folder")
    parser.add_argument("--team", default="", metavar="NAME,NAME", help="of files: all members, you among them")
    add_store_arguments(parser)


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    """Where submissions are, and who you are."""
    parser.add_argument("--store", default=None, metavar="DIR", type=Path, help="folder with the submissions; by "
                        "default NPFL_KIT_STORE")
    parser.add_argument("--person", default=None, metavar="NAME", help="as the course knows you; by default the name "
                        "that you are logged in with")


def run(args: argparse.Namespace) -> int:
    """Hand in, and print the receipt."""
    from npfl_kit.grading.course import handing_in
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.stores import store_folder
    from npfl_kit.grading.tasks import task_file

    folder, person = folder_of(args.store), person_name(args.person)
    task = task_file.read(task_file.find(args.lab))
    archive = archive_of(task, args.files or [Path(f"{task.lab}.zip")], args.team)
    is_new = not store_folder.is_store(folder)
    receipt = handing_in.receive(folder, task, archive, person)
    if is_new:
        print(f"Made a new store in {folder}")
    with stores.Store(folder) as store:
        print(*receipt_of(store, task, store.submission(receipt.id)), sep="\n")
    print(f"Type: {status(folder, person)}")
    return 0


def receipt_of(store: stores.Store, task: tasks.Task, submission: entries.Submission) -> Iterator[str]:
    """What came, and what its author should know of it at once."""
    from npfl_kit.grading import shown_text
    from npfl_kit.grading.course import handing_in
    from npfl_kit.grading.marks import lateness

    line, late = shown_text.line, task.late
    yield f"Received {task.lab} of {line(submission.person)} as number {submission.id}"
    yield f"time     {lateness.moment(submission.received_at, late)}"
    yield f"sha256   {submission.sha256}"
    factor = lateness.late_factor(late, lateness.instant(submission.received_at))
    if factor == 0 and late.due:
        yield f"It comes after the deadline, {lateness.moment(late.until or late.due, late)}, and will have no points."
    elif factor < 1:
        yield f"It is late: its points are multiplied by {lateness.shown_factor(factor)}."
    yield from filter(None, [handing_in.excess(store, task, submission)])
    for name, near in handing_in.newcomers(store, submission).items():
        said = "by this name" if name == submission.person else f"with {line(name)}"
        meant = [f"Near it: {', '.join(map(line, near))}; was it meant? Type {status(store.folder, near[0])}, to see."
                 ] if near else []
        yield " ".join([f"This is the first submission {said}.", *meant])


def archive_of(task: tasks.Task, paths: list[Path], team: str) -> bytes:
    """The archive among these files, or a new one of them."""
    from npfl_kit.grading.course import handing_in

    if len(paths) == 1 and paths[0].suffix.lower() == ".zip":
        if team:
            raise errors.UsageError("--team is for files; an archive names its team itself. Type: npfl-kit pack "
                                    f"{task.lab} FILES --team=NAME,NAME")
        if not paths[0].is_file():
            raise errors.UsageError(f"There is no archive {paths[0]}. Type: npfl-kit submit {task.lab} FILES")
        return handing_in.read_archive(paths[0], task.limits)
    return handing_in.packed(task, paths, team)


def folder_of(given: Optional[Path]) -> Path:
    """The folder of the store, as given or by the environment; a UsageError if neither says."""
    if given is not None:
        return given
    if os.environ.get("NPFL_KIT_STORE"):
        return Path(os.environ["NPFL_KIT_STORE"]).expanduser()
    raise errors.UsageError("Where do submissions go? Type --store=DIR, or let NPFL_KIT_STORE name the folder.")


def person_name(given: Optional[str]) -> str:
    """Who hands in: as given, or as who is logged in."""
    import getpass

    from npfl_kit.grading.course import handing_in

    try:
        return handing_in.person(given if given is not None else getpass.getuser())
    except (KeyError, OSError, ImportError):
        raise errors.UsageError("Who are you? Type --person=NAME") from None


def status(folder: Path, person: str) -> str:
    """The command that shows what a person has handed in."""
    return f"npfl-kit status --store={quoted(folder)} --person={quoted(person)}"


def quoted(text: object) -> str:
    """The text as one word of a shell."""
    import shlex

    return shlex.quote(str(text))
