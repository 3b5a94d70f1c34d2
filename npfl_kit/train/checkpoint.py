"""Where a training stands: weights, optimizer, epoch and history in one file, so that it can never be half new.

The file is a weights file like any other (`--predict --weights=.../checkpoint/last.safetensors` works); the
optimizer's arrays lie beside the network's, and epoch, history and best value are in the metadata. Random state
needs no place: draws are a function of the seed and the epoch.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import weights


def optimizer_variables(model: tf.keras.Model) -> list[tf.Variable]:
    """Step count, moments and loss scale of the model's optimizer, in a fixed order."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    variables = list(optimizer.variables)
    if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer) and optimizer.dynamic:
        variables += [optimizer.dynamic_counter, optimizer._loss_scale._current_loss_scale]
    return variables


def save(model: tf.keras.Model, path: Path, metadata: dict[str, Any], history: list[dict[str, float]]) -> None:
    """Write the state after an epoch. `history` has one dict of metrics for each finished epoch."""
    arrays = {f"{weights.OPTIMIZER}{i:04}": np.array(variable.numpy())
              for i, variable in enumerate(optimizer_variables(model))}
    weights.save(model, path, {**metadata, "history": history}, arrays)


def restore(model: tf.keras.Model, path: Path) -> list[dict[str, float]]:
    """Put a saved state into a compiled model.

    Returns: the history so far; its length is the number of finished epochs.
    Raises: WeightsError when the file is of another network or another optimizer.
    """
    metadata = weights.metadata(path)
    if "history" not in metadata:
        raise errors.WeightsError(f"{path} is no checkpoint: it has no history of epochs. "
                                  f"Resume from the file checkpoint/last.safetensors that a run has written.")
    weights.load(model, path)
    variables = optimizer_variables(model)
    with weights.opened(path) as file:
        names = sorted(name for name in file.keys() if name.startswith(weights.OPTIMIZER))
        arrays = [weights.read(file, path, name) for name in names]
    if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
        raise errors.WeightsError(f"{path} holds {len(arrays)} arrays of an optimizer, and this one has "
                                  f"{len(variables)} or of other shapes. Resume with the optimizer of that run.")
    for variable, array in zip(variables, arrays):
        variable.assign(array)
    return metadata["history"]
