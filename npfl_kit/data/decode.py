"""One encoded picture (JPEG, PNG ...) to an array of bytes."""
from __future__ import annotations

import io
import struct
from typing import Optional

import numpy as np
from PIL import Image, ImageOps

from npfl_kit import errors

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
MAX_PIXELS = 64_000_000
PNG, PNG_EXIF = b"\x89PNG\r\n\x1a\n", (b"eXIf", b"Raw profile type")


def decode(data: bytes, name: str, channels: int = 3, size: Optional[int] = None) -> np.ndarray:
    """The pixels of a picture, upright, in grey or RGB.

    Args:
      data: an encoded picture of at most 64 million pixels; of an animation, the first frame.
      name: what to call the picture in an error.
      channels: 1 for grey, 3 for RGB. Palettes, CMYK and 16-bit grey are converted; transparency lies on white.
      size: int, shorter side after scaling, then the middle is cut out as `[size, size]`; None changes nothing.
    Returns: uint8 `[H, W, channels]`.
    Raises: DataError if the picture is broken, cut off, empty or too large.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if not 0 < image.width * image.height <= MAX_PIXELS:
                raise ValueError(f"it has {image.width} x {image.height} pixels, allowed are 1 to {MAX_PIXELS:,}")
            if size is not None:
                image.draft(None, (size, size))  # a large JPEG is decoded at a half, a quarter or an eighth
            pixels = np.asarray(fit(_to_mode(ImageOps.exif_transpose(image), channels), size))
    except Exception as error:  # a decoder of hostile bytes may raise anything
        problem = "the file is empty" if not data else error
        raise errors.DataError(f"{name} is not a whole picture: {problem}. Replace or delete that file.") from None
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """Height and width of a picture from its header, as it stands upright; a DataError if there is none."""
    if data[:8] == PNG and data[12:16] == b"IHDR" and not any(each in data for each in PNG_EXIF):
        width, height = struct.unpack_from(">2I", data.ljust(24, b"\0"), 16)
        if 0 < width * height <= MAX_PIXELS:
            return height, width        # Pillow would decode a PNG to look for its orientation
    try:
        with Image.open(io.BytesIO(data)) as image:
            turned = image.getexif().get(0x0112, 1) >= 5  # 0x0112 is the orientation; 5 to 8 swap the sides
            return (image.width, image.height) if turned else (image.height, image.width)
    except Exception as error:
        problem = "the file is empty" if not data else error
        raise errors.DataError(f"{name} is not a whole picture: {problem}. Replace or delete that file.") from None


def wrong_size(name: str, found: tuple, expected: tuple) -> errors.DataError:
    """The error for a picture that has another size than the others."""
    return errors.DataError(f"{name} has {found[0]} x {found[1]} pixels, the others have {expected[0]} x "
                            f"{expected[1]}; type --image_size={min(expected[:2])} to bring all to one size.")


def fit(image: Image.Image, size: Optional[int]) -> Image.Image:
    """Scale the shorter side to `size` and cut out the middle, in one step.

    >>> fit(Image.new("L", (60, 30)), 15).size
    (15, 15)
    """
    if size is None or image.size == (size, size):
        return image
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))


def fit_all(images: np.ndarray, size: Optional[int]) -> np.ndarray:
    """`fit` for decoded pictures: uint8 `[N, H, W, C]` to `[N, size, size, C]`."""
    if size is None or images.shape[1:3] == (size, size):
        return images
    resized = np.empty([len(images), size, size, images.shape[-1]], np.uint8)
    for image, target in zip(images, resized):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        target[...] = np.asarray(fit(picture, size)).reshape(target.shape)
    return resized


def _to_mode(image: Image.Image, channels: int) -> Image.Image:
    mode = "L" if channels == 1 else "RGB"
    if image.mode == mode:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        image = image.convert("I").point(lambda value: value * (1 / 256))  # 16 bits to 8; convert() would clip
        return image.convert("L").convert(mode)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert(mode)
    return image.convert(mode)
