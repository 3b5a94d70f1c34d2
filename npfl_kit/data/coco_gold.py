"""The objects of a split as a COCO ground truth, and detections as COCO results: what a judge of detectors reads."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.scoring import run_lengths


def gold(split: DetectionSplit, classes: Sequence[str], category_ids: Sequence[int], keypoints: Sequence[str] = (),
         masks: bool = False) -> dict[str, Any]:
    """The ground truth in the form of a COCO file.

    What was read from a COCO file is given back as it stood there, without the objects that cannot be used.

    Args:
      classes, category_ids: names and numbers of the classes, by label.
      keypoints: names of the points of an object, where there are any.
      masks: whether to write the masks as run lengths, too; what comes from a COCO file has them anyway.
    """
    categories: list[dict[str, Any]] = [{"id": id_, "name": name} for id_, name in zip(category_ids, classes)]
    if keypoints:
        categories = [{**category, "keypoints": list(keypoints)} for category in categories]
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, (image_id, name) in enumerate(zip(split.image_ids, split.names)):
        height, width = map(int, split.sizes[index])
        images.append({"id": image_id, "file_name": name, "height": height, "width": width})
        raw = split.annotations(index)
        for each in described(split.objects(index), category_ids, masks) if raw is None else raw:
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, **each})
    return {"images": images, "annotations": annotations, "categories": categories}


def described(objects: Objects, category_ids: Sequence[int], masks: bool = False) -> list[dict[str, Any]]:
    """Each object as COCO annotates it, without ids.

    >>> described(Objects.of([[1, 2, 4, 9]], [0]), [7])
    [{'category_id': 7, 'bbox': [2.0, 1.0, 7.0, 3.0], 'area': 21.0, 'iscrowd': 0}]
    """
    found: list[dict[str, Any]] = []
    pixels = objects.masks() if masks and objects.masks is not None and len(objects) else None
    for number, (top, left, bottom, right) in enumerate(objects.boxes.astype(float).tolist()):
        found.append({"category_id": category_ids[objects.labels[number]],
                      "bbox": [left, top, right - left, bottom - top],
                      "area": float(objects.area[number]), "iscrowd": int(objects.crowd[number])})
        if pixels is not None:
            found[-1]["segmentation"] = run_lengths.encode(pixels[number])
        if objects.keypoints is not None:
            y, x, seen = objects.keypoints[number].T
            found[-1]["keypoints"] = np.stack([x, y, seen], -1).reshape(-1).astype(float).tolist()
            found[-1]["num_keypoints"] = int((seen > 0).sum())
    return found


def results(image_id: int, boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
            category_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The detections of one picture as entries of a COCO results file.

    Args:
      boxes: float `[D, 4]`, tlbr pixels of the picture.
      scores: float `[D]`.
      labels: int `[D]`, classes in `[0, K)`.
      category_ids: the number of each class in the file.

    >>> results(5, np.array([[1, 2, 4, 9.]]), np.array([.5]), np.array([0]), [7])
    [{'image_id': 5, 'category_id': 7, 'bbox': [2.0, 1.0, 7.0, 3.0], 'score': 0.5}]
    """
    return [{"image_id": image_id, "category_id": category_ids[int(label)],
             "bbox": [left, top, right - left, bottom - top], "score": float(score)}
            for (top, left, bottom, right), score, label
            in zip(np.asarray(boxes, np.float64).reshape(-1, 4).tolist(), scores, labels)]


def answers(image_ids: Sequence[int], results: Sequence[dict[str, Any]], category_ids: Sequence[int],
            least_score: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each picture the labels int32 `[D]` and boxes float64 `[D, 4]`, tlbr, of its results with at least this
    score, the highest first.

    >>> answers([5, 6], [{"image_id": 5, "category_id": 7, "bbox": [2, 1, 7, 3], "score": 0.5}], [7], 0.4)[0]
    (array([0], dtype=int32), array([[1., 2., 4., 9.]]))
    """
    found: dict[int, list[dict[str, Any]]] = {image_id: [] for image_id in image_ids}
    for each in sorted(results, key=lambda each: -each["score"]):
        if each["score"] >= least_score:
            found[each["image_id"]].append(each)
    labels = {category_id: label for label, category_id in enumerate(category_ids)}
    return [(np.array([labels[each["category_id"]] for each in listed], np.int32),
             np.array([[y, x, y + height, x + width] for x, y, width, height in (each["bbox"] for each in listed)],
                      np.float64).reshape(-1, 4)) for listed in found.values()]
