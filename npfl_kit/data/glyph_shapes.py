"""One character drawn turned, sheared and scaled to a given height, with the corners of its frame."""
from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from npfl_kit.data import glyph_masks


@dataclasses.dataclass(frozen=True)
class Shape:
    """A character that is not yet placed; points are (y, x) from its middle.

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
    ink_height, ink_width = ink(font_size)[which]
    zoom = height / ink_height
    cos, sin = math.cos(angle), math.sin(angle)
    a, b, c, d = zoom * aspect * cos, -zoom * (shear * cos + sin), zoom * aspect * sin, zoom * (cos - shear * sin)
    inverse = np.array([[d, -b], [-c, a]]) / (a * d - b * c)                                      # of [[a, b], [c, d]]
    right, down = np.array([c, a]) * (ink_width / 2), np.array([d, b]) * (ink_height / 2)         # y, x
    return Shape(which, font_size, inverse, np.array([-right - down, right - down, down - right, right + down]))


@functools.lru_cache(maxsize=8)
def ink(font_size: int) -> np.ndarray:
    """Height and width of the frame of every mask: float `[F * K, 2]`."""
    masks = glyph_masks.masks(font_size)
    masks = masks.reshape(-1, *masks.shape[2:]) > 127                                              # [F * K, S, S]
    return np.stack([masks.any(2).sum(1), masks.any(1).sum(1)], -1).astype(float)
