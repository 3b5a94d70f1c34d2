"""Keras's `.h5` weights, in and out; a file is searched for links out of itself before Keras opens it.

An HDF5 file can say "this array lies in /etc/passwd" (external storage), "in another HDF5 file" (virtual data set,
external link) or "elsewhere in this file" (soft link), and Keras 2.15 follows all of them. None is needed for weights.
"""
from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from npfl_kit import errors, files
from npfl_kit.train import provenance, weights

if TYPE_CHECKING:
    import tensorflow as tf


# What h5py and Keras raise for damaged files.
DAMAGE = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
MOST_PACKED = 1032      # numbers' bytes for a byte in the file: the limit of deflate, see zlib's technical notes


@contextlib.contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """An HDF5 file, opened; damage that h5py finds in it, then or within the block, is a WeightsError."""
    if not path.is_file():
        raise errors.WeightsError(f"There is no file {path}. Give the weights of a run, or of a Keras model.")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DAMAGE as error:
        raise errors.WeightsError(f"{path} is no whole HDF5 file ({_one_line(error)}); it may be truncated. "
                                  f"Take it again from where it came.") from None


def _one_line(error: BaseException) -> str:
    """The text of an error of HDF5, which may be of several lines, in one."""
    return " ".join(str(error).split())


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name and shape of each array of an HDF5 file; raises WeightsError when the file links out of itself."""
    found: dict[str, tuple[int, ...]] = {}
    with opened(path) as file:
        _search(path, file, "", found, seen=set())
    return found


def _search(path: Path, group: h5py.Group, prefix: str, found: dict[str, tuple[int, ...]], seen: set) -> None:
    for key in group:
        name = f"{prefix}{key}"
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            refuse(path, name, "is a link")
        item = group[key]
        if isinstance(item, h5py.Group):
            if item.id in seen:
                refuse(path, name, "is a group that stands in two places")
            seen.add(item.id)
            _search(path, item, f"{name}/", found, seen)
        elif not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in "biuf":
            refuse(path, name, "is no array of numbers")
        elif item.external:
            refuse(path, name, "lies in another file (external storage)")
        elif item.is_virtual:
            refuse(path, name, "is put together from other files (virtual data)")
        elif item.nbytes > MOST_PACKED * item.id.get_storage_size():
            refuse(path, name, "has a size but not the data for it")
        else:
            found[name] = tuple(item.shape)


def refuse(path: Path, name: str, why: str) -> None:
    """Raise the WeightsError for a file that is not safe to open."""
    raise errors.WeightsError(f"{path} is not opened: {name} {why}, which weights never need. "
                              f"Ask its author for a .safetensors file, or for one that Keras itself wrote.")


def save(model: tf.keras.Model, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write as Keras does: `NAME.weights.h5` in the format of Keras 2.15 and 3, other `.h5` in the older one."""
    with files.replacing(path) as scratch:
        ending = ".weights.h5" if path.name.endswith(".weights.h5") else ".h5"
        written = scratch.with_name(scratch.name + ending)
        try:
            model.save_weights(written)
            with h5py.File(written, "r+") as file:
                file.attrs[weights.METADATA_KEY] = json.dumps(metadata)
            os.replace(written, scratch)
        except (OSError, RuntimeError) as error:        # HDF5 says of a full disk the one or the other
            number = re.search(r"errno = (\d+)", str(error))
            raise OSError(os.strerror(int(number[1])) if number else _one_line(error)) from error
        finally:
            written.unlink(missing_ok=True)


def load(model: tf.keras.Model, path: Path, strict: bool = True, include: Sequence[str] | None = None) -> list[str]:
    """Load a whole `.h5` file of the very same network; see `weights.load`."""
    if not strict or include is not None:
        raise errors.WeightsError(f"Parts of a network are loaded from .safetensors only; "
                                  f"type: npfl-kit weights convert {path}")
    found, before = shapes(path), model.get_weights()
    expected = {name: tuple(variable.shape) for name, variable in weights.named_variables(model).items()}
    if sorted(found.values()) != sorted(expected.values()):
        raise errors.WeightsError(f"{path} does not fit the network: {_by_layer(model, found)}")
    try:
        model.load_weights(path)
    except DAMAGE as error:
        model.set_weights(before)
        raise errors.WeightsError(f"{path} does not fit the network: {_one_line(error)}") from None
    return list(expected)


def _by_layer(model: tf.keras.Model, found: Mapping[str, tuple[int, ...]]) -> str:
    """The differences, with the names of layers where Keras's older format tells them."""
    older = {f"{layer.name}/{weight.name}": tuple(weight.shape) for layer in model.layers for weight in layer.weights}
    return weights.differences(older if set(older) & set(found) else _keras_paths(model), found)


def _keras_paths(model: tf.keras.Model) -> dict[str, tuple[int, ...]]:
    """Where Keras 2.15's `.weights.h5` puts each weight of a model without nested layers."""
    paths: dict[str, tuple[int, ...]] = {}
    counts: dict[str, int] = {}
    for layer in model.layers:
        automatic = weights.automatic_name(layer)
        index = counts[automatic] = counts.get(automatic, -1) + 1
        place = f"layers/{automatic}_{index}" if index else f"layers/{automatic}"
        paths.update({f"{place}/vars/{i}": tuple(weight.shape) for i, weight in enumerate(layer.weights)})
    return paths


def metadata(path: Path) -> dict[str, Any]:
    """The kit's metadata in an `.h5` file; empty when Keras alone wrote it."""
    with opened(path) as file:
        if weights.METADATA_KEY not in file.attrs:
            return {}
        attribute = file.attrs.get_id(weights.METADATA_KEY)
        is_text = attribute.shape == () and h5py.check_string_dtype(attribute.dtype)     # of others HDF5 can crash
        return provenance.parse(file.attrs[weights.METADATA_KEY] if is_text else None, path)
