"""Glyphs: generated pictures of digits and capital letters, RGB, the data set that needs no file.

Each picture shows one character of 34 in one of 21 fonts, turned, sheared, scaled and shifted, light on dark or dark
on light, before a gradient with blotches, beside the cut-off edge of a neighbor, blurred and noisy. The same
fonts serve train, dev and test, so that dev tells what test will say.

Splits: train 12,000, dev 2,000, test 2,000; classes are drawn uniformly. A linear model gets 6 % of test right, two
convolutions 57 % after 3 epochs and 79 % after 10, six with batch normalization 98 % after 5.
"""
from __future__ import annotations

import concurrent.futures
import os
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import glyph_masks, sources
from npfl_kit.data.image_classification import ImageClassification, Split

NAME = "glyphs"
CLASSES = tuple(glyph_masks.CHARACTERS)
COUNTS = {"train": 12_000, "dev": 2_000, "test": 2_000}
SIZE, MIN_SIZE, MAX_SIZE = 32, 28, 64
SEED = 42
BLOCK = 50  # pictures drawn from one generator: few enough to stay in the processor's cache


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None, image_size: Optional[int] = None,
         channels: int = 3, seed: int = SEED) -> ImageClassification:
    """Glyphs as `data.load` gives it; an element is `{"image": uint8 [32, 32, 3], "label": int32 []}`.

    Args:
      data_dir: not used.
      train_size, image_size: as in `data.load`; a side from 28 to 64 pixels.
      channels: 3 for RGB, 1 for grey.
      seed: int >= 0, another seed gives another data set.
    """
    size = SIZE if image_size is None else image_size
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise errors.UsageError(f"Glyphs are {MIN_SIZE} to {MAX_SIZE} pixels wide; got --image_size={size}.")

    def split(stream: int, count: int) -> Split:
        return Split(labels(count, seed, stream), lambda wanted: render(wanted, seed, stream, size, channels))

    splits = {name: split(stream, count) for stream, (name, count) in enumerate(COUNTS.items())}
    return ImageClassification(NAME, CLASSES, splits, f"generated from seed {seed}", train_size=train_size,
                               auto_augment="affine")


