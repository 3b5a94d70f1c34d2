"""Detection data to `tf.data` batches: dense, padded and counted; in order, or shuffled and resumable for training.

A batch is a dictionary of arrays of fixed rank, where an image without objects is ordinary:

    image          float32 [B, S, S, 3]  in [0, 1], letterboxed
    boxes          float32 [B, G, 4]     top, left, bottom, right in pixels of the S x S picture, 0 beyond the count
    labels         int32 [B, G]          classes in [0, K), -1 beyond the count
    count          int32 [B]             objects of each picture
    ignored        float32 [B, I, 4]     crowds, difficult objects, and what augmentation cut to pieces
    ignored_count  int32 [B]
    scale          float32 [B]           pixels of the S x S picture per pixel of the file, before augmentation
    size           int32 [B, 2]          height and width in the file
    index          int32 [B]             position in the split
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from npfl_kit.data import epochs, letterbox
from npfl_kit.data.detection_split import DetectionSplit, Objects

Batch = dict[str, tf.Tensor]
Augment = Callable[[Batch, tf.Tensor], Batch]
ROOM = 8  # dense arrays grow in such steps, so that graphs see few shapes
SHAPES = {"image": [None, None, None, 3], "boxes": [None, None, 4], "labels": [None, None], "count": [None],
          "ignored": [None, None, 4], "ignored_count": [None], "scale": [None], "size": [None, 2], "index": [None]}
FLOATS = ("boxes", "ignored", "scale")


def examples(split: DetectionSplit) -> tf.data.Dataset:
    """Single examples in order, in the pixels of their files; `ObjectDetection` says what is in one."""
    def read(index: np.ndarray) -> tuple[np.ndarray, ...]:
        objects = split.objects(int(index))
        return split.image(int(index)), objects.boxes, objects.labels, objects.crowd

    def example(index: tf.Tensor) -> Batch:
        parts = tf.numpy_function(read, [index], [tf.uint8, tf.float32, tf.int32, tf.bool], stateful=False)
        shapes = {"image": [None, None, 3], "boxes": [None, 4], "labels": [None], "crowd": [None]}
        return {name: tf.ensure_shape(part, shape) for part, (name, shape) in zip(parts, shapes.items())}

    return tf.data.Dataset.range(len(split)).map(example, num_parallel_calls=4, deterministic=True).prefetch(4)


def in_order(pictures: letterbox.Letterboxed, batch_size: int, fixed: bool = False) -> tf.data.Dataset:
    """Batches in order; the last one may be smaller. For `fixed` see `padded`."""
    read = _reader(pictures, fixed)

    def batch(step: tf.Tensor) -> Batch:
        return read(tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, len(pictures))))

    steps = tf.data.Dataset.range(-(-len(pictures) // batch_size))
    return steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2)


class DetectionTrainBatches(epochs.Epochs):
    """Batches for training.

    The order is a stateless shuffle seeded by `(seed, epoch)`, the augmentation of a batch by `(seed, epoch, step)`.

    Args:
      pictures: what to draw from.
      batch_size: int; the last batch of an epoch may be smaller.
      seed: int.
      augment: function of (batch, seed int32 `[2]`) to a batch, or None.
      fixed: as in `padded`.
    """

    UNIT = "images"

    def __init__(self, pictures: letterbox.Letterboxed, batch_size: int, seed: int, augment: Optional[Augment] = None,
                 fixed: bool = False) -> None:
        super().__init__(len(pictures), batch_size, seed)
        self.augment = augment
        self._read = _reader(pictures, fixed)
        self._trims = augment is not None and not fixed

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        seed, order = self.shuffled(number)

        def batch(step: tf.Tensor) -> Any:
            found = self._read(order[step * self.batch_size:(step + 1) * self.batch_size])
            if self.augment is not None:
                found = self.augment(found, tf.random.experimental.stateless_fold_in(seed, step + 1))
            return self.mapped(trimmed(found) if self._trims else found)

        steps = tf.data.Dataset.range(len(self))
        return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def padded(objects: Sequence[Objects], scales: np.ndarray, room: tuple[int, int]) -> list[np.ndarray]:
    """The objects of a batch as dense arrays: boxes, labels, count, ignored, ignored_count.

    Args:
      objects: `[B]`, in the pixels of their files.
      scales: float `[B]`, by which the boxes are enlarged.
      room: the least `G` and `I`; a batch with more objects gets the next multiple of 8.
    """
    taught, crowds = ([np.flatnonzero(each.crowd == crowd) for each in objects] for crowd in (False, True))
    found = []
    for chosen, least in zip((taught, crowds), room):
        counts = np.array([len(each) for each in chosen], np.int32)
        most = max(least, _rounded(int(counts.max(initial=0))))
        boxes = np.zeros([len(objects), most, 4], np.float32)
        labels = np.full([len(objects), most], -1, np.int32)
        for row, (each, indices, factor) in enumerate(zip(objects, chosen, scales)):
            boxes[row, :len(indices)] = each.boxes[indices] * np.float32(factor)
            labels[row, :len(indices)] = each.labels[indices]
        found += [boxes, labels, counts]
    return found[:4] + found[5:]     # the labels of crowds are not needed


def trimmed(batch: Batch) -> Batch:
    """The batch without columns that no picture uses, in steps of 8."""
    result = dict(batch)
    for names, count in ((("boxes", "labels"), "count"), (("ignored",), "ignored_count")):
        most = tf.maximum(1, tf.reduce_max(batch[count]))
        for name in names:
            result[name] = batch[name][:, :(most + ROOM - 1) // ROOM * ROOM]
    return result


def _rounded(count: int) -> int:
    return -(-count // ROOM) * ROOM if count else 1


def _reader(pictures: letterbox.Letterboxed, fixed: bool) -> Callable[[tf.Tensor], Batch]:
    """A function of int64 indices `[B]` that gives a batch."""
    split, side, room = pictures.split, pictures.side, (1, 1)
    if fixed:
        crowds = [split.objects(index).crowd for index in range(len(split))]
        most = [max((int((each == kind).sum()) for each in crowds), default=0) for kind in (False, True)]
        room = (_rounded(most[0]), _rounded(most[1]))
    names = list(SHAPES)
    types = [tf.uint8 if name == "image" else tf.float32 if name in FLOATS else tf.int32 for name in names]
    shapes = dict(SHAPES, image=[None, side, side, 3])
    if fixed:
        shapes.update(boxes=[None, room[0], 4], labels=[None, room[0]], ignored=[None, room[1], 4])

    def read(indices: np.ndarray) -> list[np.ndarray]:
        sizes = split.sizes[indices]                                                                  # [B, 2]
        scales = (side / sizes.max(-1)).astype(np.float32)
        images = pictures[indices]                      # before the objects: a generated set draws both at once
        arrays = padded([split.objects(int(index)) for index in indices], scales, room)
        return [images, *arrays, scales, sizes, indices.astype(np.int32)]

    def batch(indices: tf.Tensor) -> Batch:
        parts = tf.numpy_function(read, [tf.cast(indices, tf.int64)], types, stateful=False)
        found = {name: tf.ensure_shape(part, shapes[name]) for name, part in zip(names, parts)}
        return {**found, "image": tf.cast(found["image"], tf.float32) / 255.0}

    return batch
