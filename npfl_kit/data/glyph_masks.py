"""Characters as masks: every character in every font that matplotlib ships, rendered once."""
from __future__ import annotations

import functools
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from npfl_kit import errors

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which many fonts draw like 1 and 0
FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
CANVAS = 1.5  # side of a mask in multiples of the font size: a wide W, sheared, stays inside


@functools.lru_cache(maxsize=4)
def masks(font_size: int) -> np.ndarray:
    """Masks of all characters in all fonts: 255 on the character, 0 beside it, its box in the middle.

    Args:
      font_size: int >= 1, in pixels; capital letters are about 0.73 of it high.
    Returns: uint8 `[F, K, S, S]` for `FONTS` and `CHARACTERS`, where `S` is `CANVAS` times the font size.
    Raises: DataError if matplotlib comes without a font.
    """
    import matplotlib
    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    rendered = []
    for name in FONTS:
        try:
            font = ImageFont.truetype(str(folder / f"{name}.ttf"), font_size, layout_engine=ImageFont.Layout.BASIC)
        except OSError:
            raise errors.DataError(f"The font {name} that matplotlib ships is not in {folder}; type: "
                                   f"pip install --force-reinstall matplotlib") from None
        rendered.append([_mask(font, character, round(CANVAS * font_size)) for character in CHARACTERS])
    return np.array(rendered)


def _mask(font: ImageFont.FreeTypeFont, character: str, side: int) -> np.ndarray:
    mask = Image.new("L", (side, side))
    left, top, right, bottom = font.getbbox(character)
    ImageDraw.Draw(mask).text(((side - left - right) / 2, (side - top - bottom) / 2), character, fill=255, font=font)
    return np.asarray(mask)


def draw(flat: np.ndarray, which: np.ndarray, inverse: np.ndarray, middles: np.ndarray, size: int) -> np.ndarray:
    """Many masks drawn at once, each turned and scaled in its own way and read between pixels bilinearly.

    Args:
      flat: uint8 `[M, S, S]`, masks; their borders are taken to be 0.
      which: int `[N]`, the mask of each drawing.
      inverse: float `[N, 2, 2]`, takes an (x, y) of the drawing to one of the mask, both counted from the middle.
      middles: float `[N, 2]`, where (x, y) the middle of the mask comes to lie, counted from the drawing's middle.
      size: side of a drawing in pixels.
    Returns: float32 `[N, size, size]` in [0, 1], the share of a pixel that the character covers.

    >>> draw(np.full([1, 9, 9], 255, np.uint8), np.array([0]), np.eye(2)[np.newaxis], np.zeros([1, 2]), 3).min()
    1.0
    """
    side = flat.shape[-1]
    ticks = np.arange(size, dtype=np.float32) - (size - 1) / 2                                    # [size]
    x, y = ((ticks - middles[:, [axis]]).astype(np.float32) for axis in (0, 1))                   # [N, size]
    matrix = inverse.astype(np.float32)[..., np.newaxis, np.newaxis]                              # [N, 2, 2, 1, 1]
    column, row = (np.clip(matrix[:, axis, 0] * x[:, np.newaxis] + matrix[:, axis, 1] * y[:, :, np.newaxis]
                           + np.float32((side - 1) / 2), 0, side - 1.001) for axis in (0, 1))     # [N, size, size]
    left, top = column.astype(np.int32), row.astype(np.int32)
    column, row = column - left, row - top
    corner = which.astype(np.int32)[:, np.newaxis, np.newaxis] * (side * side) + top * side + left
    values = flat.reshape(-1)
    upper = _between(values.take(corner), values.take(corner + 1), column)
    lower = _between(values.take(corner + side), values.take(corner + side + 1), column)
    return (upper + row * (lower - upper)) / np.float32(255)


def _between(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    first = first.astype(np.float32)
    return first + weight * (second - first)
