#!/usr/bin/env python3
"""Non-maximum suppression of 600 and 5,000 boxes, around objects and everywhere: the kit and torchvision.

The time of a call with one box is the overhead of calling, and is taken off both sides.

Run:    python3 benchmarks/nms.py --peer_python=PATH        20 seconds; ratios shall be at most 1
"""
import argparse
import os

import npfl_kit  # noqa: F401  (quiets TensorFlow)
import numpy as np
import tensorflow as tf

import peer
from npfl_kit.core import nms

INSTALL = "python3 -m venv torch && torch/bin/pip install torch==2.11.0 torchvision==0.26.0"
TORCHVISION = """
import torch, torchvision
given = {name: torch.tensor(each) for name, each in given.items()}
def run(case):
    return torchvision.ops.nms(given[case + "_boxes"], given[case + "_scores"], 0.5).numpy()
"""
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--peer_python", default="", help="Python with torchvision.")
parser.add_argument("--rounds", default=25, type=int)
parser.add_argument("--target", default=1.0, type=float, help="Highest ratio wanted.")


def around_objects(generator: np.random.Generator, boxes: int, per_object: int) -> np.ndarray:
    objects = -(-boxes // per_object)
    center, side = generator.uniform(0, 1024, [objects, 2]), np.exp(generator.uniform(3, 5.7, [objects, 2]))
    which, noise = generator.integers(objects, size=boxes), generator.normal(0, 0.1, [2, boxes, 2])
    center, half = center[which] + side[which] * noise[0], side[which] * np.exp(noise[1]) / 2
    return np.concatenate([center - half, center + half], axis=1).astype(np.float32)


def everywhere(generator: np.random.Generator, boxes: int) -> np.ndarray:
    center, half = generator.uniform(0, 1024, [boxes, 2]), generator.uniform(8, 100, [boxes, 2])
    return np.concatenate([center - half, center + half], axis=1).astype(np.float32)


def draw() -> dict[str, np.ndarray]:
    generator, given = np.random.default_rng(42), {}
    for count in (600, 5000):
        given[f"{count} boxes, 50 around an object"] = around_objects(generator, count, 50)
        given[f"{count} boxes, 20 around an object"] = around_objects(generator, count, 20)
        given[f"{count} boxes everywhere"] = everywhere(generator, count)
    given["one"] = everywhere(generator, 1)
    return {**{f"{name}_boxes": boxes for name, boxes in given.items()},
            **{f"{name}_scores": generator.uniform(size=len(boxes)).astype(np.float32) for name, boxes in given.items()}}


def main(args: argparse.Namespace) -> None:
    given = draw()
    other = peer.is_there(args.peer_python, "torchvision", INSTALL) and peer.Peer(args.peer_python, TORCHVISION, **given)
    tensors = {name: tf.constant(each) for name, each in given.items()}
    suppress = tf.function(lambda boxes, scores: nms.nms(boxes, scores, 0.5, 5000),
                           input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([None])])
    print(f"{os.cpu_count()} cores, median of {args.rounds} turns, ms without the overhead of calling")
    for case in [name[:-6] for name in given if name.endswith("_boxes") and not name.startswith("one")]:
        def ours(name):
            return peer.seconds(lambda: suppress(tensors[f"{name}_boxes"], tensors[f"{name}_scores"]).numpy())
        timers = [lambda: ours(case), lambda: ours("one")]
        if other:
            timers += [lambda: other.seconds("one"), lambda: other.seconds(case)]
        kit, overhead, *rest = (1000 * each for each in peer.medians(args.rounds, *timers))
        kept = suppress(tensors[f"{case}_boxes"], tensors[f"{case}_scores"]).numpy()
        line = f"{case}, {len(kept)} kept: kit {kit - overhead:.2f} (+ {overhead:.2f})"
        if other:
            line += (f", torchvision {rest[1] - rest[0]:.2f} (+ {rest[0]:.2f}); "
                     f"ratio {(kit - overhead) / (rest[1] - rest[0]):.2f} (wanted: {args.target:.2f}); "
                     f"{'the same' if np.array_equal(kept, other.result()) else 'OTHER'} boxes")
        print(line, flush=True)


if __name__ == "__main__":
    main(parser.parse_args())
