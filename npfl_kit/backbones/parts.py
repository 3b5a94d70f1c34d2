"""The interchangeable pieces that every network of the kit is put together from."""
from __future__ import annotations

import dataclasses
from typing import Optional

import tensorflow as tf

from npfl_kit.layers.drop_block import DropBlock
from npfl_kit.layers.normalization import normalization
from npfl_kit.layers.stochastic_depth import StochasticDepth, linear_decay


@dataclasses.dataclass(frozen=True)
class Parts:
    """Which normalization, regularization and residual sum a network is built with.

    A family of networks writes down its shape once and asks for its pieces here, so that any normalization and any
    regularization can be tried in any of them.

    Args:
      norm: "batch", "layer", "instance", "group" or "none"; None takes what the family's paper has, which is batch for
        residual and dense networks and none for LeNet, AlexNet and VGG.
      dropout: float in `[0, 1)`, rate of dropout where the family's paper puts it (WRN: inside a unit; DenseNet: after
        every convolution; AlexNet, VGG: hidden dense layers), otherwise before the logits; None takes the paper's.
      stochastic_depth: float in `[0, 1)`, how often the last residual branch is dropped; linear decay before it.
      per_sample: bool, whether stochastic depth draws for every example (the paper: once for the batch).
      drop_block: float in `[0, 1)`, rate of DropBlock in the last stage; a quarter of it in the stage before.
      drop_block_size: int, side of the dropped squares in units of the feature map.
      activation: str, of the hidden layers.
    Source: the layers' own docstrings.
    """

    norm: Optional[str] = None
    dropout: Optional[float] = None
    stochastic_depth: float = 0.0
    per_sample: bool = False
    drop_block: float = 0.0
    drop_block_size: int = 7
    activation: str = "relu"

    def settled(self, norm: str, dropout: float = 0.0) -> Parts:
        """These parts with the family's own `norm` and `dropout` where the user chose none."""
        return dataclasses.replace(self, norm=self.norm if self.norm is not None else norm,
                                   dropout=self.dropout if self.dropout is not None else dropout)

    def at_stage(self, stage: int, count: int) -> Parts:
        """These parts inside stage `stage` of `count` (from 1): DropBlock works in the last two stages only.

        Source: Ghiasi et al. 2018, Sec. 4.1: groups 3 and 4 of a ResNet, with a quarter of gamma in group 3.
        """
        share = {count: 1.0, count - 1: 0.25}.get(stage, 0.0)
        return dataclasses.replace(self, drop_block=share * self.drop_block)

    def conv(self, x: tf.Tensor, filters: int, kernel: int, name: str, strides: int = 1, groups: int = 1) -> tf.Tensor:
        """Convolution with `kernel // 2` zeros on every side; with a bias only in a network without normalization.

        Keras's "same" pads a strided convolution at the bottom and right only; the field, and its published weights,
        pad both sides. Weights start as He et al. 2015 say, with the fan-out (as torchvision).

        Args:
          x: float `[B, H, W, C]`.
        Returns: float `[B, ceil(H / strides), ceil(W / strides), filters]`.
        """
        padding = "same"
        if strides > 1:
            x, padding = self.pad(x, kernel // 2, f"{name}_pad"), "valid"
        start = tf.keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
        return tf.keras.layers.Conv2D(filters, kernel, strides, padding, groups=groups, use_bias=self.norm == "none",
                                      kernel_initializer=start, name=name)(x)

    def pad(self, x: tf.Tensor, pixels: int, name: str) -> tf.Tensor:
        """`pixels` zeros on every side of `[B, H, W, C]`."""
        return tf.keras.layers.ZeroPadding2D(pixels, name=name)(x) if pixels else x

    def dense(self, x: tf.Tensor, units: int, name: str) -> tf.Tensor:
        """A hidden dense layer of `[B, D]` with its activation and dropout, as LeNet, AlexNet and VGG end."""
        x = tf.keras.layers.Dense(units, kernel_initializer="he_normal", name=name)(x)
        return self.drop(self.relu(x, f"{name}_relu"), f"{name}_drop")

    def normalize(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """The chosen normalization of `[B, H, W, C]`; nothing for "none"."""
        assert self.norm is not None, "call settled() first"
        return x if self.norm == "none" else normalization(self.norm, x.shape[-1], name=name)(x)

    def relu(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """The activation of the hidden layers."""
        return tf.keras.layers.Activation(self.activation, name=name)(x)

    def drop(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Dropout of single units."""
        return tf.keras.layers.Dropout(self.dropout, name=name)(x) if self.dropout else x

    def drop_regions(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """DropBlock of `[B, H, W, C]`, in the stages that have it."""
        return DropBlock(self.drop_block, self.drop_block_size, name=name)(x) if self.drop_block else x

    def add(self, shortcut: tf.Tensor, residual: tf.Tensor, index: int, count: int, name: str) -> tf.Tensor:
        """Sum of shortcut and residual branch `index` of `count` (from 1), which stochastic depth may leave out."""
        survival = linear_decay(index, count, self.stochastic_depth)
        layer = (StochasticDepth(survival, self.per_sample, name=name) if self.stochastic_depth
                 else tf.keras.layers.Add(name=name))
        return layer([shortcut, residual])

    def classify(self, x: tf.Tensor, num_classes: int, dropout: bool = True) -> tf.Tensor:
        """Mean over the picture of `[B, H, W, C]`, dropout if wanted, and float32 logits `[B, num_classes]`."""
        x = tf.keras.layers.GlobalAveragePooling2D(name="pool")(x)
        return logits(self.drop(x, "drop") if dropout else x, num_classes)


def logits(x: tf.Tensor, num_classes: int) -> tf.Tensor:
    """The last layer of every network: `[B, D]` to `[B, num_classes]`, in float32 under mixed precision too."""
    return tf.keras.layers.Dense(num_classes, dtype="float32", name="logits")(x)
