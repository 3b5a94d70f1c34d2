"""Networks by name: `build("resnet20", [32, 32, 3], 10)`."""
from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones import alexnet, densenet, lenet, preact_resnet, pyramidnet
from npfl_kit.backbones import resnet, resnet_cifar, resnext, vgg, wide_resnet
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

FAMILIES = tuple(module.FAMILY for module in (lenet, alexnet, vgg, resnet, resnet_cifar, preact_resnet, wide_resnet,
                                              densenet, pyramidnet, resnext))
NAMES = tuple(name for family in FAMILIES for name in family.examples)
PATTERNS = tuple(family.form for family in FAMILIES)
DEEPEST = 20_000      # nested calls


def build(name: str, image_shape: Sequence[int], num_classes: int, parts: Parts = Parts()) -> tf.keras.Model:
    """The network `name` for pictures of one shape, with fresh weights.

    Args:
      name: str, one of the forms that `describe()` lists, such as "resnet20" or "wide_resnet-28-10".
      image_shape: three ints, height, width and channels.
      num_classes: int, classes; the logits have no entry for background.
      parts: normalization and regularization.
    Returns: a model from float `[B, H, W, C]` in `[0, 1]` to float32 logits `[B, num_classes]` of the layer "logits".
    Raises: UsageError for an unknown name, or pictures too small for the network.
    """
    for family in FAMILIES:
        options = family.options(name)
        if options is not None:
            check(family, name, family.smallest(options), image_shape, parts)
            image = tf.keras.layers.Input(list(image_shape), name="image")
            outputs = family.graph(image, options, num_classes, parts.settled(family.norm, family.dropout))
            with deep_recursion():
                return tf.keras.Model(image, outputs, name=name.replace("-", "_"))
    raise errors.unknown("network", name, NAMES)


def check(family: Family, name: str, smallest: int, image_shape: Sequence[int], parts: Parts) -> None:
    """Refuse pictures that the network would shrink to nothing, and parts that it has no place for.

    Raises: UsageError that says what would fit.
    """
    height, width = image_shape[:2]
    if min(height, width) < smallest:
        raise errors.UsageError(f"{name} needs pictures of at least {smallest} x {smallest} pixels, these are "
                                f"{height} x {width}; try --image_size={smallest}.")
    if parts.stochastic_depth and not family.residual:
        raise errors.UsageError(f"Stochastic depth drops residual branches and {name} has none; try resnet110, or "
                                "leave --stochastic_depth out.")


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Let Keras follow a network of a thousand layers: it calls itself once per layer, and Python stops at 1000."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def describe() -> str:
    """What `build` can build, two lines per family, for `--help`."""
    return "\n".join(f"{family.form}\n    {family.about}" for family in FAMILIES)
