"""One live line for each epoch: how far, how long still, and how well; plain lines when nobody watches."""
from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from typing import TextIO

import tensorflow as tf

BAR = 20              # characters
SECONDS_BETWEEN = 0.2


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(4.26), duration(61), duration(7384)
    ('4.3s', '1:01', '2:03:04')
    """
    if seconds < 60:
        return f"{seconds:.1f}s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bar(fraction: float) -> str:
    """How much is done, drawn.

    >>> bar(0.25)
    '[=====               ]'
    """
    done = round(BAR * fraction)
    return f"[{'=' * done}{' ' * (BAR - done)}]"


def metrics_text(logs: Mapping[str, float]) -> str:
    """Metrics by name, loss first.

    >>> metrics_text({"accuracy": 0.5, "loss": 1.25, "val_accuracy": 0.25})
    'loss 1.2500  accuracy 0.5000  val_accuracy 0.2500'
    """
    ordered = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss"), name))
    return "  ".join(f"{name} {logs[name]:.4f}" for name in ordered)


class Progress(tf.keras.callbacks.Callback):
    """Print the progress of `fit`.

    On a terminal, the line of the running epoch is rewritten a few times a second with a bar, the time left of the
    whole training, the metrics so far and the speed; each finished epoch leaves one line. Elsewhere only the
    finished epochs are printed.

    Args:
      steps, epochs: int, steps in an epoch and epochs in all.
      examples: int, of training, in an epoch.
      unit: what an example is, in the plural.
      stream: where to print; standard output when not given.
    """

    _supports_tf_logs = True     # metrics stay tensors, and a step does not wait for them

    def __init__(self, steps: int, epochs: int, examples: int, unit: str = "images", stream: TextIO | None = None):
        super().__init__()
        self.steps, self.epochs, self.examples, self.unit = steps, epochs, examples, unit
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()

    def on_train_begin(self, logs=None) -> None:
        self.started, self.steps_done, self.shown, self.first = time.monotonic(), 0, 0.0, -1

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self.epoch, self.epoch_started = epoch, time.monotonic()
        self.first = epoch if self.first < 0 else self.first

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        self.steps_done += 1
        if self.live and time.monotonic() - self.shown > SECONDS_BETWEEN:
            self.shown = time.monotonic()
            step, seconds = batch + 1, self.shown - self.epoch_started
            text = metrics_text({name: float(value) for name, value in (logs or {}).items()})
            self._rewrite(f"{self._heading()} {bar(step / self.steps)} {self._left()} left  {text}  "
                          f"{self.examples * step / self.steps / seconds:,.0f} {self.unit}/s")

    def on_test_begin(self, logs=None) -> None:
        if self.live and hasattr(self, "epoch"):
            self._rewrite(f"{self._heading()} {bar(1)} measuring on dev ...")

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        seconds = time.monotonic() - self.epoch_started
        text = metrics_text({name: float(value) for name, value in (logs or {}).items()})
        left = f"  {self._left()} left" if epoch + 1 < self.epochs else ""
        self._rewrite("")
        print(f"{self._heading()}  {duration(seconds)}  {text}  {self.examples / seconds:,.0f} {self.unit}/s{left}",
              file=self.stream, flush=True)

    def _heading(self) -> str:
        width = len(str(self.epochs))
        return f"Epoch {self.epoch + 1:{width}}/{self.epochs}"

    def _left(self) -> str:
        """Time to the end of training, from the steps done by this process."""
        steps_left = (self.epochs - self.first) * self.steps - self.steps_done
        return duration((time.monotonic() - self.started) / self.steps_done * max(0, steps_left))

    def _rewrite(self, text: str) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\x1b[K{text[:width]}")
            self.stream.flush()
