"""What every data set is: train, dev and test, by name and as `tf.data.Dataset`."""
from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit import errors

if TYPE_CHECKING:
    import tensorflow as tf


class SplitSet:
    """Three splits of a data set, of which train may be cut short.

    Args:
      name: of the data set.
      splits: of "train", "dev" and "test"; each has a length and `first(count)`, its beginning.
      train_size: int in `[1, N]`, keep the first so many of train; None keeps all.
    Raises: UsageError if `train_size` is impossible.
    """

    UNIT = "pictures"

    def __init__(self, name: str, splits: dict[str, Any], train_size: Optional[int] = None) -> None:
        self.name, self._splits = name, dict(splits)
        if train_size is not None:
            if not 1 <= train_size <= len(splits["train"]):
                raise errors.UsageError(f"--train_size must be between 1 and {len(splits['train']):,}, the training "
                                        f"{self.UNIT} of {name}; got {train_size:,}.")
            self._splits["train"] = splits["train"].first(train_size)

    def split(self, name: str) -> Any:
        """The pictures of "train", "dev" or "test", and what is known of them; a UsageError for another name."""
        if name not in self._splits:
            raise errors.unknown("split", name, self._splits)
        return self._splits[name]

    @functools.cached_property
    def train(self) -> tf.data.Dataset:
        return self._examples("train")

    @functools.cached_property
    def dev(self) -> tf.data.Dataset:
        return self._examples("dev")

    @functools.cached_property
    def test(self) -> tf.data.Dataset:
        return self._examples("test")

    def _examples(self, split_name: str) -> tf.data.Dataset:
        raise TypeError(f"{type(self).__name__} does not say what an example is")
