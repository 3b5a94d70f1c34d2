"""The command line `npfl-kit VERB ...`; nothing heavy is imported before a verb needs it."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from npfl_kit import errors, version
from npfl_kit.cli import check, data, doctor, evaluate, grade, labs, pack, run, status, submit, weights

VERBS = {"labs": labs, "run": run, "data": data, "weights": weights, "evaluate": evaluate, "check": check,
         "pack": pack, "submit": submit, "status": status, "grade": grade, "doctor": doctor}
INTERRUPTED, BROKEN_PIPE = 130, 141     # what a shell reports for these signals: 128 + SIGINT, 128 + SIGPIPE


def build_parser() -> argparse.ArgumentParser:
    """The parser of every verb."""
    parser = argparse.ArgumentParser(prog="npfl-kit", description="A deep-learning course in a box.",
                                     epilog="Start with: npfl-kit labs")
    parser.add_argument("--version", action="version", version=f"npfl_kit {version.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        verb.add_arguments(verbs.add_parser(name, help=verb.HELP, description=verb.__doc__,
                                            formatter_class=argparse.RawDescriptionHelpFormatter))
    return parser


def entry(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 well, 2 a mistake that the user can mend, 130 Ctrl-C."""
    try:
        args = build_parser().parse_args(arguments)
        code = VERBS[args.verb].run(args)
        sys.stdout.flush()
        return code
    except errors.KitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:     # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
