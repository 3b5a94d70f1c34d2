#!/usr/bin/env python3
"""An LSTM in NumPy, and its gradients, carried back through time by hand.

The state c is kept by a sum, c_t = f_t c_{t-1} + i_t g_t; so on the way back dL/dc is multiplied by a gate alone,
f_t, and not by a matrix. That is why the gradient arrives.

Run:    python3 labs/08_sequences/lstm_manual.py --verify     40 s on 4 CPU cores, parity: val_accuracy 1.000
Try:    --sequence_length=50; change a sign in `backward` and run --verify
        0 * dh for `d_gates @ U.T`: only c carries gradients back, as in 1997; 1.000, an epoch later
Read:   Gers et al. 2000, Learning to Forget, https://doi.org/10.1162/089976600300015015
        Werbos 1990, Backpropagation Through Time, https://doi.org/10.1109/5.58337
"""
import argparse

import npfl_kit
import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import array_batches, parity
from npfl_kit.scoring import tag_lines
from npfl_kit.train import keeping, plots
from npfl_kit.train.lab_parser import amount, positive

parser = npfl_kit.LabParser(__doc__, lab="lstm_manual", dataset="parity", batch_size=16, epochs=4)
parser.add_argument("--learning_rate", default=0.003, type=amount, help="Learning rate of Adam.")
parser.add_argument("--rnn_dim", default=10, type=positive, help="Units of the LSTM.")
parser.add_argument("--sequence_length", default=30, type=positive, help="Steps of a sequence.")
parser.add_argument("--verify", action="store_true", help="First compare all gradients with Keras.")


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)                         # 1 / (1 + exp(-x)), without an overflow


def forward(x, V, U, b):                                        # [B, T, D], [D, 4 H], [H, 4 H], [4 H] -> [B, T, H]
    """i, f, o = sigmoid(x V + h U + b), g = tanh(the same), c = f c + i g, h = o tanh(c); the weights side by side."""
    # Exercise: the outputs of all steps, and what the way back needs of each.
    h = c = np.zeros([len(x), len(U)], x.dtype)                 # [B, H]
    outputs, tape = [], []
    for x_t in x.swapaxes(0, 1):
        i, f, g, o = np.split(x_t @ V + h @ U + b, 4, axis=1)   # the order of Keras
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        before, c = (h, c), f * c + i * g
        h = o * np.tanh(c)
        outputs.append(h)
        tape.append((*before, i, f, g, o, c))                   # what the way back needs
    return np.stack(outputs, axis=1), tape


def backward(x, V, U, tape, output_gradients):                  # [B, T, H] -> dL/dx, dL/dV, dL/dU, dL/db
    """The steps from the last to the first; h gets a gradient from the loss, h and c both from the step after them."""
    # Exercise: the gradients, from the last step to the first.
    dx, dV, dU, db = np.zeros_like(x), np.zeros_like(V), np.zeros_like(U), np.zeros_like(V[0])
    dh = dc = np.zeros_like(tape[0][0])                         # [B, H], from the step after
    for t in reversed(range(len(tape))):
        h_before, c_before, i, f, g, o, c = tape[t]
        dh = dh + output_gradients[:, t]
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        d_gates = np.concatenate([dc * g * i * (1 - i), dc * c_before * f * (1 - f),            # [B, 4 H], before
                                  dc * i * (1 - g ** 2), dh * np.tanh(c) * o * (1 - o)], axis=1)    # sigmoid and tanh
        dV += x[:, t].T @ d_gates                               # the weights are those of every step: a sum over time
        dU += h_before.T @ d_gates
        db += d_gates.sum(axis=0)
        dx[:, t] = d_gates @ V.T
        dh, dc = d_gates @ U.T, dc * f                          # to the step before: by a matrix, and by a gate alone
    return dx, dV, dU, db


def predict(x, weights):                                        # [B, T, D] -> logits [B, T, 1]
    *of_lstm, W, bias = weights
    outputs, tape = forward(x, *of_lstm)
    return outputs @ W + bias, outputs, tape


def gradients(x, y, weights):                                   # numbers [B, T, D], answers [B, T, 1]
    """Logits; then dL/dx and dL/d of each of the weights. L is the mean of -log p(answer) over sequences and steps."""
    # Exercise: logits, their gradient, and from it all others by `backward`.
    V, U, _, W, _ = weights
    logits, outputs, tape = predict(x, weights)
    d_logits = (sigmoid(logits) - y) / y.size                   # [B, T, 1]
    return [logits, *backward(x, V, U, tape, d_logits @ W.T), np.einsum("bth,btk->hk", outputs, d_logits),
            d_logits.sum(axis=(0, 1))]


