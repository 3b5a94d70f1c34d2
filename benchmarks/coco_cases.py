"""Random ground truths and detections for judges that must agree: few classes, much overlap, many ties.

Everything that is rare in real files is frequent here: crowds, areas on the border of small and medium, equal scores,
detections twice, pictures and classes without objects or detections, more detections of a class than count.
"""
from __future__ import annotations

from typing import Any

import numpy as np

SIDE = 24           # of the pictures with masks, in pixels
LARGE = 200         # of other pictures
Case = tuple[dict[str, Any], list[dict[str, Any]], str]


def case(seed: int, kind: str) -> Case:
    """A ground truth, detections, and the kind, which is "bbox", "segm" or "keypoints"."""
    rng = np.random.default_rng([seed, len(kind)])
    side = SIDE if kind == "segm" else LARGE
    images = [{"id": int(each), "height": side, "width": side}
              for each in rng.permutation(50)[:rng.integers(1, 6)]]
    categories = [{"id": int(each), "name": f"class {each}"} for each in rng.permutation(20)[:rng.integers(1, 4)]]
    annotations = [_annotation(rng, kind, images, categories, number + 1) for number in range(rng.integers(0, 25))]
    crowded = rng.random() < .1                                             # more than count
    detections = [_detection(rng, kind, images[:1] if crowded else images, categories[:1] if crowded else categories,
                             annotations) for _ in range(rng.integers(110, 150) if crowded else rng.integers(1, 60))]
    detections += [dict(detections[each]) for each in rng.integers(0, len(detections), rng.integers(0, 4))]
    return {"images": images, "annotations": annotations, "categories": categories}, detections, kind


def _annotation(rng: np.random.Generator, kind: str, images: list[Any], categories: list[Any],
                number: int) -> dict[str, Any]:
    box = _box(rng, images[0]["width"])
    area = float(rng.choice([box[2] * box[3], box[2] * box[3] * .7, 32**2, 96**2, 32**2 - .5]))
    found = {"id": number, "image_id": rng.choice(images)["id"], "category_id": rng.choice(categories)["id"],
             "bbox": box, "area": area, "iscrowd": int(rng.random() < .15)}
    if kind == "segm":
        found["segmentation"] = _segmentation(rng, box)
    if kind == "keypoints":
        found["keypoints"] = _keypoints(rng, box)
        found["num_keypoints"] = sum(each > 0 for each in found["keypoints"][2::3])
    return found


def _detection(rng: np.random.Generator, kind: str, images: list[Any], categories: list[Any],
               annotations: list[Any]) -> dict[str, Any]:
    near = rng.choice(annotations) if annotations and rng.random() < .8 else None
    box = _box(rng, images[0]["width"]) if near is None else _moved(rng, near["bbox"])
    keeps = near is not None and rng.random() < .8
    image = near["image_id"] if keeps else rng.choice(images)["id"]
    category = near["category_id"] if keeps else rng.choice(categories)["id"]
    found = {"image_id": image, "category_id": category, "score": float(rng.integers(0, 12)) / 10}
    if kind != "segm":
        found["bbox"] = box
    else:
        same = near is not None and isinstance(near["segmentation"], dict) and rng.random() < .5
        found["segmentation"] = near["segmentation"] if same else _mask(rng, box)
    if kind == "keypoints":
        near = None if near is None else near["keypoints"]
        found["keypoints"] = _keypoints(rng, box) if near is None else [
            each if place % 3 == 2 else each + float(rng.normal(0, rng.choice([0, 2, 8])))
            for place, each in enumerate(near)]
    return found


def _box(rng: np.random.Generator, side: int) -> list[float]:
    whole = rng.random() < .5                       # whole numbers make overlaps of 1/2, 3/5, 3/4 ... to the point
    left, top = rng.uniform(-.05 * side, .8 * side, 2)
    width, height = rng.choice([rng.uniform(0, .7 * side), 4, 32, 96]), rng.choice([rng.uniform(0, .7 * side), 5, 32])
    return [float(round(each)) if whole else float(round(each, 2)) for each in (left, top, width, height)]


def _moved(rng: np.random.Generator, box: list[float]) -> list[float]:
    step = rng.choice([0, 0, 1, .1 * max(box[2:])])
    moved = [each + float(rng.choice([-1, 0, 0, 1])) * step for each in box]
    return [*moved[:2], max(moved[2], 0.0), max(moved[3], 0.0)]


def _mask(rng: np.random.Generator, box: list[float]) -> dict[str, Any]:
    """Run lengths as a list; a judge that only knows strings is given those."""
    pixels = np.zeros([SIDE, SIDE], bool)
    left, top, width, height = (max(int(each), 0) for each in box)
    pixels[top:top + height, left:left + width] = True
    pixels ^= rng.random(pixels.shape) < rng.choice([0, .02])
    edges = np.flatnonzero(np.diff(pixels.T.reshape(-1), prepend=False))
    return {"size": [SIDE, SIDE], "counts": np.diff(edges, prepend=0, append=SIDE * SIDE).tolist()}


def _segmentation(rng: np.random.Generator, box: list[float]) -> Any:
    if rng.random() < .5:
        return _mask(rng, box)
    corners = (np.array(box[:2]) + rng.random([3, 5, 2]) * np.maximum(box[2:], 1)).round(2)
    return corners[:rng.integers(1, 4)].reshape(-1, 10).tolist()


def _keypoints(rng: np.random.Generator, box: list[float]) -> list[float]:
    points = np.array(box[:2]) + rng.random([17, 2]) * box[2:]
    seen = rng.integers(0, 3, 17) * (rng.random() > .15)
    return np.concatenate([points.round(1), seen[:, None]], -1).reshape(-1).tolist()
