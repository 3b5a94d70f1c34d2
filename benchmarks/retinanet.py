#!/usr/bin/env python3
"""RetinaNet with ResNet-50 on pictures of 256 pixels, four in a batch: the kit beside torchvision and keras-cv.

Measured in a process of its own for each, the detectors take turns: seconds from the start of the process to the end
of its first training step, median of the steps after it (targets assigned in each), median of inference with
class-wise suppression, and the highest memory. Pictures and boxes are random, equal, and lie in memory.

Run:    python3 benchmarks/retinanet.py --torchvision=../torch_peer/bin/python --keras_cv=../keras_cv_peer/bin/python
Peers:  python3 -m venv ../torch_peer && ../torch_peer/bin/pip install torch==2.11.0 torchvision==0.26.0
        python3 -m venv ../keras_cv_peer
        ../keras_cv_peer/bin/pip install keras-cv==0.8.2 tensorflow==2.15.1 "numpy<2"
Goal:   step at most 0.85 of both, inference at most 0.8, first step in 15 s, memory at most theirs
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

SIDE, BATCH, CLASSES, OBJECTS = 256, 4, 10, 6
GOALS = {"step": 0.85, "inference": 0.8, "memory": 1.0}
LAB = pathlib.Path(__file__).parents[1] / "labs" / "05_detection" / "retinanet.py"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--torchvision", help="A Python that has torch and torchvision.")
parser.add_argument("--keras_cv", help="A Python that has keras-cv.")
parser.add_argument("--steps", default=10, type=int, help="Timed steps of a run.")
parser.add_argument("--rounds", default=3, type=int, help="Runs of each.")
parser.add_argument("--convolutions", default=4, type=int, help="Of the kit's heads: 4 as the paper and torchvision; "
                    "keras-cv has 3.")
parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)       # a detector and the time: one run, in this process


def pictures():
    """float32 `[B, S, S, 3]` in [0, 1]; boxes float32 `[B, G, 4]`, tlbr; labels int32 `[B, G]`."""
    rng = np.random.default_rng(42)
    corner, size = rng.uniform(0, 160, [BATCH, OBJECTS, 2]), rng.uniform(24, 90, [BATCH, OBJECTS, 2])
    boxes = np.concatenate([corner, corner + size], axis=-1).astype(np.float32)
    return rng.random([BATCH, SIDE, SIDE, 3], np.float32), boxes, rng.integers(0, CLASSES, [BATCH, OBJECTS], np.int32)


def kit(convolutions: int):
    import npfl_kit  # noqa: F401
    import tensorflow as tf
    from npfl_kit import lab_files
    from npfl_kit.core import anchors
    from npfl_kit.train import fitting, startup
    from npfl_kit.train.fused_adam import FusedAdam

    startup.leave_the_kit_unconverted()
    lab = lab_files.load(LAB)
    args = lab.parser.parse_args(
        ["--backbone=resnet50", "--channels=256", f"--convolutions={convolutions}", "--p6=P5"])
    grid = anchors.pyramid(SIDE, SIDE)
    model = lab.build_model(args, SIDE, CLASSES)
    model.compile(FusedAdam(1e-4, jit_compile=False), lab.losses(args, grid), weighted_metrics=[])
    images, boxes, labels = map(tf.constant, pictures())
    batch = {"image": images, "boxes": boxes, "labels": labels, "count": tf.fill([BATCH], OBJECTS),
             "ignored": tf.zeros([BATCH, 1, 4])}
    targets, detect = tf.function(lab.with_targets(grid, CLASSES)), lab.detector(model, grid, SIDE)
    fitting.make_variables(model, targets(batch))
    return lambda: model.train_on_batch(*targets(batch)), lambda: detect(images)


def torchvision(_):
    import torch
    from torchvision.models.detection import retinanet_resnet50_fpn

    images, boxes, labels = pictures()
    inputs = [torch.from_numpy(image.transpose(2, 0, 1).copy()) for image in images]
    targets = [{"boxes": torch.from_numpy(box[:, [1, 0, 3, 2]].copy()), "labels": torch.from_numpy(label).long()}
               for box, label in zip(boxes, labels)]
    model = retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=CLASSES, min_size=SIDE,
                                   max_size=SIDE, trainable_backbone_layers=5)
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def step():
        model.train()
        optimizer.zero_grad()
        sum(model(inputs, targets).values()).backward()
        optimizer.step()

    def infer():
        model.eval()
        with torch.inference_mode():
            model(inputs)

    return step, infer


def keras_cv(_):
    import keras_cv
    import tensorflow as tf

    images, boxes, labels = pictures()
    backbone = keras_cv.models.ResNetBackbone(
        stackwise_filters=[64, 128, 256, 512], stackwise_blocks=[3, 4, 6, 3], stackwise_strides=[1, 2, 2, 2],
        block_type="block", include_rescaling=False, input_shape=[SIDE, SIDE, 3])
    model = keras_cv.models.RetinaNet(num_classes=CLASSES, bounding_box_format="xyxy", backbone=backbone)
    model.compile(optimizer=tf.keras.optimizers.Adam(1e-4), classification_loss="focal", box_loss="smoothl1",
                  jit_compile=False)
    targets = {"boxes": boxes[..., [1, 0, 3, 2]], "classes": labels.astype(np.float32)}
    constant = tf.constant(images)
    infer = tf.function(lambda x: model.decode_predictions(model(x, training=False), x))
    return lambda: model.train_on_batch(images, targets), lambda: infer(constant)


def run(name: str, started: float, args: argparse.Namespace) -> dict[str, float]:
    step, infer = {"kit": kit, "torchvision": torchvision, "keras_cv": keras_cv}[name](args.convolutions)
    step()
    first = time.time() - started
    times = {"step": [], "inference": []}
    for what, function in (("step", step), ("inference", infer)):
        function()
        for _ in range(args.steps):
            begun = time.perf_counter()
            function()
            times[what].append(time.perf_counter() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"first": first, "memory": memory, **{what: statistics.median(each) for what, each in times.items()}}


def main(args: argparse.Namespace) -> None:
    if args.run:
        print(json.dumps(run(args.run[0], float(args.run[1]), args)))
        return
    pythons = {"kit": sys.executable, "torchvision": args.torchvision, "keras_cv": args.keras_cv}
    for name in [name for name, python in pythons.items() if not python]:
        print(f"{name} is left out; give --{name}=PYTHON. To install it, see --help.")
        del pythons[name]
    found = {name: [] for name in pythons}
    for _ in range(args.rounds):
        for name, python in pythons.items():
            flags = [f"--steps={args.steps}", f"--convolutions={args.convolutions}"]
            ended = subprocess.run([python, __file__, *flags, "--run", name, str(time.time())], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, check=True)
            found[name].append(json.loads(ended.stdout.splitlines()[-1]))
            print(name, {key: round(value, 3) for key, value in found[name][-1].items()}, flush=True)
    median = {name: {key: statistics.median(each[key] for each in runs) for key in runs[0]}
              for name, runs in found.items()}
    print(f"kit: first step after {median['kit']['first']:.1f} s, to reach: 15 s")
    for name in list(median)[1:]:
        for key, goal in GOALS.items():
            print(f"kit / {name}, {key}: {median['kit'][key]:.3f} / {median[name][key]:.3f} = "
                  f"{median['kit'][key] / median[name][key]:.2f}, to reach: {goal}")


if __name__ == "__main__":
    main(parser.parse_args())
