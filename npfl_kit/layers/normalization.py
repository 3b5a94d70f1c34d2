"""The normalization of feature maps, chosen by name."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.layers.group_normalization import GroupNormalization, fitting_groups

NAMES = ("batch", "layer", "instance", "group", "none")
EPSILON = 1e-5
MOMENTUM = 0.9


def normalization(kind: str, channels: int, **kwargs: Any) -> tf.keras.layers.Layer:
    """A fresh layer that normalizes feature maps `[B, H, W, C]`; kinds differ in what shares one mean and variance.

    | kind     | mean and variance over           | used for                                     |
    | -------- | -------------------------------- | -------------------------------------------- |
    | batch    | B, H, W; one per channel         | classification; batches of 16 and more       |
    | layer    | H, W, C; one per example         | batches of any size; groups of all channels  |
    | instance | H, W; per example and channel    | style transfer; loses contrast               |
    | group    | H, W and max(4, C / 32) channels | detection, where a batch is 1 or 2 pictures  |
    | none     | nothing                          | plain networks; convolutions keep their bias |

    Each but "none" has gamma and beta per channel. "layer" is the convolutional convention (Wu and He 2018, Sec. 3.1),
    not Keras's `LayerNormalization()`, which normalizes the channels of every pixel for itself. "instance" of a 1 x 1
    map is 0 everywhere, because a single number has no deviation.

    Args:
      kind: one of `NAMES`.
      channels: int, C; "group" takes the largest number of equal groups up to 32, of 4 channels or more.
      **kwargs: for the layer: `name`, `dtype`, `gamma_initializer` ...
    Returns: a Keras layer from float `[B, H, W, C]` to the same shape.
    Raises: UsageError for another kind.
    Source: Ioffe and Szegedy 2015; Ba et al. 2016; Ulyanov et al. 2016; Wu and He 2018. Epsilon is 1e-5 and batch
      statistics keep 0.9 of their past (torchvision's momentum 0.1), so that torchvision's weights give its outputs.

    >>> normalization("group", 48).groups
    12
    """
    if kind == "batch":
        return tf.keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, **kwargs)
    groups = {"layer": 1, "instance": channels, "group": fitting_groups(channels)}
    if kind in groups:
        return GroupNormalization(groups[kind], EPSILON, **kwargs)
    if kind == "none":
        return tf.keras.layers.Activation("linear", **kwargs)
    raise errors.unknown("normalization", kind, NAMES)
