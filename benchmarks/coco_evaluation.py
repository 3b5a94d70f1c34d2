#!/usr/bin/env python3
"""COCO's twelve numbers: the kit in NumPy beside faster-coco-eval in C++ and pycocotools, from files to numbers.

Each run is a process of its own, the judges take turns, and a time is the median over the rounds: reading both JSON
files is in it, importing is not. Afterwards all judge random cases full of ties and crowds, and must agree.

Run:    python3 benchmarks/coco_evaluation.py --peer_python=../coco_peers/bin/python       4 minutes
Peers:  python3 -m venv ../coco_peers && ../coco_peers/bin/pip install pycocotools faster-coco-eval "numpy<2"
Goal:   time at most that of faster-coco-eval and 1/6 of pycocotools; memory at most that of faster-coco-eval
"""
import argparse
import contextlib
import io
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--peer_python", default=sys.executable, help="A Python that has the peers.")
parser.add_argument("--images", default=5000, type=int)
parser.add_argument("--detections", default=100, type=int, help="In a picture.")
parser.add_argument("--classes", default=80, type=int)
parser.add_argument("--rounds", default=3, type=int, help="Runs of each judge; 0 leaves out the timing.")
parser.add_argument("--slow_rounds", default=1, type=int, help="Runs of pycocotools.")
parser.add_argument("--cases", default=1000, type=int, help="Random cases that all judges must agree on.")
parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)       # a judge and a folder: one run, in this process
PEERS = {"faster-coco-eval": "faster_coco_eval", "pycocotools": "pycocotools"}
GOALS = {"faster-coco-eval": 1.0, "pycocotools": 1 / 6}


def write_big(folder: pathlib.Path, args: argparse.Namespace) -> None:
    """A ground truth with seven objects in a picture, and detections of which half lie on an object."""
    rng = np.random.default_rng(42)
    annotations, detections = [], []
    for image in range(1, args.images + 1):
        count = 1 + rng.poisson(6.3)
        boxes = np.concatenate([rng.uniform(0, 400, [count, 2]), np.exp(rng.uniform(2, 5.3, [count, 2]))], -1)
        labels = rng.integers(1, args.classes + 1, count)
        for box, label in zip(boxes.round(2).tolist(), labels.tolist()):
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": box,
                                "area": box[2] * box[3] * .7, "iscrowd": int(rng.random() < .01)})
        chosen = rng.integers(0, count, args.detections)
        size = boxes[chosen][:, [2, 3, 2, 3]]
        near = boxes[chosen] + rng.normal(0, .1, [args.detections, 4]) * size
        far = np.concatenate([rng.uniform(0, 400, [args.detections, 2]),
                              np.exp(rng.uniform(2, 5.3, [args.detections, 2]))], -1)
        is_near = rng.random(args.detections) < .5
        keeps = is_near & (rng.random(args.detections) < .8)
        found_labels = np.where(keeps, labels[chosen], rng.integers(1, args.classes + 1, args.detections))
        found = np.where(is_near[:, None], np.maximum(near, [-np.inf, -np.inf, 1, 1]), far).round(2)
        detections += [{"image_id": image, "category_id": label, "bbox": box, "score": score} for label, box, score
                       in zip(found_labels.tolist(), found.tolist(), rng.random(args.detections).round(5).tolist())]
    gold = {"images": [{"id": image, "height": 640, "width": 640} for image in range(1, args.images + 1)],
            "annotations": annotations, "categories": [{"id": k + 1, "name": f"{k}"} for k in range(args.classes)]}
    for name, content in (("gold", gold), ("found", detections)):
        (folder / f"{name}.json").write_text(json.dumps(content))


