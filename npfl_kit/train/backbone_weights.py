"""The weights of ImageNet, brought into the backbone of a detector before its training starts."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import weights

if TYPE_CHECKING:
    from npfl_kit.train.run import Run

IMAGENET = "imagenet"
PUBLISHED = {"efficientnetv2b0": "EfficientNetV2B0", "mobilenetv2": "MobileNetV2", "resnet50": "ResNet50"}


def load(run: Run, backbone: tf.keras.Model) -> None:
    """Put the file of `--backbone_weights`, or those that Keras publishes, into the backbone.

    A resumed run and `--predict` have their weights already, and need the file no more.

    Args:
      backbone: as `npfl_kit.backbones.stages` gives it; it may be a layer of a larger network.
    Raises: WeightsError when the file holds another network or cannot be downloaded, UsageError when there is none.
    """
    source = run.args.backbone_weights
    if source is None or run.args.predict or run.args.resume:
        return
    if source == IMAGENET:
        backbone.set_weights(published(backbone.name).get_weights())
    else:
        weights.load(backbone, Path(source))


def published(name: str) -> tf.keras.Model:
    """A network of `tf.keras.applications` with the weights of ImageNet, which Keras downloads once.

    Args:
      name: of the backbone, such as "mobilenetv2-1.0".
    """
    family, _, width = name.partition("-")
    if family not in PUBLISHED:
        raise errors.UsageError(f"Keras publishes no weights for {name}; leave out --backbone_weights, or choose "
                                f"another --backbone.")
    options = {"alpha": float(width)} if family == "mobilenetv2" else {}
    try:
        return getattr(tf.keras.applications, PUBLISHED[family])(include_top=False, weights=IMAGENET, **options)
    except Exception as error:      # Keras raises bare ones when there is no network, or no such width
        raise errors.WeightsError(f"The weights of ImageNet for {name} cannot be had ({error}). Give a file: "
                                  f"--backbone_weights=FILE.h5, as Keras saves it without top.") from error
