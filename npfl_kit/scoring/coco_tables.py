"""A COCO ground truth and COCO results as columns of numbers, checked, in the order in which they are compared."""
from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import bounded_file, keypoints, segmentations
from npfl_kit.scoring.coco_entries import Entries
from npfl_kit.scoring.coco_shapes import Boxes, Keypoints, Masks, Shapes

Json = Union[str, os.PathLike, Any]
KINDS = ("bbox", "segm", "keypoints")


@dataclasses.dataclass(frozen=True)
class Objects:
    """Objects of a ground truth, or detections, sorted by class and picture, and detections of both by score.

    Args:
      image, label: int64 `[N]`, places of the picture and the class among the sorted ids of the ground truth.
      area: float64 `[N]`.
      entry: int64 `[N]`, which entry of the file it is.
      shapes: of the entries, in the order of the file.
    """

    image: np.ndarray
    label: np.ndarray
    area: np.ndarray
    entry: np.ndarray
    shapes: Shapes

    def __len__(self) -> int:
        return len(self.entry)


@dataclasses.dataclass(frozen=True)
class Gold(Objects):
    """A ground truth.

    Args:
      ids: int64 `[G]`.
      crowd, ignored: bool `[G]`; what is ignored (a crowd, too) need not be found, and may be.
      image_ids, category_ids: int64 `[I]`, `[K]`, sorted.
      names: of the classes.
      sizes: int64 `[I, 2]`, height and width of the pictures; -1 if masks are not compared.
      num_keypoints: of an object; 0 if none says how many.
    """

    ids: np.ndarray
    crowd: np.ndarray
    ignored: np.ndarray
    image_ids: np.ndarray
    category_ids: np.ndarray
    names: list[str]
    sizes: np.ndarray
    num_keypoints: int


@dataclasses.dataclass(frozen=True)
class Found(Objects):
    """Detections.

    Args:
      score: float64 `[D]`.
      rank: int64 `[D]`, how many detections of its class in its picture come before it.
    """

    score: np.ndarray
    rank: np.ndarray


def read_gold(gold: Json, kind: str, sigmas: Optional[Sequence[float]] = None) -> Gold:
    """The ground truth: a COCO file, or what stands in one.

    Raises: DataError that names the entry which is wrong.
    """
    if kind not in KINDS:
        raise errors.unknown("kind of COCO evaluation", kind, KINDS)
    source, content = _content(gold, "The ground truth", errors.DataError)
    if not isinstance(content, dict) or not {"images", "annotations", "categories"} <= set(content):
        raise errors.DataError(f"{source}: expected a COCO file with images, annotations and categories.")
    images, annotations, categories = (Entries(content[key], name, source, errors.DataError) for key, name in
                                       [("images", "image"), ("annotations", "annotation"),
                                        ("categories", "category")])
    image_ids, category_ids = images.ids(), categories.ids()
    order, class_order = np.argsort(image_ids), np.argsort(category_ids)
    image_ids, category_ids = image_ids[order], category_ids[class_order]
    names = [str(categories[index].get("name", category_ids[place])) for place, index in enumerate(class_order)]
    sizes = np.full([len(image_ids), 2], -1)
    if kind == "segm":
        sizes = np.stack([images.whole("height"), images.whole("width")], -1)[order]
    image = annotations.places("image_id", image_ids, "images")
    label = annotations.places("category_id", category_ids, "categories")
    ids, crowd = annotations.ids(), annotations.flags("iscrowd")
    shapes = _shapes(annotations, kind, sizes[image], sigmas)
    area = annotations.numbers("area") if any("area" in each for each in annotations.entries) else shapes.areas()
    points = 0
    if isinstance(shapes, Keypoints):
        points = shapes.points.shape[1] if len(annotations) else 0
        shapes = dataclasses.replace(shapes, object_areas=area)
    ignored = crowd | _without_keypoints(annotations, shapes)
    place = np.lexsort((image, label))
    return Gold(image[place], label[place], area[place], place, shapes, ids[place], crowd[place], ignored[place],
                image_ids, category_ids, names, sizes, points)


