"""The same weights in another format: `.safetensors` to Keras's `.h5` and back."""
from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import safetensors.numpy

from npfl_kit import errors, files, lab_files
from npfl_kit.train import h5_weights, weights


def convert(source: Path, target: Path) -> None:
    """Write the weights of `source` to `target`, in the format that its ending names.

    The network is rebuilt by its lab, from the file's own metadata, because Keras's format follows the layers of a
    model. An `.h5` without metadata is converted by the names in it, which only Keras's older format has.

    Raises: WeightsError when the file does not say which lab built it.
    """
    metadata = weights.metadata(source)
    if "lab" not in metadata:
        if source.suffix == ".h5" and target.suffix == ".safetensors":
            return _by_names(source, target)
        raise errors.WeightsError(f"{source} does not say which lab built it, so it cannot be converted. In Python: "
                                  f"build the model, npfl_kit.train.weights.load(model, path), then save.")
    lab = lab_files.load(lab_files.find(metadata["lab"]))
    args = lab.parser.parse_args([])
    vars(args).update(metadata["args"])
    model = lab.build_model(args, **metadata["build"])
    weights.load(model, source)
    weights.save(model, target, metadata)


def _by_names(source: Path, target: Path) -> None:
    h5_weights.shapes(source)               # refuses links out of the file
    with h5py.File(source, "r") as file:
        names = {str(name): file[layer][name] for layer in file.attrs.get("layer_names", ())
                 for name in file[layer].attrs["weight_names"]}
        arrays = {name.split(":")[0]: np.asarray(array) for name, array in names.items()}
    if not arrays:
        raise errors.WeightsError(f"{source} has no names of weights: Keras's newer format goes by the layers. "
                                  f"In Python: build the model, npfl_kit.train.weights.load(model, path), save.")
    with files.replacing(target) as scratch:
        safetensors.numpy.save_file(arrays, scratch)
