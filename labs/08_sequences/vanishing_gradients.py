#!/usr/bin/env python3
"""Why the basic cell forgets: every step multiplies the gradient once more, and a power vanishes or explodes.

In the basic cell, h_t = tanh(h_{t-1} U + x_t V + b), d h_T / d h_{T-d} is a product of d factors U diag(1 - h_t^2).
Its norm is at most (gamma lambda_max)^d, with gamma = 1, the steepest slope of tanh, and lambda_max, the largest
eigenvalue of U (a multiple of an orthogonal matrix here). LSTM and GRU keep their state by a gate, c_t = f c_{t-1}
+ ..., and on the way back f is the factor: it is near 1 where the gate is open, and it is learned.

Run:    python3 labs/08_sequences/vanishing_gradients.py      80 s on 4 CPU cores, remembered: basic 0.12, LSTM 1.00
        then look at plots/vanishing_gradients.png in the run's folder; guessing remembers 0.125
Try:    --cells LSTM --memory=2: its gates are half open at first, 0.28; --cells GRU, 1.00
        --cells basic --learning_rate=0.002, a lower rate suits it better: 0.24; and with --blank=5: 1.00
Read:   Bengio et al. 1994, https://doi.org/10.1109/72.279181, Sec. IV; Pascanu et al. 2013,
        https://arxiv.org/abs/1211.5063, Sec. 2; the task: Arjovsky et al. 2016, https://arxiv.org/abs/1511.06464, 5.1
"""
import argparse
import functools
import math

import npfl_kit
import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import epochs
from npfl_kit.train import memory_plots, plots
from npfl_kit.train.lab_parser import amount, between, positive

parser = npfl_kit.LabParser(__doc__, lab="vanishing_gradients", dataset="copy_memory", batch_size=64, epochs=25)
parser.add_argument("--blank", default=20, type=positive, help="Steps T over which the symbols must be remembered.")
parser.add_argument("--cells", default=["basic", "LSTM"], nargs="+", choices=["basic", "LSTM", "GRU"],
                    help="Which are trained to copy.")
parser.add_argument("--distance", default=100, type=between(int, 1, 301), help="Steps to follow gradients back.")
parser.add_argument("--learning_rate", default=0.02, type=amount, help="Highest learning rate of Adam.")
parser.add_argument("--memory", type=between(int, 2), help="Steps that gates are open for at first, at most; as long "
                    "as a sequence when not given. 2: half open, as with biases of 0.")
parser.add_argument("--radius", default=[1.0, 0.8, 2.0], nargs="+", type=between(float, 0, 10),
                    help="|eigenvalues| of the basic cell's U; the first is trained.")
parser.add_argument("--symbols", default=5, type=positive, help="Symbols K to remember, each one of 8.")
parser.add_argument("--units", default=128, type=positive, help="Units of each cell.")

BLANK, MARK, KINDS = 0, 9, 10           # between them the symbols, 1 to 8


def copy_memory(seed, args, count):                                 # -> one-hot [B, 2 K + T, 10], int32 [B, 2 K + T]
    """K symbols, T steps until a mark, K steps to repeat the symbols in; before those the answer is a blank."""
    symbols = tf.random.stateless_uniform([count, args.symbols], seed, 1, MARK, tf.int32)
    blanks = tf.fill([count, args.blank + args.symbols], BLANK)
    inputs = tf.concat([symbols, blanks[:, 1:args.blank], tf.fill([count, 1], MARK), blanks[:, args.blank:]], axis=1)
    targets = tf.concat([blanks, symbols], axis=1)
    return tf.one_hot(inputs, KINDS), {name: targets for name in args.cells}


class FreshSequences(epochs.Epochs):                                # for training; none is seen twice
    UNIT = "sequences"

    def __init__(self, args):
        super().__init__(args.train_size or 50 * args.batch_size, args.batch_size, args.seed)
        self.args = args

    def epoch(self, number):
        def batch(step):                                            # of the seed and the step alone
            seed = tf.random.experimental.stateless_fold_in([self.seed, 0], step)
            return copy_memory(seed, self.args, self.batch_size)
        return tf.data.Dataset.range(number * len(self), (number + 1) * len(self)).map(batch)


def make_cell(name, args, radius=1.0, memory=None, dtype="float32"):
    """A cell; a gate keeps its unit for 1 / (1 - sigmoid(bias)) steps on the average, one 2 steps, one `memory`."""
    # Exercise: a basic cell of that radius, an LSTM and a GRU whose gates keep their units for 2 to `memory` steps.
    memory = memory or args.memory or args.blank + 2 * args.symbols
    keep, zeros = tf.math.log(tf.linspace(1.0, memory - 1.0, args.units)), tf.zeros(args.units)
    common = {"dtype": dtype, "kernel_initializer": tf.initializers.GlorotUniform(args.seed),
              "recurrent_initializer": tf.initializers.Orthogonal(radius, args.seed)}           # U U^T = radius^2 I
    if name == "basic":
        return tf.keras.layers.SimpleRNNCell(args.units, **common)
    if name == "LSTM":                                              # biases of the gates i, f, c, o
        bias = tf.concat([-keep, keep, zeros, zeros], axis=0)
        return tf.keras.layers.LSTMCell(args.units, unit_forget_bias=False, **common,
                                        bias_initializer=lambda shape, dtype=None: tf.cast(bias, dtype))
    bias = tf.concat([keep, zeros, zeros], axis=0)                  # of z, r, h; each of two biases has its half
    return tf.keras.layers.GRUCell(args.units, **common, bias_initializer=lambda shape, dtype=None: tf.cast(
        tf.broadcast_to(bias / 2, shape), dtype))


