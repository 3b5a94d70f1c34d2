"""Glyph scenes: generated pictures with 1 to 8 characters on textured grounds; the detection data without a file.

Ten characters that look unlike each other, in 21 fonts, turned by up to 15 degrees, sheared, an eighth to a third of
the picture high, in many colors, before blotches, weave, bars and rings; a character may hide a part of another one.
Boxes and masks are tight around what is visible. Keypoints are the corners of a character's frame and its middle.

Splits: train 2,400, dev 300, test 300. A scene is a function of (seed, split, position in it, size) alone.
"""
from __future__ import annotations

from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import glyph_grounds, glyph_masks, glyph_shapes, sources
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection

NAME = "glyph_scenes"
CLASSES = tuple("ACEHLPSTX4")
KEYPOINTS = ("upper_left", "upper_right", "lower_left", "lower_right", "middle")
COUNTS = {"train": 2_400, "dev": 300, "test": 300}
SIZE, MIN_SIZE, MAX_SIZE = 128, 96, 256
# Logarithm of the height as a share of the side, angle in radians, shear, logarithm of the aspect: least and most.
FORMS = np.array([[np.log(1 / 8), -np.pi / 12, -0.15, -0.15], [np.log(1 / 3), np.pi / 12, 0.15, 0.15]])
MOST = 8                # characters of a scene
TRIES = 12              # places that are tried for a character
MAX_OVERLAP = 0.2       # of the smaller of two frames
SEED = 42


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None, image_size: Optional[int] = None,
         seed: int = SEED) -> ObjectDetection:
    """Glyph scenes as `data.load` gives them.

    Args:
      data_dir: not used.
      train_size, image_size: as in `data.load`; a side from 96 to 256 pixels.
      seed: int >= 0, another seed gives another data set.
    """
    side = SIZE if image_size is None else image_size
    if not MIN_SIZE <= side <= MAX_SIZE:
        raise errors.UsageError(f"Glyph scenes are {MIN_SIZE} to {MAX_SIZE} pixels wide; got --image_size={side}.")
    splits = {name: split(name, count, side, seed, stream) for stream, (name, count) in enumerate(COUNTS.items())}
    return ObjectDetection(NAME, CLASSES, splits, f"generated from seed {seed}", train_size=train_size,
                           image_size=side, auto_augment="characters", keypoints=KEYPOINTS)


def split(name: str, count: int, side: int, seed: int, stream: int) -> DetectionSplit:
    """Scenes that are drawn when they are first asked for, and then kept."""
    scenes: dict[int, tuple[np.ndarray, Objects]] = {}

    def kept(index: int) -> tuple[np.ndarray, Objects]:
        if index not in scenes:
            scenes[index] = scene(index, side, seed, stream)
        return scenes[index]

    return DetectionSplit([f"{name}-{index}" for index in range(count)], np.full([count, 2], side),
                          lambda index: kept(index)[0], lambda index: kept(index)[1], in_memory=True)


def scene(index: int, side: int = SIZE, seed: int = SEED, stream: int = 0) -> tuple[np.ndarray, Objects]:
    """One picture, uint8 `[side, side, 3]`, and what is on it.

    Args:
      index: position in the split.
      stream: 0 for train, 1 for dev, 2 for test.
    """
    generator = np.random.default_rng([seed, stream, index])
    brightness = generator.uniform(0.1, 0.9)
    image = glyph_grounds.ground(generator, side, brightness)                                      # [S, S, 3]
    labels, shapes, middles = _placed(generator, side)
    owners = np.zeros([side, side], np.uint8)               # 0 for the ground, else the number of the object, from 1
    for number, (shape, middle) in enumerate(zip(shapes, middles), start=1):
        cover, (top, left) = shape.draw(middle)
        cover = cover[max(0, -top):side - top, max(0, -left):side - left]
        place = np.s_[max(0, top):max(0, top) + cover.shape[0], max(0, left):max(0, left) + cover.shape[1]]
        image[place] += cover[..., np.newaxis] * (_color(generator, brightness) - image[place])
        owners[place][cover > cover.max() / 2] = number
    image += (generator.random(image.shape, np.float32) - np.float32(0.5)) * np.float32(generator.uniform(0, 0.18))
    np.clip(image, 0, 1, out=image)
    return (image * 255 + 0.5).astype(np.uint8), _objects(owners, labels, shapes, middles)


