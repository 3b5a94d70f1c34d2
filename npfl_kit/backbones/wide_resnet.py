"""Wide residual networks: fewer layers, each with many more channels."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

WIDTHS = (16, 32, 64)


def unit(x: tf.Tensor, filters: int, strides: int, index: int, count: int, parts: Parts, name: str) -> tf.Tensor:
    """Pre-activated unit `index` of `count`; where the shape changes, the shortcut is a 1 x 1 convolution.

    That convolution reads the pre-activated input, so the first normalization serves both branches.
    """
    active = parts.relu(parts.normalize(x, f"{name}_norm1"), f"{name}_relu1")
    residual = parts.drop_regions(parts.conv(active, filters, 3, f"{name}_conv1", strides), f"{name}_drop1")
    residual = parts.relu(parts.normalize(residual, f"{name}_norm2"), f"{name}_relu2")
    residual = parts.drop(residual, f"{name}_dropout")
    residual = parts.drop_regions(parts.conv(residual, filters, 3, f"{name}_conv2"), f"{name}_drop2")
    passed = x
    if strides > 1 or x.shape[-1] != filters:
        passed = parts.conv(active, filters, 1, f"{name}_shortcut_conv", strides)
    passed = parts.drop_regions(passed, f"{name}_shortcut_drop")
    return parts.add(passed, residual, index, count, f"{name}_add")


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """WRN-D-K: 3 stages of (D - 4) / 6 units, of 16 K, 32 K and 64 K channels.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError if D is not 6 n + 4, or K is 0.
    Source: Zagoruyko and Komodakis 2016, Wide Residual Networks, Table 1. Dropout lies between the convolutions of a
      unit (the paper uses 0.3); there is none before the logits.
    """
    depth, width = int(options["depth"]), int(options["width"])
    units, rest = divmod(depth - 4, 6)
    if rest or units < 1 or width < 1:
        raise errors.UsageError("A wide ResNet is wide_resnet-D-K with D = 6 n + 4 layers, K times as wide, such as "
                                f"wide_resnet-28-10 or wide_resnet-16-4, not wide_resnet-{depth}-{width}.")
    x = parts.conv(image, WIDTHS[0], 3, "stem_conv")
    for stage, filters in enumerate(WIDTHS, start=1):
        here = parts.at_stage(stage, len(WIDTHS))
        for block in range(1, units + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            index = (stage - 1) * units + block
            x = unit(x, width * filters, strides, index, len(WIDTHS) * units, here, f"stage{stage}_block{block}")
    x = parts.relu(parts.normalize(x, "final_norm"), "final_relu")
    return parts.classify(x, num_classes, dropout=False)


FAMILY = Family(
    pattern=r"(wide_resnet|wrn)-(?P<depth>\d+)-(?P<width>\d+)", form="wide_resnet-D-K",
    about="Zagoruyko and Komodakis 2016, for CIFAR; D = 6 n + 4 layers, K times as wide",
    examples=("wide_resnet-16-8", "wide_resnet-22-8", "wide_resnet-28-10", "wide_resnet-28-12", "wide_resnet-40-4"),
    smallest=lambda options: 4, graph=graph)
