"""The lengths of a mask's runs of zeros, ones, zeros ... down the columns, and the string that COCO makes of them.

A length is a character for every five bits, the lowest first; from the fourth length on it is only the difference from
the length before the last.
Source: https://github.com/cocodataset/cocoapi, whose tools define the format.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs

MAX_PIXELS = 2**30


def encode(pixels: np.ndarray) -> dict[str, Any]:
    """A mask `[H, W]` as a COCO `segmentation` of compressed run lengths.

    >>> encode(np.eye(3, dtype=bool))
    {'size': [3, 3], 'counts': '013000'}
    """
    height, width = map(int, pixels.shape)
    return {"size": [height, width], "counts": compress(lengths(pixel_runs.of(pixels), height * width))}


def mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """The mask, bool `[height, width]`, of a COCO `segmentation` in any form; see `segmentations`."""
    from npfl_kit.scoring import segmentations
    return segmentations.mask(segmentation, height, width)


def lengths(runs: np.ndarray, num_pixels: int) -> np.ndarray:
    """The lengths of the runs of zeros, ones, zeros ..., int64, from the runs of ones `[R, 2]`.

    >>> lengths(np.array([[1, 3]]), num_pixels=6).tolist()
    [1, 2, 3]
    """
    edges = runs.reshape(-1)
    return np.diff(edges[:len(edges) - bool(len(edges) and edges[-1] == num_pixels)], prepend=0, append=num_pixels)


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


def decompress(texts: Sequence[Union[str, bytes]]) -> tuple[np.ndarray, np.ndarray]:
    """The run lengths in COCO's strings, and how many there are in each, both int64.

    Raises: DataError if a character does not belong there, or a string ends inside a number.

    >>> [each.tolist() for each in decompress(["61X13mN0", "013"])]
    [[6, 1, 40, 4, 5, 4, 0, 1, 3], [6, 3]]
    """
    raw = [text.encode("utf-8", "replace") if isinstance(text, str) else text for text in texts]
    digits = np.frombuffer(b"".join(raw), np.uint8).astype(np.int64) - 48
    until = np.cumsum([len(text) for text in raw], dtype=np.int64)
    stops = digits < 32                                                     # 32: the number goes on
    if digits.min(initial=0) < 0 or digits.max(initial=0) > 63 or not stops[until[until > 0] - 1].all():
        raise errors.DataError(f"Expected compressed run lengths, characters from '0' to 'o', found "
                               f"{''.join(map(str, texts))[:40]!r}.")
    ends = np.flatnonzero(stops)
    starts = np.append(0, ends[:-1] + 1)[:len(ends)]
    power = np.arange(len(digits)) - np.repeat(starts, ends - starts + 1)
    if power.max(initial=0) > 6:
        raise errors.DataError(f"Expected run lengths of at most {MAX_PIXELS:,}, found a longer number.")
    numbers = np.add.reduceat((digits & 31) << 5 * power, starts) if len(starts) else digits
    numbers -= np.where(digits[ends] & 16, 32 << 5 * power[ends], 0)        # its highest bit is the sign
    counts = np.diff(np.searchsorted(ends, until), prepend=0)
    place = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
    owner = np.repeat(np.arange(len(counts)), counts)
    for chain in (place % 2 == 1, (place % 2 == 0) & (place > 0)):
        numbers[chain] = sums(numbers[chain], np.bincount(owner[chain], minlength=len(counts)))
    return numbers, counts


def sums(numbers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Running sums that begin anew for each group of so many numbers, int64 `[N] -> [N]`.

    >>> sums(np.array([1, 2, 3, 4]), np.array([3, 0, 1])).tolist()
    [1, 3, 6, 4]
    """
    total = np.concatenate([[0], np.cumsum(numbers)])
    return total[1:] - np.repeat(total[np.cumsum(counts) - counts], counts)


def runs(numbers: np.ndarray, counts: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of ones from the lengths of many masks; some may be empty, or touch.

    Args:
      numbers: int64 `[L]`, lengths, mask by mask.
      counts: int64 `[N]`, how many there are for each mask.
      pixels: int64 `[N]`, what the lengths of a mask must sum to.
    Returns: runs int64 `[R, 2]`, and the mask of each, int64 `[R]`.
    Raises: DataError if a sum is wrong, or a length negative.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    found = np.bincount(owner, numbers, minlength=len(counts))
    if numbers.min(initial=0) < 0 or (found != pixels).any():
        wrong = np.flatnonzero(found != pixels)
        raise errors.DataError(f"Expected run lengths that sum to {pixels[wrong[0]]:,}, found {found[wrong[0]]:,.0f}."
                               if len(wrong) else "Expected run lengths, found a negative one.")
    ends = sums(numbers, counts)
    place = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
    ones = np.flatnonzero(place % 2 == 1)
    return np.stack([ends[ones - 1], ends[ones]], axis=-1).reshape(-1, 2), owner[ones]
