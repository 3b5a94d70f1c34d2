"""The same weights in another format: `.safetensors` to Keras's `.h5` and back."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from npfl_kit import errors, lab_files
from npfl_kit.train import h5_weights, weights

if TYPE_CHECKING:
    import tensorflow as tf

ENDINGS = (".safetensors", ".h5")
IN_PYTHON = "In Python: build the model, npfl_kit.train.weights.load(model, path), then save."


def convert(source: Path, target: Path) -> None:
    """Write the weights of `source` to `target`, in the format that its ending names.

    The network is rebuilt by its lab, from the file's own metadata, because Keras's format follows the layers of a
    model. An `.h5` without metadata is converted by the names in it, which only Keras's older format has.

    Raises: UsageError when `target` ends in neither format, WeightsError when the file does not say which lab of the
      course built it.
    """
    if target.suffix not in ENDINGS:
        raise errors.UsageError(f"{target} ends in neither {' nor '.join(ENDINGS)}, and the ending names the format; "
                                f"type, for example: npfl-kit weights convert {source} copy{ENDINGS[0]}")
    metadata = weights.metadata(source)
    if "lab" not in metadata:
        if source.suffix == ".h5" and target.suffix == ".safetensors":
            return _by_names(source, target)
        raise errors.WeightsError(f"{source} does not say which lab built it, so it cannot be converted. {IN_PYTHON}")
    model = rebuilt(source, metadata)
    weights.load(model, source)
    weights.save(model, target, metadata)


def rebuilt(source: Path, metadata: Mapping[str, Any]) -> tf.keras.Model:
    """The network that the metadata of `source` tells of, built anew by its lab.

    Only a lab of the course is run: a file must not choose which script is.
    """
    name = metadata["lab"]
    if name not in {path.stem for path in lab_files.paths()}:
        raise errors.WeightsError(f"{source} was built by {name!r}, which is no lab of the course, so it cannot be "
                                  f"converted. {IN_PYTHON}")
    lab = lab_files.load(lab_files.named(name))
    args = lab.parser.parse_args([])
    vars(args).update(metadata.get("args", {}))
    try:
        return lab.build_model(args, **metadata.get("build", {}))
    except errors.KitError:
        raise
    except Exception as error:      # a value that was changed can break any line of a lab
        raise errors.WeightsError(f"The lab {name} cannot build the network of {source} from its metadata "
                                  f"({type(error).__name__}: {error}). {IN_PYTHON}") from error


def _by_names(source: Path, target: Path) -> None:
    h5_weights.shapes(source)               # refuses links out of the file
    with h5_weights.opened(source) as file:
        names = {str(name): file[layer][name] for layer in file.attrs.get("layer_names", ())
                 for name in file[layer].attrs["weight_names"]}
        arrays = {name.split(":")[0]: np.asarray(array) for name, array in names.items()}
    if not arrays:
        raise errors.WeightsError(f"{source} has no names of weights: Keras's newer format goes by the layers. "
                                  f"{IN_PYTHON}")
    weights.write(target, arrays)
