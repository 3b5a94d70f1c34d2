"""ResNeXt for CIFAR: bottlenecks whose 3 x 3 convolution falls into groups."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones import resnet
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

STEM = 64
WIDTHS = (256, 512, 1024)


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """ResNeXt-D-CxW: 3 stages of (D - 2) / 9 bottlenecks with C groups of W, 2 W and 4 W channels.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError if D is not 9 n + 2, or there are no groups.
    Source: Xie et al. 2017, Aggregated Residual Transformations, Sec. 5.2. The networks for ImageNet are in `resnet`.
    """
    depth, groups, width = (int(options[key]) for key in ("depth", "groups", "width"))
    units, rest = divmod(depth - 2, 9)
    if rest or min(units, groups, width) < 1:
        raise errors.UsageError("A ResNeXt for CIFAR is resnext-D-CxW with D = 9 n + 2 layers and C groups of W "
                                f"channels, such as resnext-29-8x64, not resnext-{depth}-{groups}x{width}.")
    x = parts.relu(parts.normalize(parts.conv(image, STEM, 3, "stem_conv"), "stem_norm"), "stem_relu")
    for stage, filters in enumerate(WIDTHS, start=1):
        here, inner = parts.at_stage(stage, len(WIDTHS)), groups * width * 2 ** (stage - 1)
        for block in range(1, units + 1):
            name, index = f"stage{stage}_block{block}", (stage - 1) * units + block
            strides = 2 if stage > 1 and block == 1 else 1
            residual = resnet.branch(x, (1, 3, 1), (inner, inner, filters), strides, groups, here, name)
            x = resnet.unit(x, residual, strides, index, len(WIDTHS) * units, here, name)
    return parts.classify(x, num_classes)


FAMILY = Family(
    pattern=r"resnext-(?P<depth>\d+)-(?P<groups>\d+)x(?P<width>\d+)d?", form="resnext-D-CxW",
    about="Xie et al. 2017, for CIFAR; D = 9 n + 2 layers, C groups of W channels",
    examples=("resnext-29-8x64", "resnext-29-16x64", "resnext-29-1x64", "resnext-29-32x4"),
    smallest=lambda options: 4, graph=graph)
