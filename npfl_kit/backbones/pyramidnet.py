"""PyramidNet: residual units that grow a little wider every time, not only at the start of a stage."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts
from npfl_kit.layers.pad_channels import PadChannels

START = 16
STAGES = 3
EXPANSION = 4


def widths(alpha: int, units: int) -> list[int]:
    """Channels of every unit: `16 + k * alpha // units` for k = 1 .. units.

    In integers, because the paper's recursion `floor(D + alpha / N)` never grows when alpha < N, and a sum in floats
    may end at 63 for 64.

    >>> widths(48, 4), widths(48, 54)[:4], widths(48, 54)[-1]
    ([28, 40, 52, 64], [16, 17, 18, 19], 64)
    """
    return [START + k * alpha // units for k in range(1, units + 1)]


def unit(x: tf.Tensor, filters: int, strides: int, bottleneck: bool, index: int, count: int, parts: Parts,
         name: str) -> tf.Tensor:
    """Unit without a ReLU at its start and with a normalization at its end; the shortcut has no weights."""
    layers = ((1, filters), (3, filters), (1, EXPANSION * filters)) if bottleneck else ((3, filters), (3, filters))
    residual = parts.normalize(x, f"{name}_norm0")
    for layer, (kernel, channels) in enumerate(layers, start=1):
        if layer > 1:
            residual = parts.relu(residual, f"{name}_relu{layer - 1}")
        here = strides if layer == len(layers) - 1 and kernel == 3 else 1                  # the first 3 x 3
        residual = parts.conv(residual, channels, kernel, f"{name}_conv{layer}", here)
        residual = parts.drop_regions(parts.normalize(residual, f"{name}_norm{layer}"), f"{name}_drop{layer}")
    if strides > 1:
        x = tf.keras.layers.AveragePooling2D(2, strides, padding="same", name=f"{name}_shortcut_pool")(x)
    if x.shape[-1] != residual.shape[-1]:
        x = PadChannels(residual.shape[-1], name=f"{name}_shortcut_pad")(x)
    x = parts.drop_regions(x, f"{name}_shortcut_drop")
    return parts.add(x, residual, index, count, f"{name}_add")


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """PyramidNet-D-A: widths from 16 to 16 + A over all units; D layers.

    Many depths fit both kinds of unit; without "-basic" or "-bottleneck" at the end of the name, depths from 164 on
    that are 9 n + 2 have bottlenecks, as in the paper's Table 4, and all others basic units.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError for a depth that is not 6 n + 2 (basic) or 9 n + 2 (bottleneck).
    Source: Han et al. 2017, Deep Pyramidal Residual Networks, Eq. 3, Fig. 6d and Table 1.
    """
    depth, alpha = int(options["depth"]), int(options["alpha"])
    bottleneck = options["unit"] == "-bottleneck" or (not options["unit"] and depth >= 164 and (depth - 2) % 9 == 0)
    units, rest = divmod(depth - 2, 9 if bottleneck else 6)
    if rest or units < 1:
        raise errors.UsageError("The depth of a PyramidNet is 6 n + 2 with basic units, such as 110, and 9 n + 2 with "
                                f"bottlenecks, such as 164 or 272, not {depth}.")
    x = parts.normalize(parts.conv(image, START, 3, "stem_conv"), "stem_norm")
    for index, filters in enumerate(widths(alpha, STAGES * units), start=1):
        stage, block = (index - 1) // units + 1, (index - 1) % units + 1
        strides = 2 if stage > 1 and block == 1 else 1
        x = unit(x, filters, strides, bottleneck, index, STAGES * units, parts.at_stage(stage, STAGES),
                 f"stage{stage}_block{block}")
    x = parts.relu(parts.normalize(x, "final_norm"), "final_relu")
    return parts.classify(x, num_classes)


FAMILY = Family(
    pattern=r"pyramidnet-(?P<depth>\d+)-(?P<alpha>\d+)(?P<unit>-basic|-bottleneck)?",
    form="pyramidnet-D-A", about="Han et al. 2017, for CIFAR; D layers, A channels more; -basic or -bottleneck",
    examples=("pyramidnet-110-48", "pyramidnet-110-84", "pyramidnet-110-270", "pyramidnet-164-270",
              "pyramidnet-200-240", "pyramidnet-236-220", "pyramidnet-272-200"),
    smallest=lambda options: 4, graph=graph)
