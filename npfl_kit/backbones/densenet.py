"""DenseNet: every layer reads the outputs of all layers before it."""
from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.family import Family
from npfl_kit.backbones.parts import Parts

IMAGENET = {"121": (32, (6, 12, 24, 16)), "169": (32, (6, 12, 32, 32)), "201": (32, (6, 12, 48, 32)),
            "161": (48, (6, 12, 36, 24))}      # growth, layers of the four blocks


def activated(x: tf.Tensor, filters: int, kernel: int, parts: Parts, name: str, ending: str = "") -> tf.Tensor:
    """Normalization, ReLU, convolution, dropout."""
    x = parts.relu(parts.normalize(x, f"{name}_norm{ending}"), f"{name}_relu{ending}")
    x = parts.drop(parts.conv(x, filters, kernel, f"{name}_conv{ending}"), f"{name}_dropout{ending}")
    return parts.drop_regions(x, f"{name}_drop{ending}")


def dense_block(x: tf.Tensor, layers: int, growth: int, bottleneck: bool, parts: Parts, name: str) -> tf.Tensor:
    """Append `growth` channels `layers` times: `[B, H, W, C]` to `[B, H, W, C + layers * growth]`.

    A bottleneck first reduces all that there is to `4 * growth` channels.
    """
    for layer in range(1, layers + 1):
        inner, prefix = x, f"{name}_layer{layer}"
        if bottleneck:
            inner = activated(x, 4 * growth, 1, parts, prefix, "1")
        inner = activated(inner, growth, 3, parts, prefix, "2" if bottleneck else "1")
        x = tf.keras.layers.Concatenate(name=f"{prefix}_concat")([x, inner])
    return x


def stacked(x: tf.Tensor, blocks: tuple[int, ...], growth: int, bottleneck: bool, compression: float,
            parts: Parts) -> tf.Tensor:
    """Dense blocks, with transitions between them that keep `compression` of the channels and halve the map."""
    for block, layers in enumerate(blocks, start=1):
        here = parts.at_stage(block, len(blocks))
        x = dense_block(x, layers, growth, bottleneck, here, f"block{block}")
        if block < len(blocks):
            x = activated(x, int(compression * x.shape[-1]), 1, here, f"transition{block}")
            x = tf.keras.layers.AveragePooling2D(2, name=f"transition{block}_pool")(x)
    return parts.relu(parts.normalize(x, "final_norm"), "final_relu")


def graph(image: tf.Tensor, options: Mapping[str, str], num_classes: int, parts: Parts) -> tf.Tensor:
    """DenseNet-L-K and DenseNet-BC-L-K for CIFAR, DenseNet-121 and its kin for ImageNet.

    Args:
      image: float `[B, H, W, C]` in `[0, 1]`.
    Returns: float32 `[B, num_classes]`, logits.
    Raises: UsageError if L does not divide into three blocks.
    Source: Huang et al. 2017, Densely Connected Convolutional Networks, Sec. 3 and Table 1. BC is bottlenecks and
      compression 0.5. The paper's dropout of 0.2, for training without augmentation, is after every convolution.
    """
    if options["imagenet"]:
        growth, blocks = IMAGENET[options["imagenet"]]
        x = parts.conv(image, 2 * growth, 7, "stem_conv", strides=2)
        x = parts.relu(parts.normalize(x, "stem_norm"), "stem_relu")
        x = tf.keras.layers.MaxPooling2D(3, 2, name="stem_pool")(parts.pad(x, 1, "stem_pool_pad"))
        x = stacked(x, blocks, growth, True, 0.5, parts)
    else:
        depth, growth, compact = int(options["depth"]), int(options["growth"]), bool(options["bc"])
        layers, rest = divmod(depth - 4, 6 if compact else 3)
        if rest or layers < 1 or growth < 1:
            raise errors.UsageError("A DenseNet is densenet-L-K with L = 3 n + 4 layers, such as densenet-40-12, or "
                                    "densenet-bc-L-K with L = 6 n + 4, such as densenet-bc-100-12; "
                                    f"{depth} layers of growth {growth} are neither.")
        x = parts.conv(image, 2 * growth if compact else 16, 3, "stem_conv")
        x = stacked(x, (layers,) * 3, growth, compact, 0.5 if compact else 1.0, parts)
    return parts.classify(x, num_classes, dropout=False)


FAMILY = Family(
    pattern=r"densenet-?(?P<imagenet>121|169|201|161)|densenet-(?P<bc>bc-)?(?P<depth>\d+)-(?P<growth>\d+)",
    form="densenet-L-K, densenet-bc-L-K, densenet121|169|201|161",
    about="Huang et al. 2017; L layers of growth K for CIFAR; the others for ImageNet",
    examples=("densenet-40-12", "densenet-100-12", "densenet-100-24", "densenet-bc-100-12", "densenet-bc-250-24",
              "densenet-bc-190-40", "densenet121", "densenet169", "densenet201", "densenet161"),
    smallest=lambda options: 29 if options["imagenet"] else 4, graph=graph, residual=False)
