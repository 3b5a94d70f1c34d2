"""Augmentation of a whole detection batch at once: what moves the pixels moves the boxes.

Every function here gives or is a step: a callable of (batch, seed int32 `[2]`) that returns a batch, where a batch is
what `detection_batches` says. Each picture draws its own numbers; the same seed gives the same batch, eagerly and
inside `tf.data`, in any process.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Optional

import numpy as np
import tensorflow as tf

from npfl_kit import errors

if TYPE_CHECKING:
    from npfl_kit.data.object_detection import ObjectDetection

Batch = dict[str, tf.Tensor]
Step = Callable[[Batch, tf.Tensor], Batch]
NAMES = ("none", "flip", "turn", "scale", "auto")
LEAST_VISIBLE = 0.3     # share of a box that must stay in the picture, for it to be taught
LEAST_SIDE = 2.0        # pixels


def flip(batch: Batch, seed: tf.Tensor) -> Batch:
    """Mirror every second picture left to right, by chance; itself a step. Not for characters."""
    which = tf.random.stateless_uniform(tf.shape(batch["image"])[:1], seed) < 0.5
    return turned(batch, tf.zeros_like(which), tf.zeros_like(which), which)


def turn(batch: Batch, seed: tf.Tensor) -> Batch:
    """Turn each picture by 0 to 3 quarters and mirror it, by chance; itself a step. For what has no up and down.

    Under a microscope, or from the air, each of these eight views of a picture is as good as the others.
    """
    return turned(batch, *tf.unstack(tf.random.stateless_uniform([3, tf.shape(batch["image"])[0]], seed) < 0.5))


def turned(batch: Batch, transposed: tf.Tensor, upside_down: tf.Tensor, mirrored: tf.Tensor) -> Batch:
    """The batch with some pictures, which are squares, transposed, then put upside down, then mirrored left to right.

    Args:
      transposed, upside_down, mirrored: bool `[B]`, which pictures.
    """
    count, side = tf.unstack(tf.shape(batch["image"])[:2])
    there, back = tf.range(side), tf.range(side - 1, -1, -1)
    y = tf.where(upside_down[:, tf.newaxis], back, there)[:, :, tf.newaxis]                       # [B, S, 1]
    x = tf.where(mirrored[:, tf.newaxis], back, there)[:, tf.newaxis]                             # [B, 1, S]
    swaps = transposed[:, tf.newaxis, tf.newaxis]
    rows = tf.range(count)[:, tf.newaxis, tf.newaxis] * side + tf.where(swaps, x, y)
    places = rows * side + tf.where(swaps, y, x)                                                  # [B, S, S]
    # One core picks pixels in 0.3 ms for a picture of 256 x 256; tf.where on two pictures takes 5 ms.
    pixels = tf.gather_nd(tf.reshape(batch["image"], [-1, 3]), places[..., tf.newaxis])
    result, side = dict(batch, image=tf.ensure_shape(pixels, batch["image"].shape)), tf.cast(side, tf.float32)
    result["size"] = tf.where(transposed[:, tf.newaxis], batch["size"][:, ::-1], batch["size"])
    transposed, upside_down, mirrored = (each[:, tf.newaxis] for each in (transposed, upside_down, mirrored))
    for name, count in (("boxes", "count"), ("ignored", "ignored_count")):
        boxes = tf.where(transposed[..., tf.newaxis], tf.gather(batch[name], [1, 0, 3, 2], axis=-1), batch[name])
        top, left, bottom, right = tf.unstack(boxes, axis=-1)                                     # 4 x [B, G]
        top, bottom = tf.where(upside_down, side - bottom, top), tf.where(upside_down, side - top, bottom)
        left, right = tf.where(mirrored, side - right, left), tf.where(mirrored, side - left, right)
        is_used = _is_used(boxes, batch[count])[..., tf.newaxis]                                  # [B, G, 1]
        result[name] = tf.where(is_used, tf.stack([top, left, bottom, right], axis=-1), batch[name])
    return result


def zoom(low: float, high: float, shift: float = 0.1, fill: Optional[np.ndarray] = None) -> Step:
    """Scale every picture by its own factor, and move it: smaller ones anywhere into the square, larger ones are cut.

    Args:
      low, high: floats > 0, the factor is log-uniform between them.
      shift: float in [0, 1), how far a picture may move beyond that, as a share of the side.
      fill: float `[3]`, the color of what comes in from outside; None is black. Take `data.mean`.

    Boxes are cut at the border. One of which less than 0.3 stays, or less than 2 pixels, becomes an ignored region:
    it is neither an object nor background. One that leaves the picture wholly is dropped.
    Source: Liu et al. 2016, SSD, Sec. 2.2 and 3.6, crops and expands; this is both in one, with one bilinear reading.
    """
    if not 0 < low <= high or not 0 <= shift < 1:
        raise errors.UsageError(f"zoom needs 0 < low <= high and a shift in [0, 1), got {low}, {high}, {shift}.")
    color = tf.constant(np.zeros(3) if fill is None else fill, tf.float32)

    def step(batch: Batch, seed: tf.Tensor) -> Batch:
        draws = tf.random.stateless_uniform([5, tf.shape(batch["image"])[0]], seed)               # [5, B]
        factor = low * tf.exp(draws[0] * np.log(high / low).astype(np.float32))                   # [B]
        side = tf.cast(tf.shape(batch["image"])[1], tf.float32)
        content = tf.cast(batch["size"], tf.float32) * batch["scale"][:, tf.newaxis]              # [B, 2]
        free = side - factor[:, tf.newaxis] * content                                             # [B, 2]
        extra = (tf.transpose(draws[3:]) * 2 - 1) * shift * side
        return moved(batch, factor, tf.transpose(draws[1:3]) * free + extra, color)

    return step


def moved(batch: Batch, factor: tf.Tensor, offset: tf.Tensor, fill: tf.Tensor) -> Batch:
    """The batch with the point `(y, x)` of each picture brought to `factor * (y, x) + offset`.

    Args:
      factor: float32 `[B]`.
      offset: float32 `[B, 2]`, y and x in pixels.
      fill: float32 `[3]`, the color outside.
    """
    image, sides = batch["image"], tf.shape(batch["image"])[1:3]
    height, width = tf.unstack(tf.cast(sides, tf.float32))
    first = (0.5 - offset) / factor[:, tf.newaxis] - 0.5         # [B, 2]: middles of pixels lie at half numbers
    steps = tf.maximum(tf.stack([height, width]) - 1, 1)         # [2]
    window = tf.concat([first / steps, first / steps + 1 / factor[:, tf.newaxis]], axis=1)        # [B, 4]
    pixels = tf.map_fn(lambda one: tf.image.crop_and_resize(one[0][tf.newaxis], one[1][tf.newaxis], [0], sides)[0],
                       (_added(image, -fill), window), fn_output_signature=tf.float32)    # of a batch, TF 2.15 warns
    pixels = _added(pixels, fill)                                # crop_and_resize has only gray for the outside
    place = tf.tile(offset, [1, 2])[:, tf.newaxis]                                                # [B, 1, 4]

    def placed(name: str, count: str) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        boxes = batch[name] * factor[:, tf.newaxis, tf.newaxis] + place                           # [B, G, 4]
        cut = tf.clip_by_value(boxes, 0.0, tf.stack([height, width, height, width]))
        sides = cut[..., 2:] - cut[..., :2]
        share = tf.math.divide_no_nan(tf.reduce_prod(sides, -1), tf.reduce_prod(boxes[..., 2:] - boxes[..., :2], -1))
        is_in = _is_used(boxes, batch[count]) & (tf.reduce_min(sides, -1) > 0)
        return cut, is_in, is_in & (share >= LEAST_VISIBLE) & (tf.reduce_min(sides, -1) >= LEAST_SIDE)

    boxes, is_in, is_taught = placed("boxes", "count")
    crowds, is_crowd, _ = placed("ignored", "ignored_count")
    result = dict(batch, image=tf.ensure_shape(pixels, image.shape))
    result["boxes"], result["labels"], result["count"] = _packed(is_taught, boxes, batch["labels"])
    result["ignored"], _, result["ignored_count"] = _packed(
        tf.concat([is_crowd, is_in & ~is_taught], axis=1), tf.concat([crowds, boxes], axis=1), None)
    return result


def _added(image: tf.Tensor, color: tf.Tensor) -> tf.Tensor:
    """The pictures plus one color; row by row, because adding `[3]` to `[B, H, W, 3]` takes three times as long."""
    rows = tf.reshape(image, [-1, tf.shape(image)[2] * 3])                                        # [B * H, W * 3]
    return tf.reshape(rows + tf.tile(color, [tf.shape(image)[2]]), tf.shape(image))


def _is_used(boxes: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.shape(boxes)[1]) < count[:, tf.newaxis]                                    # [B, G]


def _packed(keep: tf.Tensor, boxes: tf.Tensor,
            labels: Optional[tf.Tensor]) -> tuple[tf.Tensor, Optional[tf.Tensor], tf.Tensor]:
    """The kept objects in the first columns, in their order, then padding; and how many they are, int32 `[B]`."""
    order = tf.argsort(tf.cast(~keep, tf.int32), axis=1, stable=True)                             # [B, G]
    kept = tf.gather(keep, order, batch_dims=1)
    boxes = tf.where(kept[..., tf.newaxis], tf.gather(boxes, order, batch_dims=1), 0.0)
    if labels is not None:
        labels = tf.where(kept, tf.gather(labels, order, batch_dims=1), -1)
    return boxes, labels, tf.reduce_sum(tf.cast(keep, tf.int32), axis=1)


def color(brightness: float = 0.2, contrast: float = 0.2, saturation: float = 0.3) -> Step:
    """Change the light: each picture gets its own brightness, contrast and saturation; the boxes stay.

    Args:
      brightness: float >= 0, what is added is uniform in +- that.
      contrast, saturation: floats >= 0, distances from the mean brightness, and from the gray of a pixel, are
        multiplied by a factor between `1 / (1 + it)` and `1 + it`, log-uniform.
    """
    limits = tf.constant([brightness, np.log1p(contrast), np.log1p(saturation)], tf.float32)

    def step(batch: Batch, seed: tf.Tensor) -> Batch:
        pixels = tf.reshape(batch["image"], [tf.shape(batch["image"])[0], -1, 3])                 # [B, S * S, 3]
        draws = tf.random.stateless_uniform([3, tf.shape(pixels)[0], 1, 1], seed, -1, 1)
        added, by_contrast, by_saturation = tf.unstack(draws * tf.reshape(limits, [3, 1, 1, 1]))
        contrast, saturation = tf.exp(by_contrast), tf.exp(by_saturation)                         # [B, 1, 1]
        middle = tf.reduce_mean(pixels, axis=[1, 2], keepdims=True)                               # [B, 1, 1]
        # Both are linear: gray + saturation (x - gray), then middle + contrast (x - middle); one product for all.
        mix = contrast * (saturation * tf.eye(3) + (1 - saturation) / 3)                          # [B, 3, 3]
        pixels = tf.matmul(pixels, mix) + (middle * (1 - contrast) + added)
        image = tf.reshape(tf.clip_by_value(pixels, 0.0, 1.0), tf.shape(batch["image"]))
        return dict(batch, image=tf.ensure_shape(image, batch["image"].shape))

    return step


def chain(*steps: Step) -> Step:
    """One step that does several in turn, each with its own seed."""
    def step(batch: Batch, seed: tf.Tensor) -> Batch:
        for position, one in enumerate(steps):
            batch = one(batch, tf.random.experimental.stateless_fold_in(seed, position))
        return batch

    return step


def by_name(name: str, dataset: ObjectDetection) -> Optional[Step]:
    """The augmentation that `--augment=NAME` asks for; None for "none".

    "flip" mirrors, "turn" turns by quarters and mirrors, "scale" zooms between 0.8 and 1.25 and moves; "auto" zooms,
    moves and changes the light, mirrors photographs, turns what is under a microscope, and leaves characters upright.
    """
    if name not in NAMES:
        raise errors.unknown("augmentation", name, NAMES)
    scaled = zoom(0.8, 1.25, fill=dataset.mean)
    if name == "auto":
        placed = {"photo": [flip], "microscope": [turn], "characters": []}[dataset.auto_augment]
        return chain(scaled, color(), *placed)
    return {"none": None, "flip": flip, "turn": turn, "scale": scaled}[name]
