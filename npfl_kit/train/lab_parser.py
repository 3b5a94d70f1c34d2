"""The command line of a lab: the flags that every lab has, and where their defaults come from."""
from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from npfl_kit import errors
from npfl_kit.train import weights

# Flags that say where and how to run, not what is computed: a resumed run keeps them unless they are given anew.
PLACE_FLAGS = frozenset({"backbone_weights", "data_dir", "debug", "logdir", "predict", "resume", "threads", "weights"})
NEVER_KEPT = frozenset({"lab", "logdir", "predict", "resume"})


class HelpFormatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """The lab's header as it is written, and each flag with its default where it has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


class LabParser(argparse.ArgumentParser):
    """An `ArgumentParser` with the flags of every lab.

    `--resume=FOLDER` and `--predict --weights=FILE` need no other flag: the arguments of that run are taken as the
    defaults. A flag that contradicts the run to resume is refused.

    Args:
      doc: the lab's docstring, shown by `--help`.
      lab: str, the lab's name; it names run folders and marks weights.
      dataset: str, the offline default.
      batch_size, epochs: int >= 1, the lab's own defaults.
      train_size: optional int, examples of the training set to use; None is all of them.
      epilog: optional str, shown below the flags.
    """

    def __init__(self, doc: str | None, lab: str, dataset: str, batch_size: int, epochs: int,
                 train_size: int | None = None, epilog: str | None = None):
        super().__init__(description=doc, epilog=epilog, formatter_class=HelpFormatter, allow_abbrev=False)
        self.set_defaults(lab=lab)
        flag = argparse.BooleanOptionalAction
        every = self.add_argument_group("flags of every lab")
        add = every.add_argument
        add("--batch_size", default=batch_size, type=positive, help="Examples in one training step.")
        add("--data_dir", default=None, type=place, help="Folder that holds the data set's files.")
        add("--dataset", default=dataset, help="Data set; `npfl-kit data list` shows them.")
        add("--debug", default=False, action=flag, help="Run without graphs: slow, with readable tracebacks.")
        add("--epochs", default=epochs, type=positive, help="Passes over the training set.")
        add("--jit", default=False, action=flag, help="Compile the training step with XLA.")
        add("--logdir", default=None, type=place, help="Run folder; made up under logs/ when not given.")
        add("--mixed_precision", default=False, action=flag, help="16-bit layers: float16 on a GPU, else bfloat16.")
        add("--predict", default=False, action=flag, help="Train nothing: evaluate --weights and write predictions.")
        add("--resume", default=None, type=place, metavar="FOLDER", help="Run folder of a stopped training, to go on.")
        add("--seed", default=42, type=between(int, 0, 2**32), help="Seed of all randomness.")
        add("--threads", default=0, type=count, help="CPU threads; 0 uses all cores.")
        add("--train_size", default=train_size, type=positive, help="Train on this many examples; all when not given.")
        add("--weights", default=None, type=place, metavar="FILE", help="Weights to start from, or to predict with.")

    def error(self, message: str):  # type: ignore[override]
        """Raise UsageError, one sentence, where argparse would print the usage of thirty flags before it."""
        raise errors.UsageError(f"{message}. All flags are shown by: npfl-kit run {self.get_default('lab')} --help")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[override]
        """Parse; then parse again with the arguments of the run that `--resume` or `--predict` names as defaults."""
        parsed, rest = super().parse_known_args(args, namespace)
        past = self._arguments_of_past_run(parsed)
        usual = {name: self.get_default(name) for name in past}
        try:
            self.set_defaults(**past)
            parsed, rest = super().parse_known_args(args, namespace)
        finally:
            self.set_defaults(**usual)
        if parsed.resume:
            refuse_contradictions(parsed, past)
            parsed.logdir = parsed.resume
        changed = {name: value for name, value in vars(parsed).items() if value != self.get_default(name)}
        parsed.changed = {name: value for name, value in changed.items() if name not in PLACE_FLAGS}
        return parsed, rest

    def _arguments_of_past_run(self, args: argparse.Namespace) -> dict[str, Any]:
        if args.resume and args.predict:
            raise errors.UsageError("--resume goes on with a training and --predict trains nothing; leave one out: "
                                    f"--predict --weights={args.resume / 'weights.safetensors'}.")
        if args.resume:
            source, past = args.resume, read_config(args.resume)
        elif args.predict:
            if not args.weights:
                raise errors.UsageError("--predict needs the weights to predict with; add --weights=FILE, for example "
                                        f"logs/{args.lab}-.../weights.safetensors.")
            source, past = args.weights, weights.metadata(args.weights)
        else:
            return {}
        if past.get("lab") not in (None, args.lab):
            raise errors.UsageError(f"{source} belongs to the lab {past['lab']}, not to {args.lab}; "
                                    f"type: npfl-kit run {past['lab']} with the same flags.")
        known = vars(args).keys() - NEVER_KEPT - (frozenset() if args.resume else PLACE_FLAGS)
        kept = {name: value for name, value in past.get("args", {}).items() if name in known}
        if args.predict and args.dataset not in (self.get_default("dataset"), kept.get("dataset")):
            kept["train_size"] = None       # that of another data set
        return kept


def place(text: str) -> Path:
    """A path; `~`, which shells leave alone inside a flag, is the home folder."""
    return Path(text).expanduser()


def between(kind: Callable[[str], Any], low: float, high: float = math.inf) -> Callable[[str], Any]:
    """For argparse, a number of one kind (int or float) in `[low, high)`; nan and inf are in no range."""
    def parse(text: str) -> Any:
        number = kind(text)
        if not low <= number < high:
            limits = f"at least {low}" + (f" and below {high}" if high < math.inf else " and finite")
            raise argparse.ArgumentTypeError(f"must be {limits}, got {text}")
        return number

    parse.__name__ = kind.__name__      # argparse says "invalid int value: 'two'"
    parse.__doc__ = f"A number of type {kind.__name__} in [{low}, {high}) out of its text."
    return parse


positive, count = between(int, 1), between(int, 0)
rate, amount = between(float, 0, 1), between(float, 0)


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a run folder: {"lab", "args", "versions"}."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise errors.UsageError(f"{folder} is no run folder: it has no config.json. Give the folder of a run, "
                                f"for example --resume=logs/LAB-DATE.") from None
    except (OSError, ValueError) as error:
        raise errors.UsageError(f"{folder / 'config.json'} cannot be read: {error}.") from None
    if not (isinstance(config, dict) and isinstance(config.get("lab"), str) and isinstance(config.get("args"), dict)):
        raise errors.UsageError(f"{folder / 'config.json'} is not the configuration of a run; it was changed by hand.")
    if config["args"].get("predict"):
        raise errors.UsageError(f"{folder} holds predictions of {config['args'].get('weights')}, not a training; "
                                f"give the folder of a training.")
    return config


def refuse_contradictions(args: argparse.Namespace, past: dict[str, Any]) -> None:
    """Raise UsageError where a given flag differs from the run that is resumed."""
    for name, before in sorted(past.items()):
        given = getattr(args, name)
        if given != before and name not in PLACE_FLAGS:
            raise errors.UsageError(f"The run in {args.resume} was started with --{name}={before}, and now came "
                                    f"--{name}={given}. Leave the flag out to continue, or start a new run.")


def jsonable(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments as JSON values: paths absolute and as text, without what the parser added for itself."""
    return {name: str(value.absolute()) if isinstance(value, Path) else value
            for name, value in sorted(vars(args).items()) if name not in ("lab", "changed")}
