"""One definition for NumPy arrays and TensorFlow tensors: which library the arguments belong to.

Training calls the box algebra on tensors, scoring on arrays; written once, the two cannot disagree. A function asks
`floats` for the library and calls `library.maximum`, `library.stack` and so on, which have the same names in `numpy`
and in `tensorflow.experimental.numpy`. TensorFlow is never imported for arrays: tensors come only from where it is.
"""
from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Union

import numpy as np

Array = Any     # a NumPy array, what becomes one (a list, a number), or a TensorFlow tensor


def is_tensor(array: Array) -> bool:
    """Whether it is a tensor or a variable of TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and tensorflow.is_tensor(array)


def of(*arrays: Array) -> Any:
    """`tensorflow.experimental.numpy` if any of the arrays is a tensor, otherwise `numpy`.

    >>> of([1.0, 2.0], np.ones(3)).__name__
    'numpy'
    """
    return sys.modules["tensorflow"].experimental.numpy if any(map(is_tensor, arrays)) else np


def floats(*arrays: Array) -> list[Any]:
    """The library of the arrays, then each array in one floating type, ready for its arithmetic.

    The type is that of the tensors, or without any that of the arrays: float32 stays float32. Lists, integers and
    single numbers (`np.float64(3)` too) have no say; alone they become what their library makes of them, float64 in
    NumPy and float32 in TensorFlow. 16 bits become 32, because the area of a box of 300 x 300 is above the largest
    float16.

    Returns: `[library, *arrays]`.

    >>> library, boxes, height = floats(np.ones([2, 4], np.float32), 3)
    >>> print(boxes.dtype, height.dtype)
    float32 float32
    """
    library = of(*arrays)
    typed = [array for array in arrays if (hasattr(array, "dtype") if library is np else is_tensor(array))]
    floating = [array for array in typed if _dtype(array).kind == "f" or _dtype(array).name == "bfloat16"]
    deciding = [array for array in floating if array.shape != ()] or floating
    common = np.result_type(np.float32, *map(_dtype, deciding)) if deciding else np.dtype(
        np.float64 if library is np else np.float32)
    return [library, *(library.asarray(array, common) for array in arrays)]


def take(values: Array, indices: Array) -> Array:
    """Rows by their index: `result[..., a, :] = values[..., indices[..., a], :]`.

    Args:
      values: `[..., G, *shape]`.
      indices: int `[..., A]` in `[0, G)`, with the same leading dimensions.
    Returns: `[..., A, *shape]`.

    >>> take(np.array([[5, 6, 7], [8, 9, 10]]), np.array([[2, 0], [1, 1]])).tolist()
    [[7, 5], [9, 9]]
    """
    leading = len(indices.shape) - 1
    if is_tensor(values) or is_tensor(indices):
        return sys.modules["tensorflow"].gather(values, indices, axis=leading, batch_dims=leading)
    indices = indices.reshape(indices.shape + (1,) * (np.ndim(values) - leading - 1))
    return np.take_along_axis(np.asarray(values), indices, axis=leading)


def uniform(like: Array, seed: Union[int, Sequence[int], Array]) -> Array:
    """Random float32 in `[0, 1)` of the shape of an array: a function of the seed and of each number's place.

    The same numbers everywhere: in NumPy, in TensorFlow, compiled or not, on every device. (TensorFlow's stateless
    generators give others once XLA compiles them.)

    Args:
      like: NumPy array or tensor.
      seed: int, or two of them, possibly a tensor: int `[2]`.
    Source: Wellons 2018, Prospecting for Hash Functions: two rounds of its mixing function with 32 bits.

    >>> print(uniform(np.zeros([4]), seed=42).round(3))
    [0.389 0.792 0.346 0.919]
    """
    library = of(like, seed)
    first, second = [seed, 0] if np.ndim(seed) == 0 else [seed[0], seed[1]]     # type: ignore[index]
    places = library.asarray(_places(like), np.int64)
    keys = [_mixed(library, library.asarray(key, np.int64) + number) for number, key in enumerate((first, second), 1)]
    bits = _mixed(library, _mixed(library, places + keys[0]) + keys[1])
    return library.asarray(bits // 2 ** 8, np.float32) * np.float32(2 ** -24)   # 24 bits fit exactly


def _places(like: Array) -> Array:
    if is_tensor(like):
        tensorflow = sys.modules["tensorflow"]
        return tensorflow.reshape(tensorflow.range(tensorflow.size(like)), tensorflow.shape(like))
    return np.arange(np.size(like)).reshape(np.shape(like))


def _mixed(library: Any, numbers: Array) -> Array:
    """Whole numbers in `[0, 2^32)`, int64, whose every bit depends on all of the lowest 32 bits of the given ones."""
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):                  # below 2^31: no product overflows
        numbers = library.bitwise_and(numbers, 0xFFFFFFFF)
        numbers = library.bitwise_xor(numbers, numbers // 2 ** shift) * factor
    numbers = library.bitwise_and(numbers, 0xFFFFFFFF)
    return library.bitwise_xor(numbers, numbers // 2 ** 15)


def _dtype(array: Array) -> np.dtype:
    return np.dtype(getattr(array.dtype, "as_numpy_dtype", array.dtype))
