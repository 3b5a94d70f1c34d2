"""Pictures of any size brought to one square size, with their shape kept and the rest filled: a letterbox."""
from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Sequence
from typing import Optional

import numpy as np
from PIL import Image

from npfl_kit.data.detection_split import DetectionSplit

CACHE_BYTES = 2**30
WORKERS = min(8, os.cpu_count() or 1)


def scale(size: Sequence[int], side: int) -> float:
    """By what a picture is enlarged so that its longer side becomes `side`.

    >>> scale((480, 640), 256)
    0.4
    """
    return side / max(size)


def letterbox(image: np.ndarray, side: int, fill: np.ndarray) -> np.ndarray:
    """The picture scaled to a longer side of `side`, in the upper left corner of a square.

    A point `(y, x)` of the picture comes to lie exactly at `scale * (y, x)`; less than a pixel at the end of the
    shorter side is cut off for that, unless nothing would be left of it.

    Args:
      image: uint8 `[H, W, 3]`.
      side: int, of the square.
      fill: uint8 `[3]`, the color below or beside the picture.
    Returns: uint8 `[side, side, 3]`.
    """
    height, width = image.shape[:2]
    if (height, width) == (side, side):
        return image
    factor = scale((height, width), side)
    rows, columns = (max(1, min(side, int(each * factor + 1e-6))) for each in (height, width))
    box = (0, 0, min(width, columns / factor), min(height, rows / factor))
    square = np.empty([side, side, 3], np.uint8)
    square[:] = fill
    square[:rows, :columns] = Image.fromarray(image).resize((columns, rows), Image.Resampling.BILINEAR, box=box)
    return square


class Letterboxed:
    """The pictures of a split as squares, decoded by several threads and then kept in at most 1 GiB.

    Args:
      split: the pictures.
      side: int, of the squares.
      mean: float `[3]` in [0, 1], the color of the rest.
    """

    def __init__(self, split: DetectionSplit, side: int, mean: np.ndarray) -> None:
        self.split, self.side = split, side
        self.fill = np.asarray(mean * 255 + 0.5).astype(np.uint8)
        kept = min(len(split), CACHE_BYTES // (side * side * 3))
        if split.in_memory and bool((split.sizes == side).all()):
            kept = 0
        self._cache = np.empty([kept, side, side, 3], np.uint8)     # the system gives the memory when it is written
        self._is_cached = np.zeros(kept, bool)
        self._pool: Optional[concurrent.futures.ThreadPoolExecutor] = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """The pictures at int `[B]`: uint8 `[B, side, side, 3]`; safe from several threads."""
        images = np.empty([len(indices), self.side, self.side, 3], np.uint8)
        absent = [position for position, index in enumerate(indices.tolist())
                  if not self._copied(index, images[position])]
        if len(absent) <= 1 or self.split.in_memory:    # threads speed up decoders, but not Python that draws
            for position in absent:
                self._read(int(indices[position]), images[position])
        else:
            list(self._threads().map(lambda position: self._read(int(indices[position]), images[position]), absent))
        return images

    def _copied(self, index: int, target: np.ndarray) -> bool:
        if index >= len(self._cache) or not self._is_cached[index]:
            return False
        target[:] = self._cache[index]
        return True

    def _read(self, index: int, target: np.ndarray) -> None:
        target[:] = letterbox(self.split.image(index), self.side, self.fill)
        if index < len(self._cache):
            self._cache[index] = target
            self._is_cached[index] = True   # after the pixels, as another thread may look

    def _threads(self) -> concurrent.futures.ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = concurrent.futures.ThreadPoolExecutor(WORKERS, "npfl_kit-letterbox")
            return self._pool
