"""Encoded pictures that behave as an array: decoded when they are indexed, several at once."""
from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from npfl_kit.data import decode, file_tree

MAX_ARRAY_BYTES = 2**30
WORKERS = min(8, os.cpu_count() or 1)
WORTH_A_THREAD = 4096  # bytes; the headers of smaller pictures take longer than the pixels, and hold Python's lock

Images = Union[np.ndarray, "Pictures"]


class Pictures(Sequence):
    """A sequence of pictures in a folder or an archive, each decoded at the moment it is asked for.

    Args:
      source: where the pictures lie.
      names: their names there, in order.
      shape: `(H, W, C)` of every decoded picture.
      size: as in `decode.decode`; None if the pictures have the right size already.

    `pictures[i]` is uint8 `[H, W, C]`; a slice or an int array `[n]` gives uint8 `[n, H, W, C]`.
    """

    def __init__(self, source: file_tree.FileTree, names: Sequence[str], shape: tuple[int, int, int],
                 size: Optional[int]) -> None:
        self.source, self.names, self.size = source, list(names), size
        self.shape = (len(self.names), *shape)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: Any) -> np.ndarray:  # type: ignore[override]
        if isinstance(index, (int, np.integer)):
            return self._decode(self.names[index])
        chosen = np.arange(len(self))[index]                            # [n]
        images = np.empty([len(chosen), *self.shape[1:]], np.uint8)     # [n, H, W, C]
        if len(chosen) > 1 and len(self.source.read(self.names[chosen[0]])) >= WORTH_A_THREAD:
            parts = np.array_split(np.arange(len(chosen)), min(len(chosen), 4 * WORKERS))
            list(_pool().map(lambda part: self._decode_into(images, chosen, part), parts))
        else:
            self._decode_into(images, chosen, np.arange(len(chosen)))
        return images

    def _decode_into(self, images: np.ndarray, chosen: np.ndarray, positions: np.ndarray) -> None:
        for position in positions:
            images[position] = self._decode(self.names[chosen[position]])

    def _decode(self, name: str) -> np.ndarray:
        label = f"{name} in {self.source.path}"
        image = decode.decode(self.source.read(name), label, self.shape[-1], self.size)
        if image.shape != self.shape[1:]:
            raise decode.wrong_size(label, image.shape, self.shape[1:])
        return image


def in_memory(images: Images) -> Images:
    """The pictures as one uint8 array `[N, H, W, C]` if it fits 1 GiB, otherwise as they came."""
    if isinstance(images, np.ndarray) or int(np.prod(images.shape)) > MAX_ARRAY_BYTES:
        return images
    return images[:]


def _pool() -> concurrent.futures.ThreadPoolExecutor:
    """One pool for all pictures of the process; Pillow decodes outside of Python's global lock."""
    global _shared_pool
    if _shared_pool is None:
        _shared_pool = concurrent.futures.ThreadPoolExecutor(WORKERS, "npfl_kit-pictures")
    return _shared_pool


_shared_pool: Optional[concurrent.futures.ThreadPoolExecutor] = None
