"""The weights of ImageNet, brought into the backbone of a detector before its training starts."""
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import run_folder, weights

if TYPE_CHECKING:
    from npfl_kit.train.run import Run

IMAGENET, NONE = "imagenet", "none"
# Networks of `tf.keras.applications`, and the files that Keras keeps their weights in.
PUBLISHED = {
    "efficientnetv2b0": ("EfficientNetV2B0", "efficientnetv2-b0_notop.h5"),
    "mobilenetv2": ("MobileNetV2", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{width}_224_no_top.h5"),
    "resnet50-imagenet": ("ResNet50", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5")}
ENDING = ".h5 as Keras saves it without top, or .safetensors of the kit"


def load(run: Run, backbone: tf.keras.Model) -> None:
    """Put the file of `--backbone_weights`, or those that Keras publishes, into the backbone.

    `--predict`, and a run that is resumed after a finished epoch, have their weights, and need the file no more. Of
    the kit's own `.safetensors`, what belongs to the backbone is taken, so that a classifier can start a detector.

    Args:
      backbone: as `npfl_kit.backbones.stages` gives it; it may be a layer of a larger network.
    Raises: WeightsError when the file holds another network or cannot be downloaded, UsageError when there is none.
    """
    source, args = run.args.backbone_weights, run.args
    goes_on = args.resume and (run.folder / run_folder.CHECKPOINT).exists()
    if source in (None, NONE) or args.predict or goes_on:
        return
    if source == IMAGENET:
        backbone.set_weights(published(backbone.name).get_weights())
    else:
        path = Path(source).expanduser()
        weights.load(backbone, path, include=None if path.suffix == ".h5" else ["*"])


def published(name: str) -> tf.keras.Model:
    """A network of `tf.keras.applications` with the weights of ImageNet, which Keras downloads once.

    Args:
      name: of the backbone, such as "mobilenetv2-1.0".
    Raises: UsageError when Keras has no weights for it, WeightsError when they cannot be downloaded.
    """
    family, _, width = name.partition("-")
    if name in PUBLISHED:
        family, width = name, ""
    if family not in PUBLISHED:
        raise errors.UsageError(f"There are no weights of ImageNet for {name}. Leave out --backbone_weights={IMAGENET}"
                                f", or choose --backbone=resnet50-imagenet, mobilenetv2-1.0 or efficientnetv2b0.")
    network, file = PUBLISHED[family]
    kept = Path("~/.keras/models").expanduser() / file.format(width=width)
    if os.environ.get("NPFL_KIT_OFFLINE", "0") not in ("", "0") and not kept.is_file():
        raise cannot_be_had(name, f"NPFL_KIT_OFFLINE is set, and there is no {kept}")
    try:
        return getattr(tf.keras.applications, network)(include_top=False, weights=IMAGENET, input_shape=(224, 224, 3),
                                                       **({"alpha": float(width)} if width else {}))
    except Exception as error:      # Keras raises bare ones without a network, and any for a broken file
        raise cannot_be_had(name, " ".join(str(error).split())) from error


def cannot_be_had(name: str, why: str) -> errors.WeightsError:
    """The error for weights that neither are here nor can be downloaded."""
    return errors.WeightsError(f"Cannot download the weights of ImageNet for {name} ({why}). Give a file that you "
                               f"have with --backbone_weights=FILE: {ENDING}.")
