"""Pictures with objects in them, read when they are asked for: one part of a detection data set."""
from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from npfl_kit import errors


@dataclasses.dataclass(frozen=True)
class Objects:
    """The objects of one picture, in its own pixels.

    Args:
      boxes: float32 `[G, 4]`, top, left, bottom, right, inside of the picture and with an area.
      labels: int32 `[G]`, classes in `[0, K)`.
      crowd: bool `[G]`, True for a crowd (COCO) or a difficult object (VOC): neither taught nor scored.
      area: float32 `[G]`, pixels of the mask, or of the box where there is no mask.
      masks: a function that gives bool `[G, H, W]`, or None.
      keypoints: float32 `[G, P, 3]`, y, x, and 0 for not labeled, 1 for hidden, 2 for visible; or None.
    """

    boxes: np.ndarray
    labels: np.ndarray
    crowd: np.ndarray
    area: np.ndarray
    masks: Optional[Callable[[], np.ndarray]] = None
    keypoints: Optional[np.ndarray] = None

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, boxes: ArrayLike, labels: ArrayLike, crowd: Optional[ArrayLike] = None,
           area: Optional[ArrayLike] = None, masks: Optional[Callable[[], np.ndarray]] = None,
           keypoints: Optional[np.ndarray] = None) -> Objects:
        """Objects from anything like arrays; without `crowd` none is one, and without `area` the box tells it.

        >>> Objects.of([[0, 0, 2, 3]], [1]).area.tolist()
        [6.0]
        """
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        return cls(boxes, np.asarray(labels, np.int32).reshape(-1),
                   np.zeros(len(boxes), bool) if crowd is None else np.asarray(crowd, bool).reshape(-1),
                   sides.prod(-1) if area is None else np.asarray(area, np.float32).reshape(-1), masks, keypoints)


class DetectionSplit:
    """Pictures and their objects, both read at the moment they are asked for.

    Args:
      names: `[N]`, the file of each picture.
      sizes: int `[N, 2]`, height and width of each.
      read: gives the pixels of picture `i`, uint8 `[H, W, 3]`.
      objects: gives the objects of picture `i`.
      image_ids: `[N]`, by which predictions call the pictures; 1 to N if they have no ids of their own.
      annotations: gives the objects of picture `i` as its COCO file says them; None if they come from no such file.
      in_memory: whether `read` takes from memory.
    """

    def __init__(self, names: Sequence[str], sizes: ArrayLike, read: Callable[[int], np.ndarray],
                 objects: Callable[[int], Objects], *, image_ids: Optional[Sequence[int]] = None,
                 annotations: Optional[Callable[[int], list[dict[str, Any]]]] = None, in_memory: bool = False) -> None:
        self.names, self.sizes = list(names), np.asarray(sizes, np.int32).reshape(-1, 2)
        self.image_ids = list(range(1, len(self.names) + 1) if image_ids is None else image_ids)
        self.in_memory = in_memory
        self._read, self._objects, self._annotations = read, objects, annotations

    def __len__(self) -> int:
        return len(self.names)

    def image(self, index: int) -> np.ndarray:
        """The pixels of one picture, uint8 `[H, W, 3]`; a DataError if it is broken or has not the size it should."""
        pixels = self._read(self._checked(index))
        if pixels.shape[:2] != tuple(self.sizes[index]):
            raise errors.DataError(
                f"{self.names[index]} has {pixels.shape[0]} x {pixels.shape[1]} pixels, its annotation says "
                f"{self.sizes[index][0]} x {self.sizes[index][1]}. Replace the picture or mend the annotation.")
        return pixels

    def objects(self, index: int) -> Objects:
        """The objects of one picture; there may be none."""
        return self._objects(self._checked(index))

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """The classes of all objects that are no crowd, picture after picture: int32 `[all G]`."""
        objects = map(self.objects, range(len(self)))
        return np.concatenate([np.zeros(0, np.int32), *(each.labels[~each.crowd] for each in objects)])

    def annotations(self, index: int) -> Optional[list[dict[str, Any]]]:
        """The annotations of one picture as they stand in the COCO file, or None if there is no such file."""
        return None if self._annotations is None else self._annotations(self._checked(index))

    def chosen(self, positions: Sequence[int]) -> DetectionSplit:
        """The pictures at these positions, in this order, as a split of their own; nothing is read for it."""
        at = [self._checked(int(position)) for position in positions]
        raw = self._annotations
        return DetectionSplit([self.names[i] for i in at], self.sizes[at], lambda index: self._read(at[index]),
                              lambda index: self._objects(at[index]), image_ids=[self.image_ids[i] for i in at],
                              annotations=None if raw is None else lambda index: raw(at[index]),  # type: ignore[misc]
                              in_memory=self.in_memory)

    def first(self, count: int) -> DetectionSplit:
        """The first so many pictures."""
        return self.chosen(range(count))

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        return int(index)
