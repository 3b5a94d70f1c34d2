"""What wrappers of recurrent cells share: the cell inside, its states, the configuration."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf


class CellWrapper(tf.keras.__internal__.layers.BaseRandomLayer):
    """A recurrent cell around another one, that changes its inputs or its states at random.

    Args:
      cell: a recurrent cell; its first state is the hidden one.
      seed: optional int, fixes the draws of this layer.
    """

    def __init__(self, cell: tf.keras.layers.Layer, seed: Optional[int] = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, rng_type="stateful", **kwargs)
        self.cell, self.seed = cell, seed
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def build(self, input_shape: Any) -> None:
        if not self.cell.built:
            self.cell.build(input_shape)
            self.cell.built = True
        super().build(input_shape)

    def get_initial_state(self, inputs: Optional[tf.Tensor] = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """That of the cell."""
        return self.cell.get_initial_state(inputs=inputs, batch_size=batch_size, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cell": tf.keras.layers.serialize(self.cell), "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "cell": tf.keras.layers.deserialize(config["cell"])})
