"""Augmentation of a whole batch at once, as pure functions of the pictures and a seed.

Every function here returns a step: a callable of (images float32 `[B, H, W, C]`, seed int32 `[2]`) that returns
pictures of the same shape. Each picture of a batch draws its own numbers; the same seed gives the same pictures,
eagerly and inside `tf.data`, in any process.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Optional, Union

import tensorflow as tf

from npfl_kit import errors

if TYPE_CHECKING:
    from npfl_kit.data.image_classification import ImageClassification

Step = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
NAMES = ("none", "crop", "crop_flip", "affine", "auto")


def flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror every second picture left to right, by chance; itself a step.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, Sec. 4.1.
    """
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    mirrored = tf.random.stateless_uniform([batch, 1], seed) < 0.5                                # [B, 1]
    columns = tf.range(width)
    return _pick(images, tf.range(height)[tf.newaxis], tf.where(mirrored, width - 1 - columns, columns))


def crop(pixels: int, padding: str = "reflect") -> Step:
    """Pad every side by `pixels` and cut out a picture of the old size at a random place.

    Args:
      pixels: int >= 0, the farthest shift along each axis; all `2 * pixels + 1` shifts are equally probable.
      padding: "reflect" mirrors the picture at its border (not repeating it), "zero" is black.
    Source: He et al. 2016, Deep Residual Learning, Sec. 4.2, pads CIFAR-10 with 4 zeros.
    """
    if pixels < 0 or padding not in ("reflect", "zero"):
        raise errors.UsageError(f"crop needs pixels >= 0 and padding reflect or zero, got {pixels}, {padding!r}.")

    def step(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if pixels >= min(images.shape[1:3]):
            raise errors.UsageError(f"crop({pixels}) needs pictures larger than {pixels} pixels, got "
                                    f"{images.shape[1]} x {images.shape[2]}.")
        batch, height, width = tf.unstack(tf.shape(images)[:3])
        shifts = tf.random.stateless_uniform([2, batch, 1], seed, -pixels, pixels + 1, tf.int32)  # [2, B, 1]
        rows, columns = shifts[0] + tf.range(height), shifts[1] + tf.range(width)                 # [B, H], [B, W]
        if padding == "reflect":
            return _pick(images, _reflected(rows, height), _reflected(columns, width))
        outside = ~_inside(rows, height)[:, :, tf.newaxis] | ~_inside(columns, width)[:, tf.newaxis]
        return _pick(images, rows, columns, outside, 0.0)

    return step


def _reflected(positions: tf.Tensor, side: tf.Tensor) -> tf.Tensor:
    """Positions beyond a border, mirrored at the border pixel, which is not repeated; int32, same shape."""
    return side - 1 - tf.abs(side - 1 - tf.abs(positions))


def _inside(positions: tf.Tensor, side: tf.Tensor) -> tf.Tensor:
    return (positions >= 0) & (positions < side)


def _pick(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor, hidden: Optional[tf.Tensor] = None,
          fill: Union[float, Sequence[float]] = 0.0) -> tf.Tensor:
    """Pictures whose pixels are pixels of the given ones: on one core half the time of `tf.gather` by axes.

    Args:
      rows, columns: int32 `[B or 1, H]` and `[B or 1, W]`, where to read; free where `hidden`.
      hidden: bool `[B, H, W]`, pixels that are `fill` instead, a float or one per channel.
    Returns: float `[B, H, W, C]`.
    """
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    pictures = tf.range(batch)[:, tf.newaxis] * height
    places = ((pictures + rows) * width)[:, :, tf.newaxis] + columns[:, tf.newaxis]               # [B, H, W]
    pixels = tf.reshape(images, [-1, images.shape[-1]])                                           # [B * H * W, C]
    if hidden is not None:
        pixels = tf.concat([pixels, tf.zeros_like(pixels[:1]) + fill], axis=0)
        places = tf.where(hidden, tf.shape(pixels)[0] - 1, places)
    return tf.ensure_shape(tf.gather_nd(pixels, places[..., tf.newaxis]), images.shape)


def affine(degrees: float = 0.0, shift: float = 0.0, scale: float = 0.0) -> Step:
    """Rotate, scale and shift every picture about its middle, reading between pixels bilinearly.

    Args:
      degrees: float >= 0, rotation is uniform in `[-degrees, degrees]`.
      shift: float in [0, 1), shift along each axis, uniform in +- that share of the side.
      scale: float >= 0, size is multiplied by a factor between `1 / (1 + scale)` and `1 + scale`, log-uniform.

    What comes in from outside repeats the nearest border pixel.
    Source: Simard et al. 2003, Best Practices for Convolutional Neural Networks, Sec. 2.
    """
    def step(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        batch, height, width = tf.unstack(tf.shape(images)[:3])
        draws = tf.random.stateless_uniform([4, batch], seed, -1, 1)
        angle, zoom = draws[0] * math.radians(degrees), tf.exp(-draws[1] * math.log1p(scale))
        middle_y, middle_x = tf.cast(height - 1, tf.float32) / 2, tf.cast(width - 1, tf.float32) / 2
        shift_y = middle_y + draws[2] * shift * tf.cast(height, tf.float32)
        shift_x = middle_x + draws[3] * shift * tf.cast(width, tf.float32)
        cos, sin, zero = tf.cos(angle) * zoom, tf.sin(angle) * zoom, tf.zeros_like(angle)
        # From a pixel (x, y) of the result to the point of the picture that is read: [a0 a1 a2; b0 b1 b2].
        transforms = tf.stack([cos, -sin, middle_x - cos * shift_x + sin * shift_y,
                               sin, cos, middle_y - sin * shift_x - cos * shift_y, zero, zero], axis=1)  # [B, 8]
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images, transforms=transforms, output_shape=tf.stack([height, width]), fill_value=0.0,
            interpolation="BILINEAR", fill_mode="NEAREST")

    return step


def cutout(size: int, fill: Union[float, Sequence[float]] = 0.0) -> Step:
    """Hide a square of every picture.

    The middle of the square is uniform over all pixels, so that the square may stick out of the picture and hide less:
    the authors found this part important (the alternative is to leave some pictures whole).

    Args:
      size: int >= 0, side of the square in pixels.
      fill: float, or one per channel; the mean pixel (`data.mean`) hides a square without adding brightness.
    Source: DeVries and Taylor 2017, Improved Regularization of Convolutional Neural Networks with Cutout, Sec. 3.2;
      they fill with 0 after subtracting the mean, which is the same.
    """
    def step(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        batch, height, width = tf.unstack(tf.shape(images)[:3])
        middle = tf.random.stateless_uniform([2, batch, 1], seed)                                 # [2, B, 1]
        hidden = []
        for share, side in zip(tf.unstack(middle), (height, width)):
            start = tf.cast(share * tf.cast(side, tf.float32), tf.int32) - size // 2              # [B, 1]
            hidden.append(_inside(tf.range(side) - start, size))                                  # [B, side]
        square = hidden[0][:, :, tf.newaxis] & hidden[1][:, tf.newaxis]                           # [B, H, W]
        return _pick(images, tf.range(height)[tf.newaxis], tf.range(width)[tf.newaxis], square, fill)

    return step


def chain(*steps: Optional[Step]) -> Step:
    """One step that does several in turn, each with its own seed; None stands for nothing."""
    def step(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        for position, one in enumerate(steps):
            if one is not None:
                images = one(images, tf.random.experimental.stateless_fold_in(seed, position))
        return images

    return step


def by_name(name: str, dataset: ImageClassification) -> Optional[Step]:
    """The augmentation that `--augment=NAME` asks for; None for "none".

    "auto" is `affine` for characters and digits, which must not be mirrored, and `crop_flip` for photographs. A crop
    shifts by up to an eighth of the side: 4 pixels of 32, as is usual for CIFAR-10.
    """
    if name not in NAMES:
        raise errors.unknown("augmentation", name, NAMES)
    if name == "auto":
        name = dataset.auto_augment
    pixels = max(1, min(dataset.image_shape[:2]) // 8)
    return {"none": lambda: None, "crop": lambda: crop(pixels), "crop_flip": lambda: chain(crop(pixels), flip),
            "affine": lambda: affine(degrees=12, shift=0.08, scale=0.12)}[name]()
