"""The head of a one-stage detector: one small network that answers at every position of every level."""
from __future__ import annotations

import math
from collections.abc import Mapping

import tensorflow as tf

from npfl_kit.layers.normalization import normalization


def dense_head(pyramid: Mapping[str, tf.Tensor], outputs: int, anchors: int, name: str, convolutions: int = 4,
               channels: int = 256, prior: float = 0.5, norm: str = "none") -> tf.Tensor:
    """The answers of all anchors of all levels, from convolutions that the levels share.

    Args:
      pyramid: float `[B, H_l, W_l, C]` by level, finest first.
      outputs: int, numbers to answer for an anchor: K logits, or 4 deltas.
      anchors: int, anchors at a position.
      name: str, of the output; prefix of the layers.
      convolutions, channels: the 3 x 3 convolutions with ReLU before the last one.
      prior: float in (0, 1), the probability that logits say before training. Near 0.01 the first steps are not spent
        on telling 100,000 anchors that they see nothing.
      norm: "none" as the paper, or a normalization after each convolution but the last.
    Returns: float32 `[B, sum of H_l * W_l * anchors, outputs]`, in the order of `npfl_kit.core.anchors.pyramid`.
    Source: Lin et al. 2017, Focal Loss, Sec. 4.1: weights N(0, 0.01), biases 0, the last -log((1 - pi) / pi).
    """
    layers: list[tf.keras.layers.Layer] = []
    for index in range(1, convolutions + 1):
        layers.append(conv(channels, f"{name}_conv{index}"))
        if norm != "none":
            layers.append(normalization(norm, channels, name=f"{name}_norm{index}"))
        layers.append(tf.keras.layers.ReLU(name=f"{name}_relu{index}"))
    layers.append(conv(anchors * outputs, f"{name}_output", bias=-math.log((1 - prior) / prior)))
    answers = []
    for level, x in pyramid.items():
        for layer in layers:
            x = layer(x)
        answers.append(tf.keras.layers.Reshape([-1, outputs], name=f"{name}_{level}")(x))     # [B, H * W * A, outputs]
    return tf.keras.layers.Concatenate(axis=1, dtype="float32", name=name)(answers)


def conv(channels: int, name: str, bias: float = 0.0) -> tf.keras.layers.Conv2D:
    """A 3 x 3 convolution that starts nearly at nothing."""
    return tf.keras.layers.Conv2D(
        channels, 3, padding="same", name=name, bias_initializer=tf.keras.initializers.Constant(bias),
        kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.01))
