#!/usr/bin/env python3
"""Parity: after each step of a sequence of zeros and ones, has the number of ones so far been odd?

One bit is all there is to remember, but no step may lose it: the answer changes with every one that came before. All
cells guess for some epochs, until gradients from far away have found the rule; then accuracy leaps from 0.5 to 1.

Run:    python3 labs/08_sequences/sequence_classification.py --epochs=5   1 minute on 4 CPU cores, val_accuracy 1.000
Tiny:   --train_sequences=1000 --sequence_length=20 --epochs=5               as published, all near chance: 0.538
Try:    --rnn=GRU, --rnn=SimpleRNN; the same with --learning_rate=0.003      0.9996, 0.53 (1.000 after 7 epochs); 1.000
        --predict --weights=FILE --sequence_length=500                       has it learned a rule, or 50 steps?
Read:   Hochreiter and Schmidhuber 1997, Long Short-Term Memory, https://doi.org/10.1162/neco.1997.9.8.1735, Sec. 3, 4;
        Pascanu et al. 2013, https://arxiv.org/abs/1211.5063, Sec. 3.2: clipping of gradients
"""
import argparse

import npfl_kit
import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import array_batches, parity
from npfl_kit.scoring import tag_lines
from npfl_kit.train import keeping, plots
from npfl_kit.train.lab_parser import amount, count, positive

CELLS = {"SimpleRNN": tf.keras.layers.SimpleRNN, "LSTM": tf.keras.layers.LSTM, "GRU": tf.keras.layers.GRU}
SHOWN = 1, 2, 3, 5, 10, 20, 50, 100, 200, 500      # steps whose accuracy is printed

parser = npfl_kit.LabParser(__doc__, lab="sequence_classification", dataset="parity", batch_size=16, epochs=20)
parser.add_argument("--clip_gradient", type=amount, help="Highest norm of a gradient; any when not given.")
parser.add_argument("--clip_norm", default="variable", choices=["global", "variable"], help="What --clip_gradient "
                    "limits: the norm of all gradients together (course to 2021), or of each one (since 2022).")
parser.add_argument("--hidden_layer", default=0, type=count, help="Units of a ReLU layer after the cell; 0 is none.")
parser.add_argument("--learning_rate", default=0.001, type=amount, help="Learning rate of Adam.")
parser.add_argument("--rnn", "--rnn_cell", default="LSTM", choices=[*CELLS], help="Which cell.")
parser.add_argument("--rnn_dim", "--rnn_cell_dim", default=10, type=positive, help="Units of the cell.")
parser.add_argument("--sequence_dim", default=1, type=positive, help="D numbers, one-hot; 1: 0 and 1 as they are.")
parser.add_argument("--sequence_length", default=50, type=positive, help="Steps of a sequence.")
parser.add_argument("--test_sequences", default=1000, type=positive, help="Sequences to measure on.")
parser.add_argument("--train_sequences", default=10_000, type=positive, help="Sequences to train on.")


def build_model(args: argparse.Namespace, dimension: int) -> tf.keras.Model:
    # Exercise: the cell, a hidden layer if there is one, and a logit for each step.
    numbers = tf.keras.Input([None, dimension], name="numbers")                                 # [B, T, D], any T
    layer = CELLS[args.rnn](args.rnn_dim, return_sequences=True, name="cell")
    hidden = layer(numbers)                                                                     # [B, T, rnn_dim]
    if args.hidden_layer:
        hidden = tf.keras.layers.Dense(args.hidden_layer, activation="relu", name="hidden")(hidden)
    logits = tf.keras.layers.Dense(1, dtype="float32", name="logits")(hidden)                   # [B, T, 1]
    return tf.keras.Model(numbers, logits)


def optimizer(args: argparse.Namespace) -> tf.keras.optimizers.Optimizer:
    """g <- g min(1, clip / |g|) with g all gradients together, which keeps their direction, or one of them."""
    # Exercise: Adam that limits the norm of gradients as the flags say.
    norm = {"global": "global_clipnorm", "variable": "clipnorm"}[args.clip_norm]
    return tf.optimizers.Adam(args.learning_rate, **({norm: args.clip_gradient} if args.clip_gradient else {}))


def sequences(args: argparse.Namespace) -> tuple:
    """Sequences to train on and to measure on, each with its answers; of the course, whatever --seed is."""
    if args.dataset != "parity":
        raise errors.unknown("data set of this lab", args.dataset, ["parity"])
    most = args.train_sequences if args.train_size is None else args.train_size
    if most > args.train_sequences:
        raise errors.UsageError(f"--train_size={most} is more than --train_sequences={args.train_sequences}.")
    size = args.sequence_length, args.sequence_dim
    train = parity.sequences(args.train_sequences, *size, parity.TRAIN_SEED)
    return [array[:most] for array in train], parity.sequences(args.test_sequences, *size, parity.TEST_SEED)


def report(run, model: tf.keras.Model, numbers: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    """Predict with the kept weights; write the answers, 0 or 1 a line, the results and the learning curves."""
    logits = model.predict(array_batches.in_order([numbers], run.args.batch_size), verbose=0).astype(np.float64)
    answers = logits > 0                                                                        # [N, T, 1]
    right, loss = answers == gold, np.mean(np.logaddexp(0, np.where(gold, -logits, logits)))
    run.write_text("predictions.txt", tag_lines.write([list(map(str, row)) for row in answers[..., 0].astype(int)]))
    metrics = run.finish({"val_accuracy": right.mean(), "val_loss": loss, "val_sequences": right.all(axis=1).mean()})
    if run.history:
        curves = plots.learning_curves(run.history, keeping.best_epoch(run.history, run.monitor))
        plots.save(curves, run.folder / "plots" / "learning_curves.png")
    at = (f"{step}: {right[:, step - 1].mean():.3f}" for step in SHOWN if step <= right.shape[1])
    print("Accuracy at step " + ", ".join(at), f"Accuracy {metrics['val_accuracy']:.2%} of all steps; "
          f"{metrics['val_sequences']:.2%} of {len(gold):,} sequences are right at every step.",
          *run.next_commands("parity", None), sep="\n")
    return metrics


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    train, (numbers, gold) = sequences(args)
    model = run.build(build_model, dimension=args.sequence_dim)
    model.compile(optimizer(args), tf.losses.BinaryCrossentropy(from_logits=True),
                  metrics=[tf.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)], jit_compile=args.jit)
    run.fit(model, array_batches.ArrayTrainBatches(train, args.batch_size, args.seed, "sequences"),
            array_batches.in_order([numbers, gold], args.batch_size))
    return report(run, model, numbers, gold)


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
