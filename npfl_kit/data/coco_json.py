"""One annotation file of COCO: its pictures, classes, and the objects of each picture, checked."""
from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import box_checks
from npfl_kit.data.detection_split import Objects
from npfl_kit.scoring import run_lengths


@dataclasses.dataclass(frozen=True)
class CocoFile:
    """What a file says.

    Args:
      images: `[N]`, each with id, file_name, and mostly height and width.
      categories: `[K]`, each with id and name, in the order of the ids.
      annotations: for each id of a picture its objects, as they stand there.
    """

    images: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    annotations: dict[int, list[dict[str, Any]]]

    @property
    def keypoints(self) -> list[str]:
        """The names of the points of an object; those of the first class that has any."""
        return next(([str(name) for name in each["keypoints"]] for each in self.categories
                     if isinstance(each.get("keypoints"), list) and each["keypoints"]), [])


def parse(data: bytes, name: str, report: box_checks.Report) -> CocoFile:
    """The content of a COCO file of instances, keypoints, or any other with boxes.

    An annotation with the id of another gets a new one, because judges go by ids; one of a picture that is not listed
    is left out. Both are counted in the report.

    Args:
      data: the file's bytes.
      name: what to call it in an error.
    Raises: DataError if it is no such file, two pictures or classes have one id, an annotation has no box, or its
      category_id is not among the categories.
    Source: https://cocodataset.org/#format-data
    """
    try:
        content = json.loads(data)
        images, annotations, categories = (_dictionaries(content, key)
                                           for key in ("images", "annotations", "categories"))
        _ids(images, "images", {"file_name": str})
        known = _ids(categories, "categories", {"name": str})
        for each in annotations:
            _check(each, known)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise errors.DataError(f"{name}: expected a file in COCO format, found something else ({error}). "
                               f"Mend or delete that file.") from None
    listed, found, used = {each["id"] for each in images}, defaultdict(list), set()
    fresh = max([each["id"] for each in annotations if _is_int(each.get("id"))], default=0) + 1
    for each in annotations:
        if each["image_id"] not in listed:
            box_checks.note(report, "no picture", f"image_id {each['image_id']}")
            continue
        if not _is_int(each.get("id")) or each["id"] in used:
            box_checks.note(report, "same id", f"id {each.get('id')}")
            each, fresh = {**each, "id": fresh}, fresh + 1
        used.add(each["id"])
        found[each["image_id"]].append(each)
    return CocoFile(images, sorted(categories, key=lambda each: each["id"]), dict(found))


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _dictionaries(content: Any, key: str) -> list[dict[str, Any]]:
    if not isinstance(content, dict) or not isinstance(content.get(key), list):
        raise ValueError(f"it has no list {key!r}")
    if not all(isinstance(each, dict) for each in content[key]):
        raise ValueError(f"an entry of {key!r} is no object")
    return content[key]


def _ids(entries: Sequence[dict[str, Any]], key: str, fields: dict[str, type]) -> set[int]:
    """The ids of the entries; a ValueError if one is no whole number or stands twice, or a field is absent."""
    ids: set[int] = set()
    for each in entries:
        if not _is_int(each.get("id")):
            raise ValueError(f"an entry of {key!r} has the id {each.get('id')!r}, expected a whole number")
        for field, kind in fields.items():
            if not isinstance(each.get(field), kind):
                raise ValueError(f"{key} {each['id']} has no {field!r}")
        if each["id"] in ids:
            raise ValueError(f"two of {key!r} have the id {each['id']}")
        ids.add(each["id"])
    return ids


def _check(annotation: dict[str, Any], category_ids: set[int]) -> None:
    label = f"annotation {annotation.get('id')!r}"
    box = annotation.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(each, (int, float)) for each in box):
        raise ValueError(f"{label} has no bbox of four numbers: left, top, width, height")
    for number in (*box, annotation.get("area")):
        float(number if isinstance(number, int) else 0)     # an OverflowError for a number of 400 digits
    if not _is_int(annotation.get("image_id")):
        raise ValueError(f"{label} has the image_id {annotation.get('image_id')!r}, expected a whole number")
    if annotation.get("category_id") not in category_ids:
        raise ValueError(f"{label} has the category_id {annotation.get('category_id')!r}, which is not among the "
                         f"categories {sorted(category_ids)[:12]}")


def objects(annotations: Sequence[dict[str, Any]], size: tuple[int, int], name: str, labels: dict[int, int],
            points: int, report: box_checks.Report) -> tuple[Objects, list[dict[str, Any]]]:
    """The objects of one picture, and their annotations.

    Args:
      annotations: as they stand in the file.
      size: height and width of the picture.
      name: of the picture, for the report.
      labels: the label of each category_id.
      points: keypoints of an object; 0 if there are none.
    Returns: the objects that can be used, and what the file says about them.
    """
    sides = np.array([each["bbox"] for each in annotations], np.float64).reshape(-1, 4)            # x, y, w, h
    boxes, keep = box_checks.usable(np.stack([sides[:, 1], sides[:, 0], sides[:, 1] + sides[:, 3],
                                              sides[:, 0] + sides[:, 2]], -1), size, name, report)
    kept = [each for each, is_kept in zip(annotations, keep) if is_kept]
    crowd = [bool(each.get("iscrowd")) for each in kept]
    box_checks.note(report, "crowd", name, sum(crowd))
    area = [_number(each.get("area"), sides[index, 2] * sides[index, 3]) for index, each
            in zip(np.flatnonzero(keep), kept)]
    has_masks = any(each.get("segmentation") for each in kept)
    return Objects.of(boxes[keep], [labels[each["category_id"]] for each in kept], crowd, area,
                      masks=(lambda: masks(kept, size, name)) if has_masks else None,
                      keypoints=np.array([_points(each.get("keypoints"), points, name) for each in kept],
                                         np.float32).reshape(len(kept), points, 3) if points else None), kept


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and np.isfinite(value) else float(default)


def _points(values: Any, count: int, name: str) -> np.ndarray:
    """Keypoints as y, x, visibility; an object of a class without any has none that is labeled."""
    if not values:
        return np.zeros([count, 3], np.float32)
    try:
        points = np.array(values, np.float32).reshape(count, 3)[:, [1, 0, 2]]
        if not np.isfinite(points).all():
            raise ValueError("a number that is not finite")
        return points
    except (ValueError, TypeError, OverflowError):
        raise errors.DataError(f"{name}: expected {count} keypoints as {3 * count} numbers in an annotation, found "
                               f"{str(values)[:60]}.") from None


def masks(annotations: Sequence[dict[str, Any]], size: tuple[int, int], name: str) -> np.ndarray:
    """The masks of objects from their polygons or run lengths: bool `[G, H, W]`; one without a mask is empty."""
    found = np.zeros([len(annotations), *size], bool)
    for mask, each in zip(found, annotations):
        try:
            if each.get("segmentation"):
                mask[:] = run_lengths.mask(each["segmentation"], *size)
        except errors.DataError as error:
            raise errors.DataError(f"{name}, annotation {each['id']}: {error}") from None
    return found


def same_classes(files: dict[str, CocoFile], where: str) -> Optional[errors.DataError]:
    """The error if two parts of a set call one category_id by two names, or test knows a class that train does not."""
    first = next(iter(files.values()))
    expected = {each["id"]: each["name"] for each in first.categories}
    for part, file in files.items():
        for each in file.categories:
            if expected.get(each["id"]) != each["name"]:
                return errors.DataError(f"{where}: category {each['id']} is {each['name']!r} in {part} and "
                                        f"{expected.get(each['id'])!r} elsewhere; all parts need the same categories.")
    return None
