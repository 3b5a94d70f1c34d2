"""One run of a lab: its folder, its weights, its results."""
from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import tensorflow as tf

from npfl_kit import errors, files
from npfl_kit.train import checkpoint, fitting, lab_parser, run_folder, weights
from npfl_kit.train.keeping import history_csv

DATA_FLAGS = ("dataset", "column", "train_size", "image_size")      # which say what the data of a lab is


class Run:
    """A run of a lab, made by `npfl_kit.startup`.

    Its folder gets `config.json`, `history.csv`, `weights.safetensors` (of the best epoch), `checkpoint/` (the last
    epoch, for `--resume`), TensorBoard events, and at the end `results.json`, predictions and `plots/`. The folder
    is made when the first file is written, so that a mistake in a flag leaves nothing behind.

    Args:
      args: what a `LabParser` gave.
    """

    def __init__(self, args: argparse.Namespace):
        self.args, self.lab = args, args.lab
        self.folder: Path = args.logdir or run_folder.usual(Path("logs"), args.lab, getattr(args, "changed", {}))
        self.started = time.monotonic()
        self.history: list[dict[str, float]] = []
        self.monitor = "val_accuracy"       # the metric whose best epoch is kept; `fit` sets it
        self.config = {"lab": self.lab, "args": lab_parser.jsonable(args), "versions": versions()}
        chosen = {name: value for name, value in self.config["args"].items() if name not in lab_parser.PLACE_FLAGS}
        self.metadata = {**self.config, "args": chosen, "build": {}}     # weights travel; paths stay at home

    def build(self, build_model: Callable[..., tf.keras.Model], **parts: Any) -> tf.keras.Model:
        """`build_model(args, **parts)`; the parts (JSON values) go into the weights' metadata, to rebuild from.

        Raises: WeightsError when `--predict --weights=FILE` was trained with other parts, say ten classes for two.
        """
        if self.args.predict:
            before = weights.metadata(self.args.weights).get("build", {})
            for name, part in json.loads(json.dumps(parts)).items():
                if before.get(name, part) != part:
                    same = [f"--{flag}={self.metadata['args'][flag]}" for flag in DATA_FLAGS
                            if self.metadata["args"].get(flag) is not None]
                    raise errors.WeightsError(f"{self.args.weights} was trained with {name} = {before[name]}, and the "
                                              f"data has {part}. Predict on the data set it was trained on: "
                                              f"{' '.join(same)}, the same --data_dir.")
        self.metadata["build"] = parts
        return build_model(self.args, **parts)

    def fit(self, model: tf.keras.Model, train, dev: tf.data.Dataset, monitor: str = "val_accuracy",
            callbacks: Sequence[tf.keras.callbacks.Callback] = ()) -> None:
        """Train a compiled model as the flags say, and leave in it the weights of its best epoch.

        With `--predict` only the weights are loaded; with `--weights` training starts from them; with `--resume` it
        goes on after the last finished epoch, to the very numbers of an unbroken run.

        Args:
          train: `npfl_kit.data` training batches: `len()` is steps per epoch, `from_epoch(first, epochs)` the data.
          dev: batches to measure on after each epoch.
          monitor: the metric whose best epoch is kept; "loss", that of the training, nearly always keeps the last one.
          callbacks: further Keras callbacks of the lab.
        Raises: UsageError when the folder holds another run; TrainingError when the loss is no number any more;
          KeyboardInterrupt after Ctrl-C, when all finished epochs are safe.
        """
        self.monitor = monitor
        last = self.folder / run_folder.CHECKPOINT
        goes_on = self.args.resume and last.exists()
        if self.args.weights and not goes_on:
            weights.load(model, self.args.weights)
        if self.args.resume:
            for leftover in self.folder.rglob(".*.part"):       # of a process that was killed while it wrote
                leftover.unlink()
            self.history = checkpoint.restore(model, last) if goes_on else []
            self.write_text("history.csv", history_csv(self.history))   # the process may have died just before it
        else:
            self.folder = run_folder.claim(self.folder, given=self.args.logdir is not None)
        self.write_json("config.json", self.config)
        if self.args.predict:
            return
        if len(self.history) < self.args.epochs:
            fitting.fit(self, model, train, dev, monitor, callbacks)
        best = self.folder / "weights.safetensors"
        if not best.exists():
            raise errors.WeightsError(f"{best} is lost. Those of the last epoch predict too: "
                                      f"{self.command('--predict', f'--weights={last}')}")
        weights.load(model, best)

    def finish(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Write `results.json` and say what to type next.

        Raises: TrainingError when a metric is not finite; nothing is written then.
        """
        numbers = {name: float(value) for name, value in metrics.items()}
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise errors.TrainingError(f"The metric {name} is {value}, not a number; results.json is not written. "
                                           f"Train again with a lower --learning_rate.")
        self.write_json("results.json", {
            "lab": self.lab, "metrics": numbers, "epochs": len(self.history),
            "seconds": round(time.monotonic() - self.started, 3), "versions": self.metadata["versions"]})
        return numbers

    def write_text(self, name: str, text: str) -> Path:
        """Write a file of the run folder, whole or not at all."""
        files.write_text(self.folder / name, text)
        return self.folder / name

    def write_json(self, name: str, value: Any) -> Path:
        """Write a JSON file of the run folder."""
        return self.write_text(name, json.dumps(value, indent=2, allow_nan=False) + "\n")

    def command(self, *flags: str) -> str:
        """A command of this lab for the user to type, quoted for a shell; the data is where it was."""
        return shlex.join(["npfl-kit", "run", self.lab, *flags, *self._place()])

    def next_commands(self, dataset: str, predictions: str | None) -> list[str]:
        """What to type after a run, a line each: score the file of predictions, predict again, look at the curves."""
        evaluate = ["npfl-kit", "evaluate", f"--dataset={dataset}", *self._place(), "--split=test"]
        file = self.args.weights if self.args.predict else self.folder / "weights.safetensors"
        return ["Next:", *([f"  {shlex.join([*evaluate, str(self.folder / predictions)])}"] if predictions else []),
                f"  {self.command('--predict', f'--weights={file}')}",
                f"  {shlex.join(['tensorboard', f'--logdir={self.folder.parent}'])}"]

    def _place(self) -> list[str]:
        given = {name: getattr(self.args, name, None) for name in ("column", "data_dir")}
        return [f"--{name}={value}" for name, value in given.items() if value is not None]


def versions() -> dict[str, str]:
    """Versions that the numbers of a run depend on."""
    packages = {name: installed(name) for name in ("npfl_kit", "tensorflow", "keras", "tensorflow-addons", "numpy")}
    return {"python": ".".join(map(str, sys.version_info[:3])), **packages}
