"""Weights in files: show where they come from and what is in them, or convert between .safetensors and .weights.h5."""
from __future__ import annotations

import argparse
import math
from pathlib import Path

from npfl_kit import errors
from npfl_kit.cli import table

HELP = "show or convert a file of weights"
SAFE, KERAS = ".safetensors", ".weights.h5"
OPTIMIZER = "optimizer/"    # tensors of a checkpoint that are not the network's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two things that can be done with a file of weights."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show_parser = actions.add_parser("show", help="lab, arguments, versions, and the shape of each array")
    show_parser.add_argument("file", metavar="FILE", type=Path)
    convert_parser = actions.add_parser("convert", help=f"{SAFE} to {KERAS}, or back")
    convert_parser.add_argument("file", metavar="FILE", type=Path)
    convert_parser.add_argument("to", metavar="TO", type=Path, nargs="?", help="beside FILE when not given")


def run(args: argparse.Namespace) -> int:
    """Show or convert."""
    return show(args.file) if args.action == "show" else convert(args.file, args.to)


def show(path: Path) -> int:
    """Print the metadata and a table of the arrays; no array is read."""
    from npfl_kit.train import weights

    for key, value in weights.metadata(path).items():
        print(printable(f"{key}: {', '.join(f'{name}={each}' for name, each in value.items())}"
                        if isinstance(value, dict) else f"{key}: {value}"))
    arrays = tensors(path)
    print(*table.lines([[printable(name), kind, " x ".join(map(str, shape)) or "scalar", f"{math.prod(shape):,}"]
                        for name, kind, shape in arrays], header=["name", "type", "shape", "numbers"]), sep="\n")
    parameters = sum(math.prod(shape) for name, _, shape in arrays if not name.startswith(OPTIMIZER))
    print(f"{parameters:,} parameters in {sum(not name.startswith(OPTIMIZER) for name, _, _ in arrays)} arrays")
    return 0


def printable(text: str) -> str:
    """Text of a stranger's file, without what moves the cursor of a terminal or cannot be encoded.

    >>> printable("a\\x1b[2J\\ud800b")
    'a?[2J?b'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def tensors(path: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, type and shape of each array of either kind of file."""
    from npfl_kit.train import weights

    if path.suffix != ".h5":
        return weights.describe(path)
    from npfl_kit.train import h5_weights

    return [(name, "-", shape) for name, shape in h5_weights.shapes(path).items()]


def convert(path: Path, target: Path | None) -> int:
    """Write the same weights in the other format."""
    from npfl_kit.train import conversion

    target = target or other(path)
    conversion.convert(path, target)
    print(f"Written: {target}")
    return 0


def other(path: Path) -> Path:
    """The name of the same weights in the other format.

    >>> print(other(Path("a/b.safetensors")), other(Path("b.weights.h5")), other(Path("b.h5")))
    a/b.weights.h5 b.safetensors b.safetensors
    """
    for ending, replacement in ((SAFE, KERAS), (KERAS, SAFE), (".h5", SAFE)):
        if path.name.endswith(ending):
            return path.with_name(path.name[:-len(ending)] + replacement)
    raise errors.UsageError(f"{path} is neither {SAFE} nor {KERAS}; name the file that `run` has written.")
