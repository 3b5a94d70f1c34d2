#!/usr/bin/env python3
"""Non-maximum suppression of 600 and 5,000 boxes, around objects and everywhere: the kit and torchvision.

One picture after another, and a batch of ten at once, as a model does it (torchvision has no batches: its time is that
of ten calls). The time of a call with one box is the overhead of calling; of single pictures it is taken off both
sides.

Run:    python3 benchmarks/nms.py --peer_python=PATH        1 minute; ratios shall be at most 1
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
    boxes = given[case + "_boxes"]
    return torch.cat([torchvision.ops.nms(boxes, scores, 0.5) for scores in given[case + "_scores"]]).numpy()
"""
PICTURES, IOU, MOST = 10, 0.5, 5000
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
    given["one box"] = everywhere(generator, 1)
    scores = {f"{name}_scores": generator.uniform(size=[PICTURES, len(boxes)]).astype(np.float32)
              for name, boxes in given.items()}
    return {**{f"{name}_boxes": boxes for name, boxes in given.items()}, **scores}


def main(args: argparse.Namespace) -> None:
    given, other = draw(), None
    if peer.is_there(args.peer_python, "torchvision", INSTALL):
        other = peer.Peer(args.peer_python, TORCHVISION, **given)
    tensors = {name: tf.constant(each) for name, each in given.items()}
    print(f"{os.cpu_count()} cores, median of {args.rounds} turns, ms a picture; wanted: ratios of {args.target:.2f}")
    for case in [name[:-6] for name in given if name.endswith("_boxes") and name != "one box_boxes"]:
        def ours(function, name):
            return function(tensors[f"{name}_boxes"], tensors[f"{name}_scores"])
        timers = [lambda function=function, name=name: peer.seconds(lambda: ours(function, name))
                  for function, name in ((one_by_one, case), (one_by_one, "one box"), (at_once, case))]
        if other:
            timers += [lambda name=name: other.seconds(name) for name in ("one box", case)]
        kit, overhead, batch, *rest = (1000 / PICTURES * each for each in peer.medians(args.rounds, *timers))
        kept = ours(one_by_one, case)
        line = f"{case}, {len(kept[0])} kept: kit {kit - overhead:.2f} (+ {overhead:.2f}), in a batch {batch:.2f}"
        if other:
            same = "the same" if np.array_equal(np.concatenate(kept), other.result()) else "OTHER"
            line += (f", torchvision {rest[1] - rest[0]:.2f} (+ {rest[0]:.2f}); ratio "
                     f"{(kit - overhead) / (rest[1] - rest[0]):.2f}, in a batch {batch / rest[1]:.2f}; {same} boxes")
        print(line, flush=True)


@tf.function(input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([None])])
def suppress(boxes: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """The kept boxes of a picture."""
    return nms.nms(boxes, scores, IOU, MOST)


def one_by_one(boxes: tf.Tensor, scores: tf.Tensor) -> list[np.ndarray]:
    """The kept boxes of each picture."""
    return [suppress(boxes, each).numpy() for each in scores]


@tf.function(input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([PICTURES, None])])
def at_once(boxes: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The kept boxes of a batch."""
    return nms.nms_batch(tf.repeat(boxes[None], PICTURES, axis=0), scores, IOU, MOST)


if __name__ == "__main__":
    main(parser.parse_args())