def judge(name: str):
    """A function from ground truth, predictions (paths or content) and kind to the numbers."""
    if name == "kit":
        from npfl_kit.scoring import coco
        return lambda gold, found, kind: list(coco.evaluate(gold, found, kind).values())
    if name == "pycocotools":
        from pycocotools import mask
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    else:
        from faster_coco_eval import COCO, COCOeval_faster as COCOeval, mask

    def numbers(gold, found, kind):
        if isinstance(gold, dict):
            truth = COCO()
            truth.dataset = gold
            truth.createIndex()
            for each in found if kind == "segm" else ():        # it takes strings only
                each["segmentation"] = mask.frPyObjects(each["segmentation"], *each["segmentation"]["size"])
        else:
            truth = COCO(gold)
        evaluation = COCOeval(truth, truth.loadRes(found), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        return [float(each) for each in evaluation.stats][:10 if kind == "keypoints" else 12]
    return numbers


def run_here(name: str, folder: pathlib.Path) -> None:
    """Prints, as JSON, seconds, MiB at the peak, and numbers; of the big files, or of each case if there are any."""
    score, output = judge(name), io.StringIO()
    cases = folder / "cases.json"
    with contextlib.redirect_stdout(output):
        start = time.perf_counter()
        if cases.exists():
            found = [score(*case) for case in json.loads(cases.read_text())]
        else:
            found = score(str(folder / "gold.json"), str(folder / "found.json"), "bbox")
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
    print(json.dumps([seconds, peak, found]))


def run(name: str, folder: pathlib.Path, args: argparse.Namespace):
    python = sys.executable if name == "kit" else args.peer_python
    done = subprocess.run([python, __file__, "--run", name, str(folder)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare_speed(peers: list, args: argparse.Namespace) -> None:
    rounds = {"kit": args.rounds, "faster-coco-eval": args.rounds, "pycocotools": args.slow_rounds}
    runs = {name: [] for name in ("kit", *peers)}
    with tempfile.TemporaryDirectory() as folder:
        write_big(pathlib.Path(folder), args)
        for number in range(args.rounds):
            for name in runs:
                if number < rounds[name]:
                    runs[name].append(run(name, pathlib.Path(folder), args))
    kit, peak = (statistics.median(column) for column in list(zip(*runs["kit"]))[:2])
    print(f"{args.images:,} pictures x {args.detections} detections x {args.classes} classes, JSON included")
    print(f"kit: {kit:.2f} s, {peak:,.0f} MiB (median of {args.rounds})")
    for name in peers:
        if runs[name]:
            seconds, mebibytes = (statistics.median(column) for column in list(zip(*runs[name]))[:2])
            apart = np.abs(np.subtract(runs["kit"][0][2], runs[name][0][2])).max()
            print(f"{name}: {seconds:.2f} s, {mebibytes:,.0f} MiB; of them the kit takes {kit / seconds:.3f} (goal "
                  f"{GOALS[name]:.3f}) and {peak / mebibytes:.2f} (goal 1); largest difference {apart:.0e}",
                  flush=True)


def compare_numbers(peers: list, args: argparse.Namespace) -> None:
    import coco_cases
    cases = [coco_cases.case(seed, ("bbox", "segm", "keypoints")[seed % 3]) for seed in range(args.cases)]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "cases.json").write_text(json.dumps(cases))
        found = {name: run(name, pathlib.Path(folder), args)[2] for name in ("kit", *peers)}
    for name in peers:
        worst = max(np.abs(np.subtract(mine, theirs)).max() for mine, theirs in zip(found["kit"], found[name]))
        print(f"{args.cases:,} random cases: largest difference from {name} {worst:.0e} (goal 1e-12)")


def main(args: argparse.Namespace) -> None:
    if args.run:
        return run_here(args.run[0], pathlib.Path(args.run[1]))
    peers = [name for name, module in PEERS.items()
             if not subprocess.run([args.peer_python, "-c", f"import {module}"], capture_output=True).returncode]
    for name in PEERS:
        if name not in peers:
            print(f"{name} is skipped: {args.peer_python} has none. Type python3 -m venv ../coco_peers && "
                  f"../coco_peers/bin/pip install {name} 'numpy<2', then --peer_python=../coco_peers/bin/python")
    if args.rounds:
        compare_speed(peers, args)
    if args.cases and peers:
        compare_numbers(peers, args)


if __name__ == "__main__":
    main(parser.parse_args())
