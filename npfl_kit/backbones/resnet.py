"""The residual networks for ImageNet, whose features most detectors are built on."""
from __future__ import annotations

import re
from collections.abc import Mapping

import tensorflow as tf

from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

WIDTHS = (64, 128, 256, 512)
DEPTHS = {"18": (2, 2, 2, 2), "34": (3, 4, 6, 3), "50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
BASIC = ("18", "34")
EXPANSION = 4      # a bottleneck puts out four times its inner channels


def branch(x: tf.Tensor, kernels: tuple[int, ...], filters: tuple[int, ...], strides: int, groups: int, parts: Parts,
           name: str) -> tf.Tensor:
    """The residual branch `[B, H, W, C]` to `[B, H / strides, W / strides, filters[-1]]`, without its last ReLU.

    The first 3 x 3 convolution has the strides and the groups.
    """
    for index, (kernel, channels) in enumerate(zip(kernels, filters), start=1):
        if index > 1:
            x = parts.relu(x, f"{name}_relu{index - 1}")
        spatial = kernel == 3 and 3 not in kernels[:index - 1]
        x = parts.conv(x, channels, kernel, f"{name}_conv{index}", strides if spatial else 1,
                       groups if kernel == 3 else 1)
        x = parts.drop_regions(parts.normalize(x, f"{name}_norm{index}"), f"{name}_drop{index}")
    return x


def unit(x: tf.Tensor, residual: tf.Tensor, strides: int, index: int, count: int, parts: Parts,
         name: str) -> tf.Tensor:
    """`relu(shortcut + residual)`; the shortcut is a 1 x 1 convolution only where the shape changes."""
    channels = residual.shape[-1]
    if strides > 1 or x.shape[-1] != channels:
        x = parts.conv(x, channels, 1, f"{name}_shortcut_conv", strides)
        x = parts.normalize(x, f"{name}_shortcut_norm")
    x = parts.drop_regions(x, f"{name}_shortcut_drop")
    return parts.relu(parts.add(x, residual, index, count, f"{name}_add"), f"{name}_relu_out")


def features(image: tf.Tensor, depth: str, parts: Parts, groups: int = 1,
             base_width: int = 64) -> dict[str, tf.Tensor]:
    """The outputs of the four stages: "C2" of stride 4 to "C5" of stride 32.

    Args:
      image: float `[B, H, W, C]`; H and W may be unknown.
      depth: a key of `DEPTHS`, layers with weights.
      parts: normalization and regularization; batch normalization unless chosen.
      groups, base_width: int, groups of the 3 x 3 convolutions and channels of each in the first stage (ResNeXt, WRN).
    Returns: dict of float `[B, ceil(H / 2 ** l), ceil(W / 2 ** l), 2 ** (l - 2) * (64 or 256)]` by "Cl".
    Source: He et al. 2015, Table 1, in the form v1.5: the strides are at the 3 x 3 convolution (Goyal et al. 2017).
      Every layer has its twin in torchvision, see `torchvision_name`.
    """
    parts = parts.settled("batch")
    x = parts.normalize(parts.conv(image, WIDTHS[0], 7, "stem_conv", strides=2), "stem_norm")
    x = parts.pad(parts.relu(x, "stem_relu"), 1, "stem_pool_pad")                      # zeros never win after a ReLU
    x = tf.keras.layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)
    stages, index = {}, 0
    for stage, (width, blocks) in enumerate(zip(WIDTHS, DEPTHS[depth]), start=1):
        here = parts.at_stage(stage, len(WIDTHS))
        inner = width * base_width // 64 * groups
        kernels, filters = (((3, 3), (width, width)) if depth in BASIC
                            else ((1, 3, 1), (inner, inner, EXPANSION * width)))
        for block in range(1, blocks + 1):
            name, index = f"stage{stage}_block{block}", index + 1
            strides = 2 if stage > 1 and block == 1 else 1
            residual = branch(x, kernels, filters, strides, groups, here, name)
            x = unit(x, residual, strides, index, sum(DEPTHS[depth]), here, name)
        stages[f"C{stage + 1}"] = x
    return stages


def torchvision_name(layer: str) -> str:
    """The name of the same layer in torchvision's ResNets, for carrying weights over.

    >>> torchvision_name("stage2_block1_conv1"), torchvision_name("stage2_block1_shortcut_norm")
    ('layer2.0.conv1', 'layer2.0.downsample.1')
    >>> torchvision_name("stem_norm"), torchvision_name("logits")
    ('bn1', 'fc')
    """
    match = re.fullmatch(r"stage(\d)_block(\d+)_(.*)", layer)
    inner = match[3] if match else layer
    inner = {"stem_conv": "conv1", "stem_norm": "bn1", "logits": "fc", "shortcut_conv": "downsample.0",
             "shortcut_norm": "downsample.1"}.get(inner, inner.replace("norm", "bn"))
    return f"layer{match[1]}.{int(match[2]) - 1}.{inner}" if match else inner


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """ResNet-D, ResNeXt-D or the wide ResNet-D of ImageNet.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Source: He et al. 2015; Xie et al. 2017; Zagoruyko and Komodakis 2016.
    """
    depth = options["depth"] or options["grouped"] or options["wide"]
    groups, base_width = int(options["groups"] or 1), int(options["width"] or 64)
    if options["wide"]:
        base_width = 64 * int(options["times"])
    return parts.classify(features(image, depth, parts, groups, base_width)["C5"], num_classes)


FAMILY = Family(
    pattern=r"resnet-?(?P<depth>18|34|50|101|152)|wide_resnet(?P<wide>50|101)-(?P<times>[1-9]\d*)|"
            r"resnext(?P<grouped>50|101|152)-(?P<groups>[1-9]\d*)x(?P<width>[1-9]\d*)d",
    form="resnet18|34|50|101|152, resnext50-32x4d, wide_resnet50-2",
    about="He et al. 2015, Xie et al. 2017, for ImageNet; as in torchvision",
    examples=("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50-32x4d", "resnext101-32x8d",
              "wide_resnet50-2"),
    smallest=lambda options: 16, graph=graph)
