#!/usr/bin/env python3
"""LSTM and GRU, forward and backward, 32 sequences of 100 steps, 256 inputs, 256 units: the kit, Keras and torch.

All three take turns on the same numbers, so that a busy machine slows each of them alike; torch has a process of its
own. The gradients are those of the inputs and of all weights.

Run:    python3 benchmarks/lstm.py --torch=../torch_peer/bin/python      1 minute
Peer:   python3 -m venv ../torch_peer && ../torch_peer/bin/pip install torch==2.11.0
Goal:   at most 0.5 of tf.keras.layers.LSTM and 1.2 of torch.nn.LSTM
"""
import argparse
import statistics

import npfl_kit  # noqa: F401  (quiets TensorFlow)
import numpy as np
import tensorflow as tf

import peer
from npfl_kit.layers.gru import GRU
from npfl_kit.layers.lstm import LSTM
from npfl_kit.train import startup

BATCH, STEPS, INPUTS, UNITS = 32, 100, 256, 256
GOALS = {"keras": 0.5, "torch": 1.2}
LAYERS = {"LSTM": (LSTM, tf.keras.layers.LSTM), "GRU": (GRU, tf.keras.layers.GRU)}
TORCH = """
import torch
torch.set_num_threads(int(given["threads"]))
x, upstream = (torch.tensor(given[name]) for name in ("x", "upstream"))
layers = {}
for name in ("LSTM", "GRU"):
    layers[name] = getattr(torch.nn, name)(x.shape[-1], upstream.shape[-1], batch_first=True)
    with torch.no_grad():
        for parameter in ("weight_ih_l0", "weight_hh_l0"):
            getattr(layers[name], parameter).copy_(torch.tensor(given[f"{name}_{parameter}"]))
        layers[name].bias_ih_l0.zero_()
        layers[name].bias_hh_l0.zero_()
def run(case):
    layers[case].zero_grad()
    inputs = x.detach().requires_grad_()
    layers[case](inputs)[0].backward(upstream)
    return inputs.grad.numpy()
"""
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--torch", help="A Python that has torch.")
parser.add_argument("--rounds", default=30, type=int, help="Timed turns of each.")
parser.add_argument("--threads", default=2, type=int, help="CPU threads of each.")


def step(layer, x, upstream):
    """The gradients of one training step, that of the inputs first."""
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
        return tape.gradient(outputs, [x, *layer.trainable_weights], upstream)

    layer.build(x.shape)
    layer.cell.bias.assign(tf.zeros_like(layer.cell.bias))
    graph = tf.function(run, autograph=False)
    return lambda: [gradient.numpy() for gradient in graph(x)]


def as_torch(name: str, kernel: np.ndarray) -> np.ndarray:
    """Keras's gates i, f, c, o are torch's i, f, g, o; its z, r, h are torch's second, first and third."""
    gates = np.split(kernel.T, 4 if name == "LSTM" else 3)
    return np.concatenate(gates if name == "LSTM" else [gates[1], gates[0], gates[2]])


def main(args: argparse.Namespace) -> None:
    startup.set_threads(args.threads)
    generator = np.random.default_rng(42)
    given = {"x": generator.normal(size=[BATCH, STEPS, INPUTS]).astype(np.float32),
             "upstream": generator.normal(size=[BATCH, STEPS, UNITS]).astype(np.float32)}
    x, upstream = tf.constant(given["x"]), tf.constant(given["upstream"])
    steps = {}
    for name, (ours, theirs) in LAYERS.items():
        layers = ours(UNITS, return_sequences=True), theirs(UNITS, return_sequences=True)
        steps[name] = [step(layer, x, upstream) for layer in layers]
        layers[1].set_weights(layers[0].get_weights())
        kernel, recurrent_kernel, _ = layers[0].get_weights()
        given.update({f"{name}_weight_ih_l0": as_torch(name, kernel),
                      f"{name}_weight_hh_l0": as_torch(name, recurrent_kernel)})
    other = peer.Peer(args.torch, TORCH, threads=np.array(args.threads), **given) if args.torch else None
    if other is None:
        print("torch is left out; give --torch=PYTHON. To install it, see --help.")
    for name, (kit, keras) in steps.items():
        timers = {"kit": lambda: peer.seconds(kit), "keras": lambda: peer.seconds(keras)}
        if other is not None:
            timers["torch"] = lambda: other.seconds(name)
        rows = [[timer() for timer in timers.values()] for _ in range(args.rounds + 2)][2:]
        times = dict(zip(timers, ([1000 * each for each in column] for column in zip(*rows))))
        print(f"{name}, {args.threads} threads, ms: " + ", ".join(
            f"{who} {statistics.median(each):.0f} (least {min(each):.0f})" for who, each in times.items()), flush=True)
        for who in list(times)[1:]:
            ratios = [function(times["kit"]) / function(times[who]) for function in (statistics.median, min)]
            print(f"  kit / {who}: {ratios[0]:.2f} of medians, {ratios[1]:.2f} of the least; to reach: {GOALS[who]}")
        found = [kit()[0], keras()[0], *([other.result()] if other else [])]
        difference = max(np.abs(each - found[0]).max() for each in found)
        print(f"  gradients of the inputs differ by {difference:.0e} at most")


if __name__ == "__main__":
    main(parser.parse_args())
