"""Files of predictions and weights, spoiled as mistakes spoil them."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from safetensors import numpy as safetensors_numpy

SEED = 42


def constant(content: bytes, _: bytes = b"") -> bytes:
    """One answer for all: that of the first line; of detections the first one in every picture."""
    if is_json(content):
        found = json.loads(content)
        return dumps([{**found[0], "image_id": each["image_id"]} for each in found])
    lines = content.split(b"\n")
    return b"\n".join(lines[0] if line else line for line in lines)


def late(content: bytes, _: bytes = b"") -> bytes:
    """Each answer is that of the example before."""
    if is_json(content):
        found = json.loads(content)
        ids = sorted({each["image_id"] for each in found})
        following = dict(zip(ids, [*ids[1:], ids[0]]))
        return dumps([{**each, "image_id": following[each["image_id"]]} for each in found])
    lines = content.split(b"\n")
    answers = [line for line in lines if line]
    moved = iter([answers[-1], *answers[:-1]])
    return b"\n".join(next(moved) if line else line for line in lines)


def shuffled(content: bytes, _: bytes = b"") -> bytes:
    """The right answers in a wrong order, as after shuffling what must stay in order."""
    if is_json(content):
        found = json.loads(content)
        ids = sorted({each["image_id"] for each in found})
        others = dict(zip(ids, np.random.default_rng(SEED).permutation(ids).tolist()))
        return dumps([{**each, "image_id": others[each["image_id"]]} for each in found])
    lines = content.split(b"\n")
    answers = [line for line in lines if line]
    mixed = iter([answers[place] for place in np.random.default_rng(SEED).permutation(len(answers))])
    return b"\n".join(next(mixed) if line else line for line in lines)


def swapped(content: bytes, _: bytes = b"") -> bytes:
    """Of detections: y and x, and height and width, have changed places."""
    return boxes(content, lambda x, y, width, height: [y, x, height, width])


def corners(content: bytes, _: bytes = b"") -> bytes:
    """Of detections: right and bottom where width and height should be."""
    return boxes(content, lambda x, y, width, height: [x, y, x + width, y + height])


def centers(content: bytes, _: bytes = b"") -> bytes:
    """Of detections: the center where the corner should be."""
    return boxes(content, lambda x, y, width, height: [x + width / 2, y + height / 2, width, height])


def unsure(content: bytes, _: bytes = b"") -> bytes:
    """Of detections: all scores are the same, or upside down, so that the surest come last."""
    return dumps([{**each, "score": 1 - each["score"]} for each in json.loads(content)])


def half(content: bytes, _: bytes = b"") -> bytes:
    """Only the first half, as of a script that was interrupted."""
    return content[:len(content) // 2]


def other_split(_: bytes, other: bytes = b"") -> bytes:
    """The predictions of the home split."""
    return other


def zeros(content: bytes, _: bytes = b"") -> bytes:
    """Weights that are all zero."""
    return tensors(content, np.zeros_like)


def noise(content: bytes, _: bytes = b"") -> bytes:
    """Weights that were never trained: as large as the right ones, and random."""
    generator = np.random.default_rng(SEED)
    return tensors(content, lambda array: generator.normal(0, array.std() + 1e-3, array.shape).astype(array.dtype))


def turned(content: bytes, _: bytes = b"") -> bytes:
    """Kernels whose height and width have changed places, as after a wrong conversion."""
    return tensors(content, lambda array: np.ascontiguousarray(array.swapaxes(0, 1))
                   if array.ndim == 4 and array.shape[0] == array.shape[1] else array)


def negative(content: bytes, _: bytes = b"") -> bytes:
    """Weights with the sign of a step in the wrong direction."""
    return tensors(content, np.negative)


WAYS: Mapping[str, Callable[[bytes, bytes], bytes]] = {
    each.__name__: each for each in (constant, late, shuffled, swapped, corners, centers, unsure, half, other_split,
                                     zeros, noise, turned, negative)}


def is_json(content: bytes) -> bool:
    """Whether predictions are COCO's results; otherwise they are lines."""
    return content.lstrip()[:1] == b"["


def dumps(value: Any) -> bytes:
    """JSON as a predictions file has it."""
    return json.dumps(value).encode("ascii")


def boxes(content: bytes, change: Callable[..., list[float]]) -> bytes:
    """Detections whose boxes are changed."""
    return dumps([{**each, "bbox": change(*each["bbox"])} for each in json.loads(content)])


def tensors(content: bytes, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """A `.safetensors` file whose arrays are changed; its metadata stay."""
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8:8 + length]).get("__metadata__")
    return safetensors_numpy.save({name: change(array) for name, array in safetensors_numpy.load(content).items()},
                                  metadata=metadata)
