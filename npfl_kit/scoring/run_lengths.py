"""Masks as COCO files have them: polygons, or the lengths of their runs of zeros, ones, zeros ... down the columns.

Lengths stand there as a list, or as a string: a character for every five bits, the lowest first, and from the fourth
length on only the difference from the length before the last.
Source: https://github.com/cocodataset/cocoapi, whose tools define the format.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs, polygons

MAX_PIXELS = 2**30
FORMS = "a list of polygons, or {'size': [height, width], 'counts': a list or a string}"


def mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """The mask of a COCO `segmentation`: polygons, or run lengths in either form.

    Args:
      height, width: of the picture.
    Returns: bool `[height, width]`.
    Raises: DataError if it is neither, or of another size.

    >>> mask([[1, 1, 1, 3, 3, 3, 3, 1]], 4, 4).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    return pixel_runs.mask(runs(segmentation, height, width), height, width)


def encode(pixels: np.ndarray) -> dict[str, Any]:
    """A mask `[H, W]` as a COCO `segmentation` of compressed run lengths.

    >>> encode(np.eye(3, dtype=bool))
    {'size': [3, 3], 'counts': '013000'}
    """
    height, width = map(int, pixels.shape)
    return {"size": [height, width], "counts": compress(lengths(pixel_runs.of(pixels), height * width))}


def lengths(runs: np.ndarray, num_pixels: int) -> np.ndarray:
    """The lengths of the runs of zeros, ones, zeros ..., int64, from the runs of ones `[R, 2]`.

    >>> lengths(np.array([[1, 3]]), num_pixels=6).tolist()
    [1, 2, 3]
    """
    edges = runs.reshape(-1)
    return np.diff(edges[:len(edges) - bool(len(edges) and edges[-1] == num_pixels)], prepend=0, append=num_pixels)


def runs(segmentation: Any, height: int, width: int) -> np.ndarray:
    """The runs of ones, as in `pixel_runs`, of a COCO `segmentation`; see `mask`.

    >>> runs({"size": [2, 3], "counts": [1, 2, 3]}, 2, 3).tolist()
    [[1, 3]]
    """
    num_pixels = height * width
    if not 0 <= num_pixels <= MAX_PIXELS:
        raise errors.DataError(f"Expected a picture of at most {MAX_PIXELS:,} pixels, found {height} x {width}.")
    if isinstance(segmentation, list):
        return polygons.runs(segmentation, height, width)
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= set(segmentation):
        raise errors.DataError(f"Expected a mask as {FORMS}, found {str(segmentation)[:40]!r}.")
    size, counts = segmentation["size"], segmentation["counts"]
    if not isinstance(size, (list, tuple)) or list(size) != [height, width]:
        raise errors.DataError(f"Expected a mask of {height} x {width}, the size of its picture, found {size}.")
    found = decompress(counts) if isinstance(counts, (str, bytes)) else _listed(counts)
    if found.min(initial=0) < 0 or found.max(initial=0) > num_pixels or found.sum() != num_pixels:
        raise errors.DataError(f"Expected run lengths with the sum {height} x {width} = {num_pixels:,}, found "
                               f"{'a negative one' if found.min(initial=0) < 0 else f'{found.sum():,}'}.")
    return pixel_runs.join(np.cumsum(found)[:len(found) // 2 * 2].reshape(-1, 2))


def compress(counts: Union[np.ndarray, Sequence[int]]) -> str:
    """Run lengths as COCO's string.

    >>> compress([6, 1, 40, 4, 5, 4])
    '61X13mN0'
    """
    numbers, text = np.asarray(counts, np.int64).tolist(), []
    for place, number in enumerate(numbers):
        rest = number - numbers[place - 2] if place > 2 else number
        while not -16 <= rest < 16:
            text.append(chr(48 + 32 + (rest & 31)))
            rest >>= 5
        text.append(chr(48 + (rest & 31)))
    return "".join(text)


def decompress(text: Union[str, bytes]) -> np.ndarray:
    """The run lengths in COCO's string, int64.

    Raises: DataError if a character does not belong there, or the string ends inside a number.

    >>> decompress("61X13mN0").tolist()
    [6, 1, 40, 4, 5, 4]
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    digits = np.frombuffer(raw, np.uint8).astype(np.int64) - 48
    if digits.min(initial=0) < 0 or digits.max(initial=0) > 63 or (len(digits) and digits[-1] >= 32):
        raise errors.DataError(f"Expected compressed run lengths, characters from '0' to 'o', found {text[:40]!r}.")
    ends = np.flatnonzero(digits < 32)                                      # 32: the number goes on
    starts = np.concatenate([[0], ends[:-1] + 1])[:len(ends)]
    power = np.arange(len(digits)) - np.repeat(starts, ends - starts + 1)
    if power.max(initial=0) > 6:
        raise errors.DataError(f"Expected run lengths of at most {MAX_PIXELS:,}, found a longer number.")
    numbers = np.add.reduceat((digits & 31) << 5 * power, starts) if len(starts) else digits
    numbers -= np.where(digits[ends] & 16, 32 << 5 * power[ends], 0)        # its highest bit is the sign
    numbers[1::2], numbers[2::2] = np.cumsum(numbers[1::2]), np.cumsum(numbers[2::2])
    return numbers


def _listed(counts: Any) -> np.ndarray:
    if not isinstance(counts, (list, tuple)) or not set(map(type, counts)) <= {int} \
            or max(counts, default=0) > MAX_PIXELS or min(counts, default=0) < 0:
        raise errors.DataError(f"Expected run lengths as whole numbers of at most {MAX_PIXELS:,}, "
                               f"found {str(counts)[:40]!r}.")
    return np.array(counts, np.int64)
