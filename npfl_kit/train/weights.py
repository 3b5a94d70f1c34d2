"""Weights in files: saved with what is needed to rebuild the network, loaded strictly or not at all.

A file is a `.safetensors`: arrays and a text, no code. Its text (the metadata) tells the lab, its arguments, what
`build_model` was called with, and the versions. Keras's `.h5` files go in and out through `npfl_kit.train.h5_weights`.
"""
from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from npfl_kit import errors, files
from npfl_kit.train import provenance

if TYPE_CHECKING:
    import tensorflow as tf

METADATA_KEY = provenance.KEY
OPTIMIZER = "optimizer/"     # tensors of a checkpoint that are not the network's
SHOWN = 3                    # differences that an error names before it says "and N more"


def named_variables(model: tf.keras.Model) -> dict[str, tf.Variable]:
    """Every weight of the model under a name that does not depend on what was built before it.

    Keras counts the layers that nobody named through the whole process (`conv2d_7`); here they are counted anew
    in each model, so that the same code gives the same names.
    """
    renamed = _stable_layer_names(model)
    variables: dict[str, tf.Variable] = {}
    for variable in model.weights:
        parts = variable.name.split(":")[0].split("/")
        name = stem = "/".join(renamed.get(part, part) for part in parts)
        repeat = 1
        while name in variables:
            name, repeat = f"{stem}_{repeat}", repeat + 1
        variables[name] = variable
    return variables


def _stable_layer_names(model: tf.keras.Model) -> dict[str, str]:
    counts: dict[str, int] = {}
    renamed = {}
    for layer in model._flatten_layers(include_self=False):
        automatic = automatic_name(layer)
        if re.fullmatch(rf"{automatic}(_\d+)?", layer.name) and layer.name not in renamed:
            index = counts[automatic] = counts.get(automatic, -1) + 1
            renamed[layer.name] = f"{automatic}_{index}" if index else automatic
    return renamed


def automatic_name(layer: tf.keras.layers.Layer) -> str:
    """The name that Keras gives to the first layer of a class, when nobody names it."""
    return snake_case(type(layer).__name__)


def snake_case(name: str) -> str:
    """CamelCase as Keras turns it into a name.

    >>> snake_case("Conv2D"), snake_case("BatchNormalization"), snake_case("LSTMCell")
    ('conv2d', 'batch_normalization', 'lstm_cell')
    """
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def save(model: tf.keras.Model, path: Path, metadata: Mapping[str, Any],
         extra: Mapping[str, np.ndarray] | None = None) -> None:
    """Write the model's weights, whole or not at all.

    Args:
      path: ends in `.safetensors`, or in `.h5` for Keras users.
      metadata: JSON values that explain the file.
      extra: further arrays, whose names start with `optimizer/`.
    """
    if path.suffix == ".h5":
        from npfl_kit.train import h5_weights
        return h5_weights.save(model, path, metadata)
    arrays = {name: np.ascontiguousarray(variable.numpy()) for name, variable in named_variables(model).items()}
    write(path, {**arrays, **(extra or {})}, {METADATA_KEY: json.dumps(metadata)})


def write(path: Path, arrays: Mapping[str, np.ndarray], texts: dict[str, str] | None = None) -> None:
    """Write a `.safetensors` file; the bytes go through Python, so that it has the usual mode and errors of a file."""
    with files.replacing(path) as scratch:
        scratch.write_bytes(safetensors.numpy.save(dict(arrays), texts))


def load(model: tf.keras.Model, path: Path, strict: bool = True, include: Sequence[str] | None = None) -> list[str]:
    """Put the weights of a file into a model that is built already.

    Args:
      strict: refuse a file that lacks a weight, or has one too many, or one of another shape. When False, what
        fits by name and shape is loaded and the rest left.
      include: patterns of weight names to load, as `["stem*", "stage1*"]`; the others are left as they are.
    Returns: names of the loaded weights.
    Raises: WeightsError naming what differs; the model is then unchanged.
    """
    if path.suffix == ".h5":
        from npfl_kit.train import h5_weights
        return h5_weights.load(model, path, strict, include)
    with opened(path) as file:
        found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()
                 if not name.startswith(OPTIMIZER)}
        return assign(model, path, found, lambda name: read(file, path, name), strict, include)


