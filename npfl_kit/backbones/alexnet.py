"""AlexNet: the network that made pictures a matter of deep learning."""
from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import tensorflow as tf

from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts, logits
from npfl_kit.layers.local_response_normalization import LocalResponseNormalization


@dataclasses.dataclass(frozen=True)
class Convolution:
    """One convolution: its shape, its groups in the paper, and the stage (between poolings) that it stands in."""

    filters: int
    kernel: int
    strides: int = 1
    groups: int = 1
    stage: int = 3
    pool: bool = False


PAPER = (Convolution(96, 11, strides=4, stage=1, pool=True), Convolution(256, 5, groups=2, stage=2, pool=True),
         Convolution(384, 3), Convolution(384, 3, groups=2), Convolution(256, 3, groups=2, pool=True))
ONE_WEIRD_TRICK = (Convolution(64, 11, strides=4, stage=1, pool=True), Convolution(192, 5, stage=2, pool=True),
                   Convolution(384, 3), Convolution(256, 3), Convolution(256, 3, pool=True))


def fill_up(image: tf.Tensor, kernel: int, strides: int) -> tf.Tensor:
    """Zeros around `[B, H, W, C]`, so that the strides of the first convolution skip no pixel: 224 becomes 227."""
    missing = [-(side - kernel) % strides for side in image.shape[1:3]]
    if not any(missing):
        return image
    around = [(pixels // 2, pixels - pixels // 2) for pixels in missing]
    return tf.keras.layers.ZeroPadding2D(around, name="pad")(image)


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """Five convolutions, three overlapping poolings and three dense layers.

    "alexnet" has the paper's two groups (its two graphics cards), "alexnet-ungrouped" has the same sizes without them,
    "alexnet-owt" is the later single-card network that torchvision has. "-lrn" adds response normalization after
    the first two convolutions, as in the paper; it has no weights.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`. The paper says 224 x 224, and computes with 227 x 227.
    Returns: float32 `[B, num_classes]`, logits.
    Source: Krizhevsky et al. 2012; Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks.
    """
    weird = options["kind"] == "-owt"
    x = parts.pad(image, 2, "pad") if weird else fill_up(image, 11, 4)
    for index, spec in enumerate(ONE_WEIRD_TRICK if weird else PAPER, start=1):
        x = tf.keras.layers.Conv2D(spec.filters, spec.kernel, spec.strides, "valid" if spec.strides > 1 else "same",
                                   groups=1 if options["kind"] else spec.groups, use_bias=parts.norm == "none",
                                   kernel_initializer="he_normal", name=f"conv{index}")(x)
        x = parts.relu(parts.normalize(x, f"norm{index}"), f"relu{index}")
        x = parts.at_stage(spec.stage, 3).drop_regions(x, f"drop{index}")
        if options["lrn"] and index <= 2:
            x = LocalResponseNormalization(name=f"response{index}")(x)
        if spec.pool:
            x = tf.keras.layers.MaxPooling2D(3, strides=2, name=f"pool{index}")(x)
    x = tf.keras.layers.Flatten(name="flatten")(x)                                     # [B, 9216] for 227 x 227
    x = parts.dense(parts.dense(x, 4096, "dense1"), 4096, "dense2")
    return logits(x, num_classes)


FAMILY = Family(
    pattern="alexnet(?P<kind>-ungrouped|-owt)?(?P<lrn>-lrn)?", form="alexnet[-ungrouped|-owt][-lrn]",
    about="Krizhevsky et al. 2012 for 227 x 227; -owt as in torchvision, for 224 x 224",
    examples=("alexnet", "alexnet-ungrouped", "alexnet-owt", "alexnet-lrn"), smallest=lambda options: 64, graph=graph,
    norm="none", dropout=0.5, residual=False)
