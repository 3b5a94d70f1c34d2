"""LeNet-5: two convolutions and three dense layers, the first network that read bank checks."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts, logits

SIZE = 32          # LeCun's pictures: 28 x 28 digits with two zeros on every side


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """LeNet-5 in its modern form: ReLU, maximum pooling, full connections, 61 706 weights for digits.

    LeCun's own has scaled tanh, learned average pooling, a partial connection table and radial output units;
    `Parts(activation="tanh")` brings the first of these back. Pictures below 32 x 32 get zeros around them.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Source: LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, Fig. 2.
    """
    x = image
    missing = [max(0, SIZE - side) for side in image.shape[1:3]]
    if any(missing):
        around = [(pixels // 2, pixels - pixels // 2) for pixels in missing]
        x = tf.keras.layers.ZeroPadding2D(around, name="pad")(x)
    for stage, filters in enumerate((6, 16), start=1):
        x = tf.keras.layers.Conv2D(filters, 5, use_bias=parts.norm == "none", kernel_initializer="he_normal",
                                   name=f"stage{stage}_conv")(x)
        x = parts.relu(parts.normalize(x, f"stage{stage}_norm"), f"stage{stage}_relu")
        x = parts.at_stage(stage, 2).drop_regions(x, f"stage{stage}_drop")
        x = tf.keras.layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
    x = tf.keras.layers.Flatten(name="flatten")(x)                                     # [B, 400] for 32 x 32
    for layer, units in enumerate((120, 84), start=1):
        x = parts.dense(x, units, f"dense{layer}")
    return logits(x, num_classes)


FAMILY = Family(
    pattern="lenet5", form="lenet5", about="LeCun et al. 1998, for digits of 28 x 28 or 32 x 32",
    examples=("lenet5",), smallest=lambda options: 8, graph=graph, norm="none", residual=False)
