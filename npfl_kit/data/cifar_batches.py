"""Reader of CIFAR-10 as its authors publish it: pickled batches, opened without trusting them.

A pickle is a program, and one from elsewhere may run any. This reader lets it build lists, dictionaries, strings,
numbers, and a stand-in for an array of bytes; whatever else it names is refused.
"""
from __future__ import annotations

import io
import math
import pathlib
import pickle
from typing import Any, Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import file_tree
from npfl_kit.data.image_classification import Split

FORM = "the python batches: a folder cifar-10-batches-py or cifar-10-python.tar.gz"
TRAIN, TEST = tuple(f"data_batch_{number}" for number in range(1, 6)), ("test_batch",)
IMAGE = (3, 32, 32)  # a row of a batch is red, green, blue, each row by row
DEV_FRACTION = 1 / 10


def find(folder: pathlib.Path) -> Optional[pathlib.Path]:
    """The folder or the archive that holds the batches, or None."""
    for path in (folder, folder / "cifar-10-batches-py"):
        if (path / TRAIN[0]).is_file():
            return path
    named = sorted(folder.glob("cifar-10-python.tar*")) if folder.is_dir() else []
    if folder.name.startswith("cifar-10-python.tar") and folder.is_file():
        named = [folder]
    return named[0] if named else None


def splits(path: pathlib.Path) -> dict[str, Split]:
    """Train, dev (the last tenth of the five train batches) and test; the pictures are `[N, 32, 32, 3]`."""
    source = file_tree.FileTree(path)
    images, labels = _read_all(source, TRAIN)
    count = len(labels) - round(DEV_FRACTION * len(labels))
    test_images, test_labels = _read_all(source, TEST)
    return {"train": Split(labels[:count], lambda wanted: images[:wanted]),
            "dev": Split(labels[count:], lambda wanted: images[count:count + wanted]),
            "test": Split(test_labels, lambda wanted: test_images[:wanted])}


def read(data: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The pictures and labels of one pickled batch.

    Args:
      data: the file's bytes.
      name: what to call it in an error.
    Returns: uint8 `[N, 32, 32, 3]` and int32 `[N]`, classes in [0, 10).
    Raises: DataError if the pickle is damaged, asks for anything but an array of bytes, or has another content.
    """
    try:
        content = _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except errors.DataError as error:
        raise errors.DataError(f"{name}: {error}") from None
    except Exception as error:  # a damaged pickle may raise anything
        raise errors.DataError(f"{name} is not a batch of CIFAR-10: {error}. Delete it and get it again.") from None
    try:
        fields = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
        pixels, labels = fields["data"].array(), np.array([int(label) for label in fields["labels"]], np.int32)
        images = pixels.reshape(-1, *IMAGE).transpose(0, 2, 3, 1)                          # [N, 32, 32, 3]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, UnicodeDecodeError):
        raise errors.DataError(f"{name}: expected a dictionary with data, bytes [N, 3072], and labels, a list of N "
                               f"classes; found something else. Delete it and get it again.") from None
    if len(images) != len(labels) or not len(labels) or labels.min() < 0 or labels.max() > 9:
        raise errors.DataError(f"{name}: expected as many labels from 0 to 9 as pictures, found {len(images)} "
                               f"pictures and {len(labels)} labels. Delete it and get it again.")
    return np.ascontiguousarray(images), labels


def _read_all(source: file_tree.FileTree, batches: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    by_file = {name.rsplit("/", 1)[-1]: name for name in source.names}
    missing = [batch for batch in batches if batch not in by_file]
    if missing:
        raise errors.DataError(f"{source.path}: expected {FORM} with {', '.join(TRAIN + TEST)}; "
                               f"missing: {', '.join(missing)}.")
    parts = [read(source.read(by_file[batch]), f"{by_file[batch]} in {source.path}") for batch in batches]
    return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])


class _Bytes:
    """Stands in for an array: keeps what the pickle says about it, and checks it when the array is asked for."""

    def __init__(self, *_: Any) -> None:
        self._state: Any = None

    def __setstate__(self, state: Any) -> None:
        self._state = state

    def array(self) -> np.ndarray:
        _, shape, dtype, column_major, data = self._state
        data = data.encode("latin1") if isinstance(data, str) else data
        if dtype.name != "u1" or column_major or not 1 <= len(shape) <= 4 or math.prod(shape) != len(data):
            raise ValueError("not an array of bytes")
        return np.frombuffer(data, np.uint8).reshape(shape)


class _Dtype:
    """Stands in for the element type of an array; only its name is kept."""

    def __init__(self, name: Any = "", *_: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass


def _encode(text: str, _: str) -> bytes:
    return text.encode("latin1")


class _Unpickler(pickle.Unpickler):
    KNOWN = {("numpy.core.multiarray", "_reconstruct"): _Bytes, ("numpy._core.multiarray", "_reconstruct"): _Bytes,
             ("numpy", "ndarray"): _Bytes, ("numpy", "dtype"): _Dtype, ("_codecs", "encode"): _encode}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.KNOWN:
            raise errors.DataError(f"the file asks to run {module}.{name}, which no batch of CIFAR-10 does; it was "
                                   f"not run. Delete the file, and get it again from its authors.")
        return self.KNOWN[module, name]
