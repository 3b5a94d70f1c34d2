"""VGG: nothing but 3 x 3 convolutions, and many of them."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts, logits

WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = {"11": (1, 1, 2, 2, 2), "13": (2, 2, 2, 2, 2), "16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}


def features(image: tf.Tensor, depth: str, parts: Parts) -> dict[str, tf.Tensor]:
    """The outputs of the five stages, each before its pooling: "C1" of stride 1 to "C5" of stride 16.

    Args:
      image: float `[B, H, W, C]`; H and W may be unknown.
      depth: "11", "13", "16" or "19", layers with weights.
      parts: normalization and regularization; no normalization unless chosen.
    Returns: dict of float `[B, H / 2 ** (s - 1), W / 2 ** (s - 1), WIDTHS[s - 1]]` by "Cs".
    """
    x, stages, parts = image, {}, parts.settled("none")
    for stage, (filters, convolutions) in enumerate(zip(WIDTHS, DEPTHS[depth]), start=1):
        here = parts.at_stage(stage, len(WIDTHS))
        if stage > 1:
            x = tf.keras.layers.MaxPooling2D(2, name=f"stage{stage - 1}_pool")(x)
        for index in range(1, convolutions + 1):
            name = f"stage{stage}_conv{index}"
            x = here.relu(here.normalize(here.conv(x, filters, 3, name), f"{name}_norm"), f"{name}_relu")
            x = here.drop_regions(x, f"{name}_drop")
        stages[f"C{stage}"] = x
    return stages


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """VGG-D: five stages of 3 x 3 convolutions, then three dense layers, which hold nine tenths of the weights.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Source: Simonyan and Zisserman 2015, Very Deep Convolutional Networks, Table 1 (A, B, D, E).
    """
    x = features(image, options["depth"], parts)["C5"]
    x = tf.keras.layers.MaxPooling2D(2, name="stage5_pool")(x)
    x = tf.keras.layers.Flatten(name="flatten")(x)                                     # [B, 25088] for 224 x 224
    x = parts.dense(parts.dense(x, 4096, "dense1"), 4096, "dense2")
    return logits(x, num_classes)


FAMILY = Family(
    pattern="vgg-?(?P<depth>11|13|16|19)", form="vgg11|13|16|19",
    about="Simonyan and Zisserman 2015, for 224 x 224",
    examples=("vgg11", "vgg13", "vgg16", "vgg19"), smallest=lambda options: 32, graph=graph,
    norm="none", dropout=0.5, residual=False)