def read_found(predictions: Json, gold: Gold, kind: str, top: Optional[int],
               sigmas: Optional[Sequence[float]] = None) -> Found:
    """The detections: a COCO results file, or what stands in one.

    Args:
      top: how many detections of a class in a picture count, those with the highest scores; None is all.
    Raises: PredictionsError that names the entry which is wrong.
    """
    source, content = _content(predictions, "The predictions", errors.PredictionsError)
    entries = Entries(content, "detection", source, errors.PredictionsError)
    image = entries.places("image_id", gold.image_ids, "images of the ground truth")
    label = entries.places("category_id", gold.category_ids, "categories of the ground truth")
    score = entries.numbers("score")
    shapes = _shapes(entries, kind, gold.sizes[image], sigmas, gold.num_keypoints)
    has_boxes = kind != "bbox" and entries.have("bbox")
    area = Boxes(entries.rows("bbox", 4)).areas() if has_boxes else shapes.areas()
    group = label * max(len(gold.image_ids), 1) + image
    order = np.lexsort((-score, group))                                     # stable: ties stay in order
    rank = np.arange(len(order)) - np.searchsorted(group[order], group[order])
    if top is not None:
        order, rank = order[rank < top], rank[rank < top]
    return Found(image[order], label[order], area[order], order, shapes, score[order], rank)


def _content(given: Json, name: str, error: type[errors.KitError]) -> tuple[str, Any]:
    if isinstance(given, (str, os.PathLike)):
        return os.fspath(given), bounded_file.read_json(given, error)
    return name, given


def _shapes(entries: Entries, kind: str, sizes: np.ndarray, sigmas: Optional[Sequence[float]],
            points: int = 0) -> Shapes:
    """The shapes of entries in pictures of these sizes, int64 `[N, 2]`; with `points`, or as many as the first has."""
    if kind == "bbox":
        return Boxes(entries.rows("bbox", 4))
    if kind == "segm":
        return _masks(entries, sizes)
    first = entries[0].get("keypoints") if len(entries) else None
    points = points or len(first if isinstance(first, list) else ()) // 3 or len(sigmas or [1])
    found = entries.rows("keypoints", 3 * points).reshape(-1, points, 3)
    if entries.have("bbox"):
        boxes = entries.rows("bbox", 4)
    else:
        low, high = found[..., :2].min(1), found[..., :2].max(1)
        boxes = np.concatenate([low, high - low], -1)
    return Keypoints(found, boxes, Boxes(boxes).areas(), keypoints.sigmas(points, sigmas))


def _masks(entries: Entries, sizes: np.ndarray) -> Masks:
    """The masks of entries; a detection without one has that of its box."""
    listed = [each.get("segmentation") for each in entries.entries]
    for index, each in enumerate(listed if entries.kind == "detection" else ()):
        if each is None:
            listed[index] = _outline(entries, index)
    try:
        return Masks(*segmentations.runs(listed, sizes), sizes)
    except errors.DataError:
        for index in range(len(listed)):
            try:
                segmentations.runs(listed[index:index + 1], sizes[index:index + 1])
            except errors.DataError as problem:
                entries.fail(index, f"its segmentation is wrong. {problem}")
        raise


def _outline(entries: Entries, index: int) -> list[list[float]]:
    try:
        left, top, width, height = entries[index]["bbox"]
        return [[left, top, left, top + height, left + width, top + height, left + width, top]]
    except (KeyError, TypeError, ValueError):
        entries.fail(index, "it has no segmentation, and no bbox of left, top, width, height.")


def _without_keypoints(annotations: Entries, shapes: Shapes) -> np.ndarray:
    if not isinstance(shapes, Keypoints):
        return np.zeros(len(annotations), bool)
    if any("num_keypoints" in each for each in annotations.entries):
        return annotations.whole("num_keypoints") == 0
    return ~(shapes.points[..., 2] > 0).any(-1)
