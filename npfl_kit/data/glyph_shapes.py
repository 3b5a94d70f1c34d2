"""One character drawn turned, sheared and scaled to a given height, with the corners of its frame."""
from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from npfl_kit.data import glyph_masks


@dataclasses.dataclass(frozen=True)
class Shape:
    """A character that is not yet placed; points are (y, x) from the middle of its mask.

    Args:
      which: position in the masks of its font size.
      font_size: of the masks that it is drawn from.
      inverse: float `[2, 2]`, takes an (x, y) of the drawing to one of the mask.
      corners: float `[4, 2]`, of its frame: upper left, upper right, lower left, lower right, as a reader sees them.
    """

    which: int
    font_size: int
    inverse: np.ndarray
    corners: np.ndarray

    def draw(self, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The share of each pixel that it covers, float32 `[P, P]`, and the (y, x) of the drawing's first pixel."""
        reach = int(np.abs(self.corners).max()) + 2
        start = middle.astype(int) - reach
        side = 2 * reach + 1
        shift = middle - start - side / 2                                                          # y, x
        masks = glyph_masks.masks(self.font_size)
        flat = masks.reshape(-1, *masks.shape[2:])
        drawn = glyph_masks.draw(flat, np.array([self.which]), self.inverse[np.newaxis], shift[np.newaxis, ::-1], side)
        return drawn[0], start


def shape(character: str, font: int, height: float, angle: float, shear: float, aspect: float) -> Shape:
    """A character of one font.

    Args:
      character: one of `glyph_masks.CHARACTERS`.
      font: position in `glyph_masks.FONTS`.
      height: of its frame before it is turned, in pixels.
      angle: in radians, clockwise.
      shear: by how much of its height the upper edge is moved against the lower one.
      aspect: by what it is widened.
    """
    font_size = max(16, 2 ** math.ceil(math.log2(height)))     # capital letters are 0.73 of it: shrunk by 0.7 to 1.4
    which = font * len(glyph_masks.CHARACTERS) + glyph_masks.CHARACTERS.index(character)
    top, left, bottom, right = ink(font_size)[which]
    zoom = height / (bottom - top)
    cos, sin = math.cos(angle), math.sin(angle)
    a, b, c, d = zoom * aspect * cos, -zoom * (shear * cos + sin), zoom * aspect * sin, zoom * (cos - shear * sin)
    inverse = np.array([[d, -b], [-c, a]]) / (a * d - b * c)                                      # of [[a, b], [c, d]]
    across, down = np.array([c, a]), np.array([d, b])                                             # y, x
    corners = np.array([y * down + x * across for y in (top, bottom) for x in (left, right)])     # [4, 2]
    return Shape(which, font_size, inverse, corners)


@functools.lru_cache(maxsize=8)
def ink(font_size: int) -> np.ndarray:
    """The frame of every mask, tlbr from its middle, where slanted letters are not: float `[F * K, 4]`."""
    masks = glyph_masks.masks(font_size)
    masks = masks.reshape(-1, *masks.shape[2:]) > 127                                              # [F * K, S, S]
    rows, columns, side = masks.any(2), masks.any(1), masks.shape[-1]
    frames = [rows.argmax(1), columns.argmax(1), side - rows[:, ::-1].argmax(1), side - columns[:, ::-1].argmax(1)]
    return np.stack(frames, -1) - side / 2
