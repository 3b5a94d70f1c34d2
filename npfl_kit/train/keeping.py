"""What a run keeps after each epoch: the state to resume from, the best weights, the history."""
from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from npfl_kit import files
from npfl_kit.train import checkpoint, weights


def history_csv(history: Sequence[dict[str, float]]) -> str:
    """One line for each epoch, counted from 1; columns as Keras names its metrics.

    >>> print(history_csv([{"loss": 0.5, "val_loss": 0.75}]), end="")
    epoch,loss,val_loss
    1,0.5,0.75
    """
    columns = list(dict.fromkeys(name for logs in history for name in logs))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"epoch": epoch, **logs} for epoch, logs in enumerate(history, start=1))
    return text.getvalue()


def best_epoch(history: Sequence[dict[str, float]], monitor: str) -> int:
    """Index of the best epoch: the highest `monitor`, or the lowest if it is a loss or nats; the earliest of equals.

    An epoch in which it was not measured is never the best, unless it is none of them yet.

    >>> best_epoch([{"val_accuracy": 0.5}, {"val_accuracy": 0.75}, {"val_accuracy": 0.75}], "val_accuracy")
    1
    """
    sign = -1 if monitor.endswith(("loss", "nats")) else 1
    values = [sign * logs[monitor] if monitor in logs else -math.inf for logs in history]
    return values.index(max(values))


class KeepEachEpoch(tf.keras.callbacks.Callback):
    """Write `weights.safetensors` when the epoch is the best yet, then `checkpoint/last.safetensors`, `history.csv`.

    In this order a process that is killed between two files redoes the epoch and writes the same bytes again.

    Args:
      folder: the run folder.
      metadata: JSON values for the weights files.
      history: metrics of the epochs before this training; the list grows.
      monitor: the metric that says which epoch is best.
    """

    def __init__(self, folder: Path, metadata: dict[str, Any], history: list[dict[str, float]], monitor: str):
        super().__init__()
        self.folder, self.metadata, self.history, self.monitor = folder, metadata, history, monitor

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        metadata = {**self.metadata, "epoch": epoch + 1, "metrics": self.history[-1]}
        if best_epoch(self.history, self.monitor) == epoch:
            weights.save(self.model, self.folder / "weights.safetensors", metadata)
        checkpoint.save(self.model, self.folder / "checkpoint" / "last.safetensors", metadata, self.history)
        files.write_text(self.folder / "history.csv", history_csv(self.history))
