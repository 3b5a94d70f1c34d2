"""A data set of pictures with boxes around their objects, and the judge of its predictions."""
from __future__ import annotations

import concurrent.futures
import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.data import box_checks, coco_gold, split_set
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.letterbox import Letterboxed

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["DetectionSplit", "ObjectDetection", "Objects"]
MEAN_PICTURES = 200
IMAGE_SIZE = 256


class ObjectDetection(split_set.SplitSet):
    """Train, dev and test pictures with boxes, classes, and, for some sets, masks and keypoints of the objects.

    Boxes are top, left, bottom, right in pixels, classes are `0..K-1` and background is none of them. `split` gives
    the pictures one by one, `batches` what a network eats, `gold` what a judge reads. As `tf.data.Dataset`, in
    order, an element of `train`, `dev` or `test` is

        {"image": uint8 [H, W, 3], "boxes": float32 [G, 4], "labels": int32 [G], "crowd": bool [G]}

    Args:
      name: of the data set.
      classes: their names, by label.
      splits: `DetectionSplit` of "train", "dev" and "test".
      sources: where they come from, for people.
      train_size: int in `[1, N]`, keep the first so many of train; None keeps all.
      image_size: int, side of the pictures in `batches`, in pixels; None is 256.
      auto_augment: what is in the pictures: with `--augment=auto` a "photo" is mirrored, a "microscope"'s picture
        turned, too, "characters" are neither.
      category_ids: the numbers of the classes in COCO files; None is 1 to K.
      keypoints: the names of the keypoints of an object.
      report: what was odd in the files.
      judge: scores `(split_name, predictions)` in another way than COCO does.
    Raises: UsageError if `train_size` is impossible, DataError if train has no picture.
    """

    def __init__(self, name: str, classes: Sequence[str], splits: dict[str, DetectionSplit], sources: str, *,
                 train_size: Optional[int] = None, image_size: Optional[int] = None, auto_augment: str = "photo",
                 category_ids: Optional[Sequence[int]] = None, keypoints: Sequence[str] = (),
                 report: Optional[box_checks.Report] = None,
                 judge: Optional[Callable[[DetectionSplit, Any], dict[str, float]]] = None) -> None:
        self.classes, self.sources, self.auto_augment = list(classes), sources, auto_augment
        self.image_size, self.keypoints = image_size or IMAGE_SIZE, list(keypoints)
        self.category_ids = list(range(1, len(self.classes) + 1) if category_ids is None else category_ids)
        self._report, self._judge = report or {}, judge
        self._squares: dict[str, Letterboxed] = {}     # of the size that was asked for last
        if not len(splits["train"]):
            raise errors.DataError(f"{sources}: the training part of {name} has no picture; at least one is needed.")
        super().__init__(name, splits, train_size)

    @functools.cached_property
    def image_shape(self) -> tuple[Any, Any, int]:
        """`(H, W, 3)` of the training pictures; None for a side that differs among them."""
        sides = [set(column) for column in self.split("train").sizes.T.tolist()]
        height, width = (side.pop() if len(side) == 1 else None for side in sides)
        return height, width, 3

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """Mean training pixel, float32 `[3]` in [0, 1], over at most 200 pictures spread evenly over train."""
        train = self.split("train")
        chosen = np.unique(np.linspace(0, len(train) - 1, MEAN_PICTURES).astype(int)).tolist()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            means = list(pool.map(lambda index: train.image(index).mean((0, 1)), chosen))
        return (np.mean(means, axis=0) / 255).astype(np.float32)

    def gold(self, split_name: str, masks: bool = False) -> dict[str, Any]:
        """The ground truth in the form of a COCO file; see `coco_gold.gold`."""
        return coco_gold.gold(self.split(split_name), self.classes, self.category_ids, self.keypoints, masks)

    def results(self, split_name: str, index: int, boxes: np.ndarray, scores: np.ndarray,
                labels: np.ndarray) -> list[dict[str, Any]]:
        """Detections in picture `index`, tlbr in its own pixels and classes `0..K-1`, as entries of COCO results."""
        return coco_gold.results(self.split(split_name).image_ids[index], boxes, scores, labels, self.category_ids)

    @property
    def has_own_judge(self) -> bool:
        """Whether `evaluate` asks for `answers` in place of COCO results."""
        return self._judge is not None

    def answers(self, split_name: str, results: Sequence[dict[str, Any]],
                least_score: float) -> list[tuple[np.ndarray, np.ndarray]]:
        """What a judge without scores reads: for each picture labels int32 `[D]` and boxes float64 `[D, 4]`, tlbr,
        of the COCO results with at least this score, the highest first."""
        return coco_gold.answers(self.split(split_name).image_ids, results, self.category_ids, least_score)

    def report(self) -> box_checks.Report:
        """What was odd in the files, by kind, with the name of the file for each time; see `box_checks.lines`."""
        return box_checks.merged(self._report)

    def evaluate(self, split_name: str, predictions: Union[str, pathlib.Path, list[Any]],
                 kind: str = "bbox") -> dict[str, float]:
        """The judge: the twelve numbers of COCO, or what the data set's own judge says.

        Args:
          predictions: COCO results, as a list or a JSON file; for the data set's own judge `answers`, or their file.
          kind: "bbox", "segm" or "keypoints".
        """
        if self._judge is not None:
            return self._judge(self.split(split_name), predictions)
        from npfl_kit.scoring import coco
        return coco.evaluate(self.gold(split_name, masks=kind == "segm"), predictions, kind)

    def _examples(self, split_name: str) -> tf.data.Dataset:
        from npfl_kit.data import detection_batches
        return detection_batches.examples(self.split(split_name))

    def batches(self, split_name: str, batch_size: int, image_size: Optional[int] = None, seed: Optional[int] = None,
                augment: Optional[Callable[..., Any]] = None, fixed: bool = False) -> Any:
        """Batches of letterboxed pictures with dense boxes; `detection_batches` says what is in one.

        Args:
          split_name: "train" gives `DetectionTrainBatches`, shuffled anew in every epoch; "dev" and "test" give a
            `tf.data.Dataset` in order. The last batch may be smaller.
          image_size: int, side of the pictures in pixels; None is the usual size of the set.
          seed: int, order and augmentation of train; None is 42.
          augment: a function from `npfl_kit.data.detection_augment`, train only.
          fixed: pad to the largest number of objects of the split instead of the batch, so that XLA compiles once.
        """
        from npfl_kit.data import detection_batches
        split, side = self.split(split_name), self.image_size if image_size is None else image_size
        if batch_size < 1:
            raise errors.UsageError(f"--batch_size must be at least 1, got {batch_size}.")
        if not 1 <= side <= 4096:
            raise errors.UsageError(f"--image_size must be between 1 and 4096 pixels, got {side}.")
        pictures = self._squares.get(split_name)
        if pictures is None or pictures.side != side:
            pictures = self._squares[split_name] = Letterboxed(split, side, self.mean)
        if split_name == "train":
            return detection_batches.DetectionTrainBatches(pictures, batch_size, 42 if seed is None else seed,
                                                           augment, fixed)
        if augment is not None:
            raise errors.UsageError(f"Only train is augmented, not {split_name}; leave `augment` out.")
        return detection_batches.in_order(pictures, batch_size, fixed)
