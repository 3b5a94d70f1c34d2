"""Residual networks with pre-activation: a clean path from the first layer to the last."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

WIDTHS = (16, 32, 64)
EXPANSION = 4


def unit(x: tf.Tensor, filters: int, strides: int, index: int, count: int, parts: Parts, name: str) -> tf.Tensor:
    """Bottleneck `x + conv1x1(act(conv3x3(act(conv1x1(act(x))))))` where `act` is normalization and ReLU.

    Where the shape changes, the shortcut is a 1 x 1 convolution of the pre-activated input.
    """
    active = residual = parts.relu(parts.normalize(x, f"{name}_norm1"), f"{name}_relu1")
    for layer, (kernel, channels) in enumerate(((1, filters), (3, filters), (1, EXPANSION * filters)), start=1):
        if layer > 1:
            residual = parts.relu(parts.normalize(residual, f"{name}_norm{layer}"), f"{name}_relu{layer}")
        residual = parts.conv(residual, channels, kernel, f"{name}_conv{layer}", strides if kernel == 3 else 1)
        residual = parts.drop_regions(residual, f"{name}_drop{layer}")
    if strides > 1 or x.shape[-1] != EXPANSION * filters:
        x = parts.conv(active, EXPANSION * filters, 1, f"{name}_shortcut_conv", strides)
    x = parts.drop_regions(x, f"{name}_shortcut_drop")
    return parts.add(x, residual, index, count, f"{name}_add")


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """Pre-activated ResNet-D: 3 stages of (D - 2) / 9 bottlenecks, of 16, 32 and 64 inner channels.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError if D is not 9 n + 2.
    Source: He et al. 2016, Identity Mappings in Deep Residual Networks, Fig. 4e and Table 3. The strides are at the
      3 x 3 convolution.
    """
    depth = int(options["depth"])
    units, rest = divmod(depth - 2, 9)
    if rest or units < 1:
        raise errors.UsageError(f"The depth of a pre-activated ResNet is 9 n + 2, such as 29 or 164, not {depth}.")
    x = parts.conv(image, WIDTHS[0], 3, "stem_conv")
    for stage, filters in enumerate(WIDTHS, start=1):
        here = parts.at_stage(stage, len(WIDTHS))
        for block in range(1, units + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            index = (stage - 1) * units + block
            x = unit(x, filters, strides, index, len(WIDTHS) * units, here, f"stage{stage}_block{block}")
    x = parts.relu(parts.normalize(x, "final_norm"), "final_relu")
    return parts.classify(x, num_classes)


FAMILY = Family(
    pattern=r"preact_resnet-?(?P<depth>\d+)", form="preact_resnetD",
    about="He et al. 2016, for CIFAR; D = 9 n + 2 layers, bottlenecks",
    examples=("preact_resnet164", "preact_resnet1001"), smallest=lambda options: 4, graph=graph)