def _placed(generator: np.random.Generator, side: int) -> tuple[list[int], list[glyph_shapes.Shape], list[np.ndarray]]:
    """Labels, shapes and middles of the characters; one that finds no free place is left out, but for the first."""
    labels: list[int] = []
    shapes: list[glyph_shapes.Shape] = []
    middles: list[np.ndarray] = []
    frames = np.zeros([0, 4])
    count = int(generator.integers(1, MOST + 1))
    drawn = generator.integers([len(CLASSES), len(glyph_masks.FONTS)], size=[count, 2]).tolist()
    forms = generator.uniform(FORMS[0], FORMS[1], [count, 4]).tolist()
    for (label, font), (height, angle, shear, aspect) in zip(drawn, forms):
        shape = glyph_shapes.shape(CLASSES[label], font, side * np.exp(height), angle, shear, np.exp(aspect))
        low, high = -shape.corners.min(0) + 1, side - shape.corners.max(0) - 1
        tried = generator.uniform(low, high, [TRIES, 2])                                           # [T, 2]
        corners = tried[:, np.newaxis] + shape.corners                                             # [T, 4, 2]
        around = np.concatenate([corners.min(1), corners.max(1)], axis=1)                          # [T, 4]
        is_free = _overlap(around, frames).max(1, initial=0) <= MAX_OVERLAP
        if is_free.any():
            first = is_free.argmax()
            labels, shapes, middles = [*labels, label], [*shapes, shape], [*middles, tried[first]]
            frames = np.concatenate([frames, around[[first]]])
    return labels, shapes, middles


def _overlap(frames: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over the area of the smaller one: float `[N, M]`."""
    first, second = frames[:, np.newaxis], others[np.newaxis]
    common = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    areas = [(each[..., 2:] - each[..., :2]).prod(-1) for each in (first, second)]
    return common.clip(0).prod(-1) / np.minimum(*areas)


def _color(generator: np.random.Generator, brightness: float) -> np.ndarray:
    """A color at least 0.35 lighter or darker than the ground, float32 `[3]`."""
    darker = generator.uniform(0.4, 0.6) < brightness
    contrast = generator.uniform(0.35, brightness if darker else 1 - brightness)
    tint = generator.uniform(-0.2, 0.2, 3)
    return (brightness + (-contrast if darker else contrast) + tint - tint.mean()).astype(np.float32)


def _objects(owners: np.ndarray, labels: list[int], shapes: list[glyph_shapes.Shape],
             middles: list[np.ndarray]) -> Objects:
    boxes, areas, points = [], [], []
    sizes = np.bincount(owners.reshape(-1), minlength=len(labels) + 1)[1:]
    shown = (np.flatnonzero(sizes) + 1).tolist()            # all of them, unless one is hidden by several others
    for number in shown:
        shape, middle, visible = shapes[number - 1], middles[number - 1], owners == number
        rows, columns = visible.any(1), visible.any(0)
        boxes.append([rows.argmax(), columns.argmax(), len(rows) - rows[::-1].argmax(),
                      len(columns) - columns[::-1].argmax()])
        areas.append(sizes[number - 1])
        places = middle + np.concatenate([shape.corners, shape.corners.mean(0, keepdims=True)])    # [5, 2]
        owner = owners[tuple(np.minimum(places, len(owners) - 1).astype(int).T)]
        points.append(np.column_stack([places, np.where((owner == 0) | (owner == number), 2, 1)]))
    return Objects.of(boxes, [labels[number - 1] for number in shown], area=areas,
                      keypoints=np.asarray(points, np.float32),
                      masks=lambda: owners == np.array(shown)[:, np.newaxis, np.newaxis])
