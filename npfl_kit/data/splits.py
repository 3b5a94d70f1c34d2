"""How one part of a data set is carved out of another: by a fixed draw, or evenly over the classes."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from npfl_kit import errors

SEED = 42  # of every carved split; it never changes, so that results stay comparable


def stratified(labels: np.ndarray, fraction: float, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Positions that stay and positions that are carved out, with the same share of every class.

    Args:
      labels: int `[N]`.
      fraction: float in (0, 1), the share to carve out, rounded per class; a class always keeps one and gives one.
    Returns: int arrays `[N - M]` and `[M]`, both ascending.
    Raises: ValueError if a class has a single member, because it cannot both keep and give one.

    >>> stays, carved = stratified(np.array([0, 0, 0, 0, 1, 1]), 0.25)
    >>> len(stays), np.array([0, 0, 0, 0, 1, 1])[carved].tolist()
    (4, [0, 1])
    """
    generator = np.random.default_rng(seed)
    carved = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise ValueError(f"class {label} has a single member")
        count = min(max(1, round(fraction * len(members))), len(members) - 1)
        carved.append(generator.permutation(members)[:count])
    chosen = np.sort(np.concatenate(carved))
    return np.setdiff1d(np.arange(len(labels)), chosen), chosen


def complete(parts: Mapping[str, Any], where: str, unit: str, fraction: float = 0.1) -> dict[str, Any]:
    """The parts, with a missing test or dev carved out of train: a share of it, chosen with a fixed seed.

    Train keeps the order of the files.

    Args:
      parts: of "train", "dev" and "test"; each has a length and `chosen(positions)`.
      where: what to call the place in an error.
      unit: what a part consists of, in the plural.
    Raises: DataError if there is no train part, or too little in it.
    """
    parts = dict(parts)
    if "train" not in parts:
        raise errors.DataError(f"{where}: expected a training part beside {', '.join(sorted(parts))}; found none.")
    for name in ("test", "dev"):
        if name not in parts:
            train = parts["train"]
            if len(train) < 2:
                raise errors.DataError(f"{where}: expected at least 3 {unit}, so that train, dev and test have one "
                                       f"each; found too few. Add some.")
            order = shuffled(len(train))
            count = max(1, round(fraction * len(train)))
            parts[name] = train.chosen(sorted(order[:count].tolist()))
            parts["train"] = train.chosen(sorted(order[count:].tolist()))
    return parts


def shuffled(count: int, seed: int = SEED) -> np.ndarray:
    """A fixed order for pictures that lie sorted by class: int `[count]`."""
    return np.random.default_rng(seed).permutation(count)
