"""Anchors: the boxes that a dense detector asks about, at every cell of every level of its pyramid."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from npfl_kit import errors

CONVENTIONS = ("paper", "torchvision")


def pyramid(height: int, width: int, levels: Sequence[int] = (3, 4, 5, 6, 7), base: float = 4.0,
            scales: Sequence[float] = (1.0, 2 ** (1 / 3), 2 ** (2 / 3)), ratios: Sequence[float] = (0.5, 1.0, 2.0),
            convention: str = "paper") -> np.ndarray:
    """All anchors of a picture, level after level; 49,104 for 512 x 512.

    An anchor of side s and ratio r is `s sqrt(r)` high and `s / sqrt(r)` wide: its area does not depend on r. The side
    is `base * stride * scale`, so 32 to 813 pixels by default; objects in pictures of 256 pixels are mostly smaller
    (58 % of those of COCO have no anchor with IoU 0.5 then), and want a base of 1 or 2.

    Args:
      height, width: int >= 1, of the picture; level l has `ceil(size / 2^l)` cells along it, as `padding="same"`.
      levels: of the pyramid, P3 to P7; their strides are `2^l`.
      base: side of the smallest anchor of a level in strides.
      scales: sides of the anchors of a cell, in the smallest one.
      ratios: height / width.
      convention: `paper` centers an anchor on its cell, at `(i + 1/2) stride`, and rounds nothing; `torchvision` puts
        the center at the cell's corner, rounds sides down and half sides to the nearest even, and takes for the
        stride the picture's size // cells, which drifts unless the sizes are multiples of the largest stride.
    Returns: float32 `[A, 4]`, tlbr pixels, reaching over the border; in the order of a head's output `[H, W, anchors
      of a cell]`: level, row, column, ratio, scale.
    Raises: UsageError for an unknown convention, ValueError for numbers that are not positive.
    Source: Lin et al. 2017, Focal Loss for Dense Object Detection, Sec. 4, "Anchors". The paper does not say where
      in the cell a center lies.

    >>> pyramid(16, 8, levels=[3], scales=[1], ratios=[1]).tolist()
    [[-12.0, -12.0, 20.0, 20.0], [-4.0, -12.0, 28.0, 20.0]]
    """
    if convention not in CONVENTIONS:
        raise errors.unknown("convention of anchors", convention, CONVENTIONS)
    if min(height, width, base, *scales, *ratios) <= 0:
        raise ValueError(f"Anchors need positive numbers, got {height=}, {width=}, {base=}, {scales=}, {ratios=}.")
    exact = convention == "paper"
    return np.concatenate([np.zeros([0, 4], np.float32), *(_level(height, width, 2 ** level, base * 2 ** level,
                                                                  scales, ratios, exact) for level in levels)])


def counts(height: int, width: int, levels: Sequence[int] = (3, 4, 5, 6, 7), per_cell: int = 9) -> list[int]:
    """How many of the anchors of `pyramid` each level has.

    >>> counts(512, 512), sum(counts(512, 512))
    ([36864, 9216, 2304, 576, 144], 49104)
    """
    return [per_cell * _cells(height, 2 ** level) * _cells(width, 2 ** level) for level in levels]


def _level(height: int, width: int, stride: int, side: float, scales: Sequence[float], ratios: Sequence[float],
           exact: bool) -> np.ndarray:
    rows, columns = _cells(height, stride), _cells(width, stride)
    ys = (np.arange(rows) + 0.5) * stride if exact else np.arange(rows) * (height // rows)
    xs = (np.arange(columns) + 0.5) * stride if exact else np.arange(columns) * (width // columns)
    half = _half_sizes(side, scales, ratios, exact)                                     # [anchors of a cell, 2]
    centers = np.stack(np.meshgrid(ys, xs, indexing="ij"), axis=-1)[:, :, np.newaxis]   # [rows, columns, 1, 2]
    return np.concatenate([centers - half, centers + half], axis=-1).reshape(-1, 4).astype(np.float32)


def _half_sizes(side: float, scales: Sequence[float], ratios: Sequence[float], exact: bool) -> np.ndarray:
    sides = [side * scale if exact else int(side * scale) for scale in scales]
    sizes = [[a_side * ratio ** 0.5, a_side / ratio ** 0.5] for ratio in ratios for a_side in sides]
    half = np.array(sizes).reshape(-1, 2) / 2
    return half if exact else np.round(half)


def _cells(size: int, stride: int) -> int:
    return -(-size // stride)
