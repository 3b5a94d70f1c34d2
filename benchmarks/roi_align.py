#!/usr/bin/env python3
"""RoIAlign of 512 boxes on four levels of a pyramid, 256 channels, a picture of 1024 pixels: the kit and torchvision.

Run:    python3 benchmarks/roi_align.py --peer_python=PATH      1 minute; ratios shall be at most 0.3
"""
import argparse
import os

import npfl_kit  # noqa: F401  (quiets TensorFlow)
import numpy as np
import tensorflow as tf

import peer
from npfl_kit.core import roi

INSTALL = "python3 -m venv torch && torch/bin/pip install torch==2.11.0 torchvision==0.26.0"
TORCHVISION = """
import torch, torchvision
maps = {str(level): torch.tensor(given[f"map{level}"].transpose(0, 3, 1, 2).copy()) for level in (2, 3, 4, 5)}
boxes, grads = torch.tensor(given["boxes"][:, [1, 0, 3, 2]]), {}
def run(case):
    size, kind = case.split()
    pool = torchvision.ops.MultiScaleRoIAlign(list(maps), int(size), 2)
    if kind == "forward":
        with torch.no_grad():
            return pool(maps, [boxes], [(1024, 1024)]).numpy()
    leaves = {level: each.detach().requires_grad_() for level, each in maps.items()}
    pool(leaves, [boxes], [(1024, 1024)]).sum().backward()
    return leaves["5"].grad.numpy()
"""
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--peer_python", default="", help="Python with torchvision.")
parser.add_argument("--rounds", default=7, type=int)
parser.add_argument("--target", default=0.3, type=float, help="Highest ratio wanted.")


def draw(count: int = 512) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(42)
    side = np.exp(generator.uniform(np.log(16), np.log(700), count))
    aspect = np.exp(generator.uniform(-0.7, 0.7, [count, 1]) * [1, -1])
    center = generator.uniform(0, 1024, [count, 2])
    half = side[:, None] * aspect / 2
    maps = {f"map{level}": generator.normal(size=[1, 1024 >> level, 1024 >> level, 256]).astype(np.float32)
            for level in (2, 3, 4, 5)}
    boxes = np.clip(np.concatenate([center - half, center + half], axis=1), 0, 1024)
    return {"boxes": boxes.astype(np.float32), **maps}


def crop(maps: list[tf.Tensor], boxes: tf.Tensor, size: int, with_gradient: bool, xla: bool) -> list[tf.Tensor]:
    """The crops, then the gradients of the maps; the last one is compared with the peer's."""
    with tf.GradientTape() as tape:
        tape.watch(maps)
        crops = roi.pyramid_roi_align(maps, boxes, tf.zeros([len(boxes)], tf.int32), size, aligned=False, xla=xla)
    return [crops, *tape.gradient(crops, maps)] if with_gradient else [crops]


def main(args: argparse.Namespace) -> None:
    given, other = draw(), None
    if peer.is_there(args.peer_python, "torchvision", INSTALL):
        other = peer.Peer(args.peer_python, TORCHVISION, **given)
    maps, boxes = [tf.constant(given[f"map{level}"]) for level in (2, 3, 4, 5)], tf.constant(given["boxes"])
    print(f"{os.cpu_count()} cores, median of {args.rounds} turns, ms")
    for size in (7, 14):
        for kind in ("forward", "both"):
            ours = {xla: tf.function(crop, jit_compile=xla) for xla in (False, True)}
            timers = [lambda xla=xla: peer.seconds(lambda: ours[xla](maps, boxes, size, kind == "both", xla))
                      for xla in ours]
            if other:
                timers.append(lambda: other.seconds(f"{size} {kind}"))
            kit, compiled, *rest = (1000 * each for each in peer.medians(args.rounds, *timers))
            line = f"{size} x {size}, {'forward and backward' if kind == 'both' else kind}: kit {kit:.0f}, " \
                   f"compiled by XLA {compiled:.0f}"
            if other:
                found = ours[False](maps, boxes, size, kind == "both", False)[-1].numpy().transpose(0, 3, 1, 2)
                line += (f", torchvision {rest[0]:.0f}; ratio {kit / rest[0]:.2f} (wanted: {args.target:.2f}), "
                         f"compiled {compiled / rest[0]:.2f}; "
                         f"largest difference {np.abs(found - other.result()).max():.0e}")
            print(line, flush=True)


if __name__ == "__main__":
    main(parser.parse_args())
