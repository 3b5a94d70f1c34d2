"""What stands behind the characters of a glyph scene: a gradient with blotches, a woven texture, bars and rings."""
from __future__ import annotations

import numpy as np


def ground(generator: np.random.Generator, side: int, brightness: float) -> np.ndarray:
    """A background of about one brightness: float32 `[side, side, 3]`, in and a little beyond [0, 1]."""
    gray = brightness + _blotches(generator, side) + _weave(generator, side)                       # [S, S]
    image = gray[..., np.newaxis] + generator.uniform(-0.12, 0.12, 3).astype(np.float32)           # [S, S, 3]
    for _ in range(generator.integers(4)):
        _clutter(generator, image)
    return image


def _blotches(generator: np.random.Generator, side: int) -> np.ndarray:
    """Smooth changes of brightness: five random values along each axis, interpolated."""
    knots = generator.uniform(-0.18, 0.18, [5, 5])
    position = np.linspace(0, 4, side)[:, np.newaxis]
    weights = np.maximum(0, 1 - np.abs(position - np.arange(5))).astype(np.float32)                # [S, 5]
    return weights @ knots.astype(np.float32) @ weights.T


def _weave(generator: np.random.Generator, side: int) -> np.ndarray:
    """Two waves of random direction and length, 3 to 16 pixels, multiplied: stripes, checks, or nearly nothing."""
    strength, angles = generator.uniform(0, 0.1), generator.uniform(0, np.pi, 2)
    rates = 2 * np.pi / np.exp(generator.uniform(np.log(3), np.log(16), 2))
    ticks = np.arange(side, dtype=np.float32)
    woven = np.full([side, side], strength, np.float32)
    for angle, rate in zip(angles, rates):
        woven *= np.sin(np.float32(rate) * (np.float32(np.cos(angle)) * ticks
                                            + np.float32(np.sin(angle)) * ticks[:, np.newaxis]))
    return woven


def _clutter(generator: np.random.Generator, image: np.ndarray) -> None:
    """Draw a bar or a ring, which is no character, into the picture."""
    side = len(image)
    middle_y, middle_x = generator.uniform(0, side, 2).tolist()
    is_bar = generator.uniform() < 0.5
    extent, width = generator.uniform([side / 16, 1], [side / 4 if is_bar else side / 6, side / 24]).tolist()
    reach = int(extent + width) + 2
    top, left = (max(0, int(middle) - reach) for middle in (middle_y, middle_x))
    window = image[top:int(middle_y) + reach + 1, left:int(middle_x) + reach + 1]
    y = (np.arange(window.shape[0], dtype=np.float32) + np.float32(top - middle_y))[:, np.newaxis]
    x = np.arange(window.shape[1], dtype=np.float32) + np.float32(left - middle_x)
    if is_bar:
        angle = generator.uniform(0, np.pi)
        along, across = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        distance = np.maximum(np.abs(x * along + y * across) - np.float32(extent),
                              np.abs(y * along - x * across) - np.float32(width / 2))
    else:
        distance = np.abs(np.hypot(x, y) - np.float32(extent)) - np.float32(width / 2)
    cover = np.clip(0.5 - distance, 0, 1)[..., np.newaxis] * np.float32(generator.uniform(0.4, 1))
    window += cover * (generator.uniform(0, 1, 3).astype(np.float32) - window)
