"""Optimizers and learning-rate schedules by the names that flags use."""
from __future__ import annotations

import argparse
from collections.abc import Callable

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train.fused_adam import FusedAdam
from npfl_kit.train.lab_parser import amount

OPTIMIZERS: dict[str, Callable[..., tf.keras.optimizers.Optimizer]] = {
    "adam": FusedAdam,
    "adamw": FusedAdam,     # for the decay of weights is decoupled in every one
    "rmsprop": tf.keras.optimizers.RMSprop,
    "sgd": lambda *args, **kwargs: tf.keras.optimizers.SGD(*args, momentum=0.9, nesterov=True, **kwargs),
}
DECAYS = ("cosine", "none", "piecewise")


def add_arguments(parser: argparse.ArgumentParser, optimizer: str, learning_rate: float, decay: str,
                  weight_decay: float = 0.0, warmup: float = 0.0) -> None:
    """Add `--optimizer --learning_rate --decay --warmup --weight_decay` to a lab, with the lab's defaults."""
    group = parser.add_argument_group("optimizer")
    group.add_argument("--decay", default=decay, choices=DECAYS, help="Learning rate over time.")
    group.add_argument("--learning_rate", default=learning_rate, type=amount, help="Highest learning rate.")
    group.add_argument("--optimizer", default=optimizer, choices=sorted(OPTIMIZERS), help="sgd has Nesterov momentum.")
    group.add_argument("--warmup", default=warmup, type=amount, help="Epochs in which the learning rate rises from 0.")
    group.add_argument("--weight_decay", default=weight_decay, type=amount, help="Decay of kernels, decoupled.")


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class Schedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then a decay to (nearly) nothing.

    Args:
      learning_rate: float, the highest rate.
      decay: `cosine` falls to 0 at the last step along half a cosine; `piecewise` divides by 10 at 1/2 and at 3/4
        of all steps; `none` stays.
      steps: int, all steps of the training.
      warmup_steps: int, the steps in which the rate rises linearly from 0.
    Call arguments:
      step: int scalar, counted from 0.
    Returns: float32 scalar.
    Source: Loshchilov and Hutter 2017, SGDR, Eq. 5, without restarts; He et al. 2016, Sec. 4.2, for piecewise;
      Goyal et al. 2017, Sec. 2.2, for the warm-up.
    """

    def __init__(self, learning_rate: float, decay: str, steps: int, warmup_steps: int = 0):
        if decay not in DECAYS:
            raise errors.unknown("decay", decay, DECAYS)
        self.learning_rate, self.decay, self.steps, self.warmup_steps = learning_rate, decay, steps, warmup_steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        after = tf.maximum(step - self.warmup_steps, 0.0)
        done = tf.minimum(after / max(1, self.steps - self.warmup_steps), 1.0)       # in [0, 1]
        if self.decay == "cosine":
            rate = self.learning_rate * (1 + tf.cos(3.14159265 * done)) / 2
        elif self.decay == "piecewise":
            rate = self.learning_rate * 0.1 ** (tf.cast(done >= 0.5, tf.float32) + tf.cast(done >= 0.75, tf.float32))
        else:
            rate = tf.constant(self.learning_rate)
        warming = tf.minimum((step + 1) / max(1, self.warmup_steps), 1.0)
        return rate * warming if self.warmup_steps else rate

    def get_config(self):
        return {"learning_rate": self.learning_rate, "decay": self.decay, "steps": self.steps,
                "warmup_steps": self.warmup_steps}


def optimizer(args: argparse.Namespace, model: tf.keras.Model, steps_per_epoch: int) -> tf.keras.optimizers.Optimizer:
    """The optimizer that the flags of `add_arguments` describe.

    Weight decay touches kernels only: biases, and scales and offsets of normalization, are left out.
    It is the decoupled one of Loshchilov and Hutter 2019 in every optimizer: w -= rate * weight_decay * w.
    """
    schedule = Schedule(args.learning_rate, args.decay, steps_per_epoch * args.epochs,
                        round(args.warmup * steps_per_epoch))
    chosen = OPTIMIZERS[args.optimizer](schedule, weight_decay=args.weight_decay or None, jit_compile=False)
    if args.weight_decay:
        chosen.exclude_from_weight_decay([weight for weight in model.trainable_weights if len(weight.shape) < 2])
    return chosen
