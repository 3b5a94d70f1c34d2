"""The feature pyramid network: maps of every scale with the meaning of the deepest one."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors

FROM = ("P5", "C5", "none")


def feature_pyramid(stages: Mapping[str, tf.Tensor], channels: int = 256, lowest: int = 3,
                    p6_from: str = "C5") -> dict[str, tf.Tensor]:
    """Maps "P<lowest>" to "P7", each with `channels` channels and twice the stride of the one before.

    A deep map knows what is in the picture but not where; a shallow one the other way round. The pyramid carries the
    deep maps down: each is enlarged twice, and added to the map of the backbone on its way.

    Args:
      stages: float `[B, ceil(H / 2 ** l), ceil(W / 2 ** l), C_l]` by "Cl", l from `lowest` to 5.
      lowest: int in 2..5, level of the finest map; 3 for RetinaNet, 2 for R-CNN.
      p6_from: "C5" as RetinaNet's paper, or "P5", which with ResNet-50 has 4,128,768 weights less and does as well;
        "none" ends the pyramid at P5.
    Returns: dict of float `[B, ceil(H / 2 ** l), ceil(W / 2 ** l), channels]` by "Pl".
    Raises: UsageError for another `p6_from`.
    Source: Lin et al. 2017, Feature Pyramid Networks, Sec. 3; Lin et al. 2017, Focal Loss, Sec. 4, for P6 and P7.
      Convolutions start with Glorot's variance, biases with 0; torchvision's have the variance 1 / fan-in, which is
      the same but for the 1 x 1 ones. Strides are padded on both sides.
    """
    if p6_from not in FROM:
        raise errors.unknown("source of P6", p6_from, FROM)
    maps: dict[str, tf.Tensor] = {}
    above = None
    for level in range(5, lowest - 1, -1):
        x = conv(stages[f"C{level}"], channels, 1, f"fpn_lateral{level}")
        if above is not None:
            x = tf.keras.layers.Add(name=f"fpn_sum{level}")([x, enlarged(above, x, f"fpn_up{level}")])
        above = x
        maps[f"P{level}"] = conv(x, channels, 3, f"fpn_output{level}")
    if p6_from != "none":
        source = stages["C5"] if p6_from == "C5" else maps["P5"]
        maps["P6"] = conv(source, channels, 3, "fpn_output6", strides=2)
        active = tf.keras.layers.ReLU(name="fpn_relu6")(maps["P6"])
        maps["P7"] = conv(active, channels, 3, "fpn_output7", strides=2)
    return dict(sorted(maps.items()))


def conv(x: tf.Tensor, channels: int, kernel: int, name: str, strides: int = 1) -> tf.Tensor:
    """A convolution with bias of `[B, H, W, C]` to `[B, ceil(H / strides), ceil(W / strides), channels]`."""
    padding = "same"
    if strides > 1:
        x, padding = tf.keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x), "valid"
    return tf.keras.layers.Conv2D(channels, kernel, strides, padding, name=name)(x)


def enlarged(x: tf.Tensor, like: tf.Tensor, name: str) -> tf.Tensor:
    """`[B, h, w, C]` twice as large, each cell four times; cut to the height and width of `like`."""
    x = tf.keras.layers.UpSampling2D(2, name=name)(x)
    if None in like.shape[1:3]:
        size = tf.shape(like)
        return x[:, :size[1], :size[2]]
    return x if x.shape[1:3] == like.shape[1:3] else x[:, :like.shape[1], :like.shape[2]]