def gradient_norms(cell, inputs, seed):                             # [B, T, D] -> [T + 1]
    """|d (h_T . v) / d state_{T-d}| for d = 0 to T and random unit vectors v: the root of the mean square over B."""
    # Exercise: run the cell on the inputs, watch its states, and follow the gradient back to each of them.
    sizes = tf.nest.flatten(cell.state_size)                        # the state is h; of an LSTM h and c
    v = tf.random.stateless_normal([len(inputs), cell.units], [seed, 2], dtype=inputs.dtype)
    v = tf.math.l2_normalize(v, axis=-1)
    with tf.GradientTape() as tape:
        states = [[tf.zeros([len(inputs), size], inputs.dtype) for size in sizes]]
        tape.watch(states)
        for x in tf.unstack(inputs, axis=1):
            _, state = cell(x, states[-1])
            states.append([tf.identity(each) for each in state])    # so that h_t and c_t are varied one by one
        output = tf.reduce_sum(states[-1][0] * v)
    gradients = tape.gradient(output, states, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    squares = [sum(np.sum(np.square(each), axis=-1) for each in state) for state in gradients]
    return np.sqrt(np.mean(squares, axis=-1))[::-1]


def measure(args):                                                  # by name, [distance + 1] each
    """Norms of untrained cells that read random symbols, and what the basic cell's cannot exceed."""
    symbols = tf.random.stateless_uniform([32, args.distance], [args.seed, 3], 0, KINDS, tf.int32)
    cell = functools.partial(make_cell, args=args, dtype="float64")         # 10 ** 300 does not overflow
    cells = {**{basic_name(radius): cell("basic", radius=radius) for radius in args.radius},
             "LSTM, half open": cell("LSTM", memory=2), "LSTM": cell("LSTM"), "GRU": cell("GRU")}
    norms = {name: gradient_norms(cell, tf.one_hot(symbols, KINDS, dtype=tf.float64), args.seed)
             for name, cell in cells.items()}
    return norms, {basic_name(radius): radius ** np.arange(args.distance + 1.0) for radius in args.radius}


def basic_name(radius):
    return f"basic, radius {radius:g}"


def build_model(args: argparse.Namespace) -> tf.keras.Model:        # all cells learn at once, and share nothing
    inputs = tf.keras.Input([args.blank + 2 * args.symbols, KINDS])
    hidden = {name: tf.keras.layers.RNN(make_cell(name, args, args.radius[0]), return_sequences=True,
                                        dtype="float32", name=f"{name}_cell")(inputs) for name in args.cells}
    return tf.keras.Model(inputs, {name: tf.keras.layers.Dense(MARK, name=name, dtype="float32")(each)
                                   for name, each in hidden.items()})


def main(args: argparse.Namespace) -> dict[str, float]:
    if args.dataset != "copy_memory":
        raise errors.unknown("data set of this lab", args.dataset, ["copy_memory"])
    run = npfl_kit.startup(args)
    norms, bounds = measure(args)
    model, train = run.build(build_model), FreshSequences(args)
    dev = tf.data.Dataset.from_tensor_slices(copy_memory([args.seed, 1], args, 512)).batch(args.batch_size)

    def remembered(targets, logits, asked=args.symbols):            # share of the symbols that are repeated rightly
        return tf.keras.metrics.sparse_categorical_accuracy(targets[:, -asked:], logits[:, -asked:])

    rate = tf.optimizers.schedules.CosineDecay(args.learning_rate, args.epochs * len(train))
    loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.optimizers.Adam(rate, clipnorm=1.0), {name: loss for name in args.cells},
                  {name: remembered for name in args.cells}, jit_compile=args.jit)
    run.fit(model, train, dev, monitor="val_loss")

    guessing = args.symbols * math.log(MARK - 1) / (args.blank + 2 * args.symbols)
    metrics = {f"val_{name}": value for name, value in model.evaluate(dev, verbose=0, return_dict=True).items()}
    metrics = run.finish({**metrics, "guessing_loss": guessing, **{
        f"gradient_{name.replace(', ', '_').replace(' ', '_')}": values[-1] for name, values in norms.items()}})
    if run.history:
        names = {name: basic_name(args.radius[0]) if name == "basic" else name for name in args.cells}
        losses = {shown: [logs.get(f"val_{name}_loss", logs["val_loss"]) for logs in run.history]
                  for name, shown in names.items()}
        picture = memory_plots.gradients_and_losses(
            norms, bounds, len(train) * np.arange(1, len(run.history) + 1), losses, guessing,
            f"Remember {args.symbols} symbols over {args.blank} steps")
        print(f"Look at  {plots.save(picture, run.folder / 'plots' / 'vanishing_gradients.png')}")
    return metrics


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