def read(file, path: Path, name: str) -> np.ndarray:
    """One array of an opened `.safetensors` file."""
    try:
        return file.get_tensor(name)
    except (safetensors.SafetensorError, AttributeError, TypeError, ValueError):
        raise errors.WeightsError(f"{name} of {path} has the number type {file.get_slice(name).get_dtype()}, which "
                                  f"NumPy lacks; expected F32. Ask its author for a file in F32.") from None


def assign(model: tf.keras.Model, path: Path, found: Mapping[str, tuple[int, ...]], reader, strict: bool,
           include: Sequence[str] | None) -> list[str]:
    """Compare names and shapes, then assign `reader(name)` to each variable; nothing is read before all fits."""
    expected = named_variables(model)
    wanted = {name for name in expected if include is None or any(fnmatch.fnmatch(name, each) for each in include)}
    if not wanted:
        raise errors.WeightsError(f"No weight of the network is named like {', '.join(include or [])}; "
                                  f"its weights: {shown(sorted(expected))}.")
    found = {name: shape for name, shape in found.items() if include is None or name in wanted}
    fitting = [name for name in expected if name in wanted and found.get(name) == tuple(expected[name].shape)]
    if strict and (len(fitting) < len(wanted) or len(found) > len(fitting)):
        raise errors.WeightsError(f"{path} does not fit the network: "
                                  + differences({name: tuple(expected[name].shape) for name in expected
                                                 if name in wanted}, found)
                                  + " Show what it holds: npfl-kit weights show FILE.")
    for name, array in [(name, reader(name)) for name in fitting]:
        expected[name].assign(array)
    return fitting


def differences(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    """What differs between two sets of named shapes, in a sentence or more.

    >>> differences({"conv/kernel": (3, 3, 1, 8)}, {"conv/kernel": (3, 3, 1, 16), "head/bias": (10,)})
    'conv/kernel: expected [3, 3, 1, 8], found [3, 3, 1, 16]. The file has more: head/bias.'
    """
    changed = [f"{name}: expected {list(expected[name])}, found {list(found[name])}"
               for name in expected if name in found and expected[name] != found[name]]
    missing, more = [name for name in expected if name not in found], [name for name in found if name not in expected]
    sentences = [shown(changed, "; ") + "."] if changed else []
    sentences += [f"The file lacks: {shown(missing)}."] if missing else []
    sentences += [f"The file has more: {shown(more)}."] if more else []
    return " ".join(sentences)


def shown(names: Sequence[str], separator: str = ", ") -> str:
    """The first few, and how many more.

    >>> shown(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    rest = len(names) - SHOWN
    return separator.join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def opened(path: Path):
    """A `.safetensors` file, opened; its header and sizes are checked, no array is read."""
    if not path.is_file():
        raise errors.WeightsError(f"There is no file {path}. Give the weights of a run, "
                                  f"for example --weights=logs/LAB-DATE/weights.safetensors.")
    try:
        return safetensors.safe_open(path, framework="numpy")
    except (safetensors.SafetensorError, OSError) as error:
        raise errors.WeightsError(f"{path} is no whole .safetensors file ({error}); it may be truncated. "
                                  f"Take it again from where it came.") from None


def metadata(path: Path) -> dict[str, Any]:
    """The metadata of a weights file: {"lab", "args", "build", "versions", ...}; empty when it has none.

    Raises: WeightsError when a value is not of the type that the kit writes; see `npfl_kit.train.provenance`.
    """
    if path.suffix == ".h5":
        from npfl_kit.train import h5_weights
        return h5_weights.metadata(path)
    with opened(path) as file:
        return provenance.parse((file.metadata() or {}).get(METADATA_KEY, "{}"), path)


def describe(path: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, dtype and shape of each array of a `.safetensors` file, in the order of names; no array is read."""
    with opened(path) as file:
        slices = {name: file.get_slice(name) for name in sorted(file.keys())}
        return [(name, each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()]
