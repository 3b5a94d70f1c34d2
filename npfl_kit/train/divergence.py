"""Stop a training whose loss is no number any more, and say why."""
from __future__ import annotations

import time

import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import weights

SECONDS_BETWEEN = 1.0


class StopWhenNotFinite(tf.keras.callbacks.Callback):
    """Raise a TrainingError when the loss becomes NaN or infinite.

    The running mean of the loss keeps a NaN once it was there, so it is enough to look now and then and at the end
    of an epoch: a step does not wait for it.

    Args:
      advice: str, where the last good weights are and what to type next.
    """

    _supports_tf_logs = True

    def __init__(self, advice: str):
        super().__init__()
        self.advice, self.looked = advice, 0.0

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        if time.monotonic() - self.looked > SECONDS_BETWEEN:
            self.looked = time.monotonic()
            self.check(batch, logs)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        self.check(self.params.get("steps", 0), logs)

    def check(self, step: int, logs) -> None:
        """Raise when the loss in `logs` is not finite."""
        loss = float((logs or {}).get("loss", 0.0))
        if np.isfinite(loss):
            return
        broken = [name for name, variable in weights.named_variables(self.model).items()
                  if not np.all(np.isfinite(tf.cast(variable, tf.float32)))]
        where = f"these weights are no longer finite: {weights.shown(broken)}" if broken else "all weights are finite"
        rate = self.model.optimizer.learning_rate
        rate = float(rate(self.model.optimizer.iterations) if callable(rate) else rate)
        raise errors.TrainingError(f"The loss became {loss} in epoch {self.epoch + 1}, at step {step + 1} or shortly "
                                   f"before, at learning rate {rate:.3g}; {where}. {self.advice}")