def labels(count: int, seed: int, stream: int) -> np.ndarray:
    """Classes of the first `count` pictures: int64 `[count]`.

    >>> labels(3, seed=42, stream=0).tolist() == labels(900, seed=42, stream=0)[:3].tolist()
    True
    """
    blocks = [_classes(_generator(seed, stream, block)) for block in range(-(-count // BLOCK))]
    return np.concatenate(blocks)[:count]


def render(count: int, seed: int, stream: int, size: int = SIZE, channels: int = 3) -> np.ndarray:
    """The first `count` pictures: uint8 `[count, size, size, channels]`, a function of the arguments alone."""
    glyph_masks.masks(size)  # once, before the threads ask for them
    images = np.empty([count, size, size, channels], np.uint8)

    def fill(start: int) -> None:
        block = _render_block(_generator(seed, stream, start // BLOCK), size, channels)
        images[start:start + BLOCK] = block[:count - start]

    with concurrent.futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        list(pool.map(fill, range(0, count, BLOCK)))
    return images


def _generator(seed: int, stream: int, block: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream, block])


def _classes(generator: np.random.Generator) -> np.ndarray:
    return generator.integers(len(CLASSES), size=BLOCK)


def _render_block(generator: np.random.Generator, size: int, channels: int) -> np.ndarray:
    shape, neighbor = (part[..., np.newaxis] for part in _shapes(generator, size))    # 2 x [n, S, S, 1]
    behind, before, beside = _colors(generator, channels)                             # 3 x [n, 1, 1, C]
    image = neighbor * (beside - behind) + behind                                     # [n, S, S, C]
    image += _blotches(generator, size)[..., np.newaxis]
    image += shape * (before - image)
    noise = generator.standard_normal(image.shape, np.float32)
    image += noise * generator.uniform(0, 0.08, [BLOCK, 1, 1, 1]).astype(np.float32)
    return (image * 255 + 0.5).clip(0, 255).astype(np.uint8)


def _shapes(generator: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel the character covers, and its neighbor: float32 `[n, S, S]` in [0, 1]."""
    masks = glyph_masks.masks(size)                                                   # [F, K, M, M]
    flat = masks.reshape(-1, *masks.shape[2:])                                        # [F * K, M, M]
    classes, fonts = _classes(generator), generator.integers(len(masks), size=BLOCK) * len(CLASSES)
    beside = generator.integers(len(CLASSES), size=BLOCK)
    middles = generator.uniform(-0.12, 0.12, [BLOCK, 2]) * size
    side = np.where(generator.uniform(size=BLOCK) < 0.5, -size, size)
    gaps = (generator.uniform(0.62, 0.85, BLOCK) * side)[:, np.newaxis] * [1, 0]      # [n, 2]
    inverse = _inverse_maps(generator)
    blur = generator.uniform(0, 0.3, [BLOCK, 1, 1]).astype(np.float32)
    return (_blurred(glyph_masks.draw(flat, fonts + classes, inverse, middles, size), blur),
            _blurred(glyph_masks.draw(flat, fonts + beside, inverse, middles + gaps, size), blur))


def _inverse_maps(generator: np.random.Generator) -> np.ndarray:
    """From a point of the picture to the point of the mask that is read, about the middles: `[n, 2, 2]`."""
    angle = np.radians(generator.uniform(-15, 15, BLOCK))
    shear = generator.uniform(-0.25, 0.25, BLOCK)
    zoom, aspect = generator.uniform(0.6, 1.0, BLOCK), np.exp(generator.uniform(-0.2, 0.2, BLOCK))
    cos, sin, one, zero = np.cos(angle), np.sin(angle), np.ones(BLOCK), np.zeros(BLOCK)
    rotation = np.array([[cos, -sin], [sin, cos]])
    stretch = np.array([[zoom * aspect, shear * zoom], [zero, zoom / aspect * one]])
    return np.linalg.inv(np.einsum("ijn,jkn->nik", rotation, stretch))


def _blurred(shape: np.ndarray, blur: np.ndarray) -> np.ndarray:
    for axis in (1, 2):
        shape = shape + blur * (np.roll(shape, 1, axis) + np.roll(shape, -1, axis) - 2 * shape)
    return shape


def _colors(generator: np.random.Generator, channels: int) -> list[np.ndarray]:
    """Colors of background, character and neighbor, float32 `[n, 1, 1, C]`; the first two differ by 0.3 or more."""
    behind = generator.uniform(0, 1, [BLOCK, 1])
    darker = generator.uniform(0.35, 0.65, [BLOCK, 1]) < behind                       # where there is room for 0.3
    contrast = generator.uniform(0.3, np.where(darker, behind, 1 - behind))
    before = behind + np.where(darker, -contrast, contrast)
    beside = behind + (before - behind) * generator.uniform(0.3, 1, [BLOCK, 1])
    tints = generator.uniform(-0.12, 0.12, [3, BLOCK, 3])[..., :channels]
    return [(color + tint)[:, np.newaxis, np.newaxis].astype(np.float32)
            for color, tint in zip((behind, before, beside), tints)]


def _blotches(generator: np.random.Generator, size: int) -> np.ndarray:
    """Smooth changes of brightness: float32 `[n, S, S]`, four random values along each axis, interpolated."""
    knots = generator.uniform(-0.2, 0.2, [BLOCK, 4, 4])
    position = np.linspace(0, 3, size)[:, np.newaxis]                                 # [S, 1]
    weights = np.maximum(0, 1 - np.abs(position - np.arange(4)))                      # [S, 4]
    return (weights @ knots @ weights.T).astype(np.float32)
