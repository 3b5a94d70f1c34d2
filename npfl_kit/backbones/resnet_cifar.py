"""The thin residual networks of He et al. for 32 x 32 pictures: ResNet-20 to ResNet-1202."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts
from npfl_kit.layers.pad_channels import PadChannels

WIDTHS = (16, 32, 64)


def shortcut(x: tf.Tensor, channels: int, strides: int, name: str) -> tf.Tensor:
    """The shortcut without weights (option A): every second pixel, then channels of zeros.

    Args:
      x: float `[B, H, W, C]`.
    Returns: float `[B, ceil(H / strides), ceil(W / strides), channels]`.
    """
    if strides > 1:
        x = tf.keras.layers.AveragePooling2D(1, strides, name=f"{name}_shortcut_sample")(x)   # a pool of one pixel
    return x if x.shape[-1] == channels else PadChannels(channels, name=f"{name}_shortcut_pad")(x)


def unit(x: tf.Tensor, filters: int, strides: int, index: int, count: int, parts: Parts, name: str) -> tf.Tensor:
    """Residual unit `index` of `count`: `relu(x + norm(conv(relu(norm(conv(x))))))`, two 3 x 3 convolutions."""
    residual = parts.normalize(parts.conv(x, filters, 3, f"{name}_conv1", strides), f"{name}_norm1")
    residual = parts.relu(parts.drop_regions(residual, f"{name}_drop1"), f"{name}_relu1")
    residual = parts.normalize(parts.conv(residual, filters, 3, f"{name}_conv2"), f"{name}_norm2")
    residual = parts.drop_regions(residual, f"{name}_drop2")
    passed = parts.drop_regions(shortcut(x, filters, strides, name), f"{name}_shortcut_drop")
    return parts.relu(parts.add(passed, residual, index, count, f"{name}_add"), f"{name}_relu2")


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """ResNet-D: 3 stages of n = (D - 2) / 6 units, of 16, 32 and 64 channels.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError if D is not 6 n + 2.
    Source: He et al. 2015, Deep Residual Learning for Image Recognition, Sec. 4.2, with shortcuts of option A.
    """
    depth = int(options["depth"])
    units, rest = divmod(depth - 2, 6)
    if rest or units < 1:
        raise errors.UsageError(f"The depth of a CIFAR ResNet is 6 n + 2, such as 20, 32 or 110, not {depth}; "
                                "resnet18, 34, 50, 101 and 152 are the networks for ImageNet.")
    x = parts.normalize(parts.conv(image, WIDTHS[0], 3, "stem_conv"), "stem_norm")
    x = parts.relu(x, "stem_relu")
    for stage, filters in enumerate(WIDTHS, start=1):
        here = parts.at_stage(stage, len(WIDTHS))
        for block in range(1, units + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            index = (stage - 1) * units + block
            x = unit(x, filters, strides, index, len(WIDTHS) * units, here, f"stage{stage}_block{block}")
    return parts.classify(x, num_classes)


FAMILY = Family(
    pattern=r"resnet-?(?!(18|34|50|101|152)$)(?P<depth>\d+)", form="resnetD",
    about="He et al. 2015, for CIFAR; D = 6 n + 2 layers, no weights in shortcuts",
    examples=("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"),
    smallest=lambda options: 4, graph=graph)