class Network(tf.keras.Model):                                  # Keras keeps the weights and steps, NumPy computes
    def train_step(self, batch):
        weights = self.trainable_variables
        logits, _, *found = tf.numpy_function(lambda x, y, *weights: gradients(x, y, weights),
                                              [*batch, *weights], [tf.float32] * (2 + len(weights)))
        found = [tf.ensure_shape(each, weight.shape) for each, weight in zip(found, weights)]
        self.optimizer.apply_gradients(zip(found, weights))
        return self.measured(batch, logits)

    def test_step(self, batch):
        found = tf.numpy_function(lambda x, *weights: predict(x, weights)[0], [batch[0], *self.weights], tf.float32)
        return self.measured(batch, found)

    def measured(self, batch, logits):                          # only to show it
        logits = tf.ensure_shape(logits, batch[1].shape)
        self.compute_loss(*batch, logits)
        return self.compute_metrics(*batch, logits, None)


def build_model(args: argparse.Namespace, dtype: str = "float32") -> tf.keras.Model:
    numbers = tf.keras.Input([None, 1], dtype=dtype)
    hidden = tf.keras.layers.LSTM(args.rnn_dim, return_sequences=True, dtype=dtype, name="lstm")(numbers)
    return Network(numbers, tf.keras.layers.Dense(1, dtype=dtype, name="logits")(hidden))


def loss(x, y, weights):
    logits = predict(x, weights)[0]
    return np.mean(np.logaddexp(0, np.where(y, -logits, logits)))


def verify(args: argparse.Namespace) -> None:
    """Compare with Keras and with small differences, in 64 bits; a KitError if anything is off by over 1e-6."""
    generator, model = np.random.default_rng(args.seed), build_model(args, "float64")
    x, y = generator.normal(size=[3, 7, 1]), generator.random([3, 7, 1]) < 0.5
    model.set_weights([generator.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    weights, inputs = model.get_weights(), tf.constant(x)
    logits, *ours = gradients(x, y, weights)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        keras_logits = model(inputs)
        keras_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y, tf.float64), keras_logits))
    keras = [each.numpy() for each in tape.gradient(keras_loss, [inputs, *model.trainable_variables])]
    names = "logits", "dL/dx", "dL/dV", "dL/dU", "dL/db", "dL/dW", "dL/dbias"
    slopes = [slope(x, y, weights, place) for place in range(len(ours))]
    for name, our, *others in zip(names, [logits, *ours], [keras_logits.numpy(), *keras], [logits, *slopes]):
        off = [np.linalg.norm(our - other) / np.linalg.norm(other) for other in others]
        print(f"{name}: off by {off[0]:.1e} from Keras, by {off[1]:.1e} from small differences")
        if not max(off) <= 1e-6:
            raise errors.KitError(f"{name} is off by over 1e-6 of its norm, not by rounding: see the line above.")


def slope(x, y, weights, place, step=1e-5):                     # of the loss by x or by one of the weights
    """(L(w + step) - L(w - step)) / (2 step), one number after the other."""
    arrays = [x.copy(), *(weight.copy() for weight in weights)]
    result = np.zeros_like(arrays[place])
    for index in np.ndindex(result.shape):
        values = []
        for sign in (1, -1):
            old = arrays[place][index]
            arrays[place][index] = old + sign * step
            values.append(loss(arrays[0], y, arrays[1:]))
            arrays[place][index] = old
        result[index] = (values[0] - values[1]) / (2 * step)
    return result


def main(args: argparse.Namespace) -> dict[str, float]:
    if args.dataset != "parity" or args.jit:
        raise errors.UsageError("Parity is learned here, and in NumPy, which XLA cannot compile; leave out --dataset "
                                "and --jit.")
    run = npfl_kit.startup(args)
    if args.verify:
        verify(args)
    train, (x, y) = (parity.sequences(count, args.sequence_length, 1, seed)
                     for count, seed in ((args.train_size or 10_000, parity.TRAIN_SEED), (1000, parity.TEST_SEED)))
    model = run.build(build_model)
    model.compile(tf.optimizers.Adam(args.learning_rate), tf.losses.BinaryCrossentropy(from_logits=True),
                  metrics=[tf.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)])
    run.fit(model, array_batches.ArrayTrainBatches(train, args.batch_size, args.seed, "sequences"),
            array_batches.in_order([x, y], 100))
    answers = predict(x, model.get_weights())[0] > 0
    run.write_text("predictions.txt", tag_lines.write([list(map(str, row)) for row in answers[..., 0].astype(int)]))
    metrics = run.finish({"val_accuracy": np.mean(answers == y), "val_loss": loss(x, y, model.get_weights())})
    if run.history:
        curves = plots.learning_curves(run.history, keeping.best_epoch(run.history, run.monitor))
        plots.save(curves, run.folder / "plots" / "learning_curves.png")
    print(f"Accuracy {metrics['val_accuracy']:.2%} of all steps.", *run.next_commands("parity", None), sep="\n")
    return metrics


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
