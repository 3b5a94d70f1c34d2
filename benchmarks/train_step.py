#!/usr/bin/env python3
"""What the harness costs: a training step of the lab beside the same model in a bare `model.fit` on arrays.

Both train the same network on the same MNIST-sized pictures in one process, in turn, and the time of a step is the
median over epochs after the first. The lab's side has everything on: progress, divergence check, checkpoints,
history, TensorBoard and the resumable shuffle. Neither side measures on dev.

Run:    python3 benchmarks/train_step.py            3 minutes; the ratio shall be at most 1.05
"""
import argparse
import contextlib
import io
import pathlib
import statistics
import tempfile
import time

import npfl_kit
import numpy as np
import tensorflow as tf

from npfl_kit import backbones
from npfl_kit.data.batches import TrainBatches
from npfl_kit.losses.smoothed_crossentropy import SmoothedCrossentropy
from npfl_kit.train import fitting
from npfl_kit.train.run import Run

parser = npfl_kit.LabParser(__doc__, lab="train_step", dataset="glyphs", batch_size=64, epochs=1)
parser.add_argument("--model", action="append", help="Network; may be given again.")
parser.add_argument("--examples", default=12_800, type=int)
parser.add_argument("--rounds", default=5, type=int)


class EpochTimes(tf.keras.callbacks.Callback):
    """Wall-clock seconds of each epoch."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)


def compiled(args: argparse.Namespace, name: str) -> tf.keras.Model:
    model = backbones.build(name, [32, 32, 3], 10)
    model.compile(tf.keras.optimizers.Adam(), SmoothedCrossentropy(), metrics=["accuracy"])
    return model


def bare(model: tf.keras.Model, images: np.ndarray, labels: np.ndarray, args: argparse.Namespace) -> float:
    times = EpochTimes()
    model.fit(images, labels, batch_size=args.batch_size, epochs=2, verbose=0, callbacks=[times])
    return times.seconds[-1]


def ours(model: tf.keras.Model, pixels: np.ndarray, labels: np.ndarray, args: argparse.Namespace) -> float:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        args.logdir, args.epochs = pathlib.Path(folder), 2
        times = EpochTimes()
        fitting.fit(Run(args), model, TrainBatches(pixels, labels, args.batch_size, args.seed), None, "loss", [times])
    return times.seconds[-1]


def main(args: argparse.Namespace) -> None:
    npfl_kit.startup(args)
    rng = np.random.default_rng(args.seed)
    pixels = rng.integers(0, 256, [args.examples, 32, 32, 3], np.uint8)
    labels, images = rng.integers(0, 10, args.examples).astype(np.int32), pixels.astype(np.float32) / 255
    for name in args.model or ["lenet5", "resnet20"]:
        models = compiled(args, name), compiled(args, name)
        pairs = [(ours(models[0], pixels, labels, args), bare(models[1], images, labels, args))
                 for _ in range(args.rounds)]
        steps = -(-args.examples // args.batch_size)
        kit, keras = (statistics.median(times) / steps * 1000 for times in zip(*pairs))
        ratio = statistics.median(kit / keras for kit, keras in pairs)
        print(f"{name}: {kit:.2f} ms a step with the kit, {keras:.2f} ms in a bare fit; ratio {ratio:.3f} "
              f"(median of {args.rounds} pairs)", flush=True)


if __name__ == "__main__":
    main(parser.parse_args())
