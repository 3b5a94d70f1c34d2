"""The feature maps that detectors read from a backbone: `stages("resnet50", [256, 256, 3])`."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones import resnet
from npfl_kit.backbones.parts import Parts

NAMES = ("tiny", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet50-imagenet",
         "mobilenetv2-0.35", "mobilenetv2-0.5", "mobilenetv2-0.75", "mobilenetv2-1.0", "mobilenetv2-1.4",
         "efficientnetv2b0")
NORMS = ("batch", "group", "frozen")
LAYERS = {"mobilenetv2": {"C2": "block_3_expand_relu", "C3": "block_6_expand_relu", "C4": "block_13_expand_relu",
                          "C5": "out_relu"},
          "efficientnetv2b0": {"C2": "block2b_add", "C3": "block4a_expand_activation",
                               "C4": "block6a_expand_activation", "C5": "top_activation"},
          "resnet50": {"C2": "conv2_block3_out", "C3": "conv3_block4_out", "C4": "conv4_block6_out",
                       "C5": "conv5_block3_out"}}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)     # of ImageNet in [0, 1], red first
BGR_MEAN = (103.939, 116.779, 123.68)                           # in [0, 255], blue first, as the first ResNets had it


def stages(name: str, image_shape: Sequence[Optional[int]], norm: str = "batch") -> tf.keras.Model:
    """A backbone with fresh weights that gives its feature maps "C2" to "C5", of strides 4, 8, 16 and 32.

    Args:
      name: one of `NAMES`. There are weights of ImageNet for those of `tf.keras.applications`; see
        `npfl_kit.train.backbone_weights`. `tiny` and the other ResNets are the kit's own.
      image_shape: height, width and 3; a side may be None. For MobileNetV2 it has to be a multiple of 32 then, as
        Keras pads an unknown side like an even one. Every backbone scales pictures as its weights want them.
      norm: "batch", "group", or "frozen": batch normalization that keeps the statistics it came with. Batches of a
        detector are too small for statistics of their own, so frozen is right with weights, and wrong without.
    Returns: a model from float `[B, H, W, 3]` in `[0, 1]` to a dict of float
      `[B, ceil(H / 2 ** l), ceil(W / 2 ** l), C_l]` by "Cl".
    Raises: UsageError for an unknown name, or a normalization that the backbone cannot have.
    Source: Lin et al. 2017, Feature Pyramid Networks, Sec. 3: the last layer of each stride.
    """
    if name not in NAMES:
        raise errors.unknown("backbone", name, NAMES)
    if norm not in NORMS:
        raise errors.unknown("normalization", norm, NORMS)
    image = tf.keras.layers.Input(list(image_shape), name="image")
    family, _, variant = name.partition("-")
    is_of_keras = family in LAYERS and name != "resnet50"      # which is the kit's; Keras's is resnet50-imagenet
    if is_of_keras and norm == "group":
        raise errors.UsageError(f"{name} comes with batch normalization; choose --norm=frozen or --norm=batch.")
    parts = Parts(norm="group" if norm == "group" else "batch")
    found = (of_keras(family, variant, image) if is_of_keras
             else tiny(image, parts) if name == "tiny" else resnet.features(image, name[len("resnet"):], parts))
    backbone = tf.keras.Model(image, found, name=name)
    if norm == "frozen":
        freeze(backbone)
    return backbone


def tiny(image: tf.Tensor, parts: Parts, widths: tuple[int, ...] = (16, 32, 64, 96, 128)) -> dict[str, tf.Tensor]:
    """A plain network small enough to learn on a CPU in minutes: two 3 x 3 convolutions at each stride but the first.

    Args:
      image: float `[B, H, W, 3]`.
      widths: channels at strides 2, 4, 8, 16, 32.
    """
    x, found = image, {}
    for level, filters in enumerate(widths, start=1):
        for index in range(1, 2 if level == 1 else 3):
            name = f"stage{level}_{index}"
            x = parts.conv(x, filters, 3, f"{name}_conv", strides=2 if index == 1 else 1)
            x = parts.relu(parts.normalize(x, f"{name}_norm"), f"{name}_relu")
        if level > 1:
            found[f"C{level}"] = x
    return found


def of_keras(family: str, variant: str, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """Stages of a network of `tf.keras.applications`, with random weights; the layers keep the names of Keras.

    Args:
      family: a key of `LAYERS`.
      variant: what follows it in the name of the backbone: the width of MobileNetV2.
    """
    applications, scale = tf.keras.applications, scaled(family, image)
    if family == "mobilenetv2":
        network = applications.MobileNetV2(input_tensor=scale, alpha=float(variant), include_top=False, weights=None)
    elif family == "efficientnetv2b0":
        network = applications.EfficientNetV2B0(input_tensor=scale, include_top=False, weights=None,
                                                include_preprocessing=False)
    else:
        network = applications.ResNet50(input_tensor=scale, include_top=False, weights=None)
    return {level: network.get_layer(layer).output for level, layer in LAYERS[family].items()}


def scaled(family: str, image: tf.Tensor) -> tf.Tensor:
    """The picture in `[0, 1]` as Keras trained the family: in `[-1, 1]`; standardized; or BGR less its mean."""
    factors, offsets = {
        "mobilenetv2": ([2.0] * 3, [-1.0] * 3),
        "efficientnetv2b0": ([1 / each for each in DEVIATION], [-mean / each for mean, each in zip(MEAN, DEVIATION)]),
        "resnet50": ([255.0] * 3, [-mean for mean in BGR_MEAN])}[family]
    ordered = image[..., ::-1] if family == "resnet50" else image
    return tf.keras.layers.Rescaling(factors, offsets, name="scale")(ordered)


def freeze(network: tf.keras.Model) -> None:
    """Let every batch normalization use the statistics that it has, in training too, and learn nothing."""
    for layer in network.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.trainable = False
