"""The data sets: list them, show what is in one, download it, or compare its files with the official ones."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from npfl_kit import errors
from npfl_kit.cli import detection_card, table, text_card

if TYPE_CHECKING:
    from npfl_kit.data import manifest

HELP = "list, show, download or verify data sets"
NO_DOWNLOAD = {"glyphs": "characters drawn from fonts, made in memory and never downloaded",
               "folder": "your own pictures in --data_dir, one sub-folder per class",
               **detection_card.WHAT, **text_card.WHAT}
GENERATED = ("glyphs", detection_card.GENERATED, *text_card.GENERATED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four things that can be done with data sets."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="all data sets and where they are now")
    for name, summary in (("show", "source, licence, splits, classes and element of one"),
                          ("get", "download one into the cache"), ("verify", "compare its files with the official")):
        action = actions.add_parser(name, help=summary)
        action.add_argument("name", metavar="NAME", help="name of the data set")
        if name != "get":
            action.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")
            action.add_argument("--column", default=None, help="of a treebank, such as upos or feats: what are tags")


def run(args: argparse.Namespace) -> int:
    """Do one of the four."""
    from npfl_kit import data

    if args.action == "list":
        return print_list()
    if args.name not in data.NAMES:
        raise errors.unknown("data set", args.name, data.NAMES)
    return {"show": show, "get": get, "verify": verify}[args.action](args)


def print_list() -> int:
    """One line per data set."""
    from npfl_kit import data
    from npfl_kit.data import manifest, progress

    rows = []
    for name in data.NAMES:
        facts = manifest.read(name) if name in manifest.names() else None
        rows.append([name, progress.readable(facts.bytes) if facts else "-", place(name, facts),
                     facts.title if facts else NO_DOWNLOAD.get(name, "")])
    print(*table.lines(rows, header=["name", "download", "where", "what"]), sep="\n")
    return 0


def place(name: str, facts: manifest.Manifest | None) -> str:
    """The folder of what `data.load` would read; "absent" if that needs a download."""
    from npfl_kit import data
    from npfl_kit.data import cache

    if name in GENERATED:
        return "always"
    if facts is None:
        return str(detection_card.place(name) or "--data_dir")
    try:
        found = data.where(name)
    except errors.DataError:
        return f"broken; type: npfl-kit data verify {name}"
    if found is not None:
        return str(found if found.is_dir() else found.parent)
    folder = cache.folder(name)
    return f"in part in {folder}" if folder.is_dir() and any(folder.iterdir()) else "absent"


def show(args: argparse.Namespace) -> int:
    """Print the card and the counts; nothing is downloaded for it."""
    from npfl_kit import data
    from npfl_kit.cli import data_card

    if args.name in detection_card.WHAT or args.name in text_card.WHAT:
        is_here = args.name in GENERATED or bool(args.data_dir or detection_card.place(args.name))
        print(*(text_card.lines(args.name, args.data_dir, is_here, args.column) if args.name in text_card.WHAT else
                detection_card.lines(args.name, args.data_dir, is_here)), sep="\n")
        return 0
    is_here = args.name in NO_DOWNLOAD or args.data_dir is not None or data.where(args.name) is not None
    print(*data_card.lines(args.name, args.data_dir, is_here), sep="\n")
    return 0


def get(args: argparse.Namespace) -> int:
    """Download a data set."""
    from npfl_kit.data import download

    if args.name in NO_DOWNLOAD:
        print(f"{args.name}: {NO_DOWNLOAD[args.name]}")
    else:
        print(f"{args.name} is in {download.fetch(args.name)}")
    return 0


def verify(args: argparse.Namespace) -> int:
    """Compare each file with the manifest, or read all of a set that has none; exit code 1 if a file is wrong."""
    from npfl_kit.data import verification

    if args.name in detection_card.WHAT and args.name not in GENERATED:
        return detection_card.verify(args.name, args.data_dir)
    if args.name in text_card.WHAT and args.name not in GENERATED:
        return text_card.verify(args.name, args.data_dir, args.column)
    if args.name in NO_DOWNLOAD:
        print(f"{args.name} has no official files, so there is nothing to verify.")
        return 0
    findings = verification.findings(args.name, args.data_dir)
    print(*table.lines([[finding.state, finding.file, finding.detail] for finding in findings]), sep="\n")
    return 0 if all(finding.is_usable for finding in findings) else 1
