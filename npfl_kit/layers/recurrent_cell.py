"""What all recurrent cells share: weights of their gates, states that start as zeros, the configuration."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf


class RecurrentCell(tf.keras.layers.Layer):
    """One step of a recurrent network; `tf.keras.layers.RNN(cell)` runs it over a sequence.

    A cell says by `GATES` how many linear maps of `[inputs, hidden]` it needs, and in `call` what becomes of them. The
    weights are Keras's: `kernel` `[D, GATES U]`, `recurrent_kernel` `[U, GATES U]`, `bias` `[GATES U]`.

    Args:
      units: int >= 1, size of a state.
      kernel_initializer, recurrent_initializer: of the weights of the inputs and of the hidden state.
      bias_initializer: of the biases.
    Call arguments:
      inputs: float `[B, D]`, one step.
      states: list of float `[B, U]`, the hidden state first.
    Returns: the output `[B, U]` and the list of new states.
    Raises: ValueError for `units` below 1.
    """

    GATES = 1
    STATES = 1

    def __init__(self, units: int, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", **kwargs: Any) -> None:
        if units < 1:
            raise ValueError(f"{type(self).__name__} needs units >= 1, got {units}.")
        super().__init__(**kwargs)
        self.units, self.output_size = units, units
        self.state_size = units if self.STATES == 1 else [units] * self.STATES
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = tf.keras.initializers.get(recurrent_initializer)
        self.bias_initializer = tf.keras.initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        width = self.GATES * self.units
        self.kernel = self.add_weight("kernel", [input_shape[-1], width], initializer=self.kernel_initializer)
        self.recurrent_kernel = self.add_weight("recurrent_kernel", [self.units, width],
                                                initializer=self.recurrent_initializer)
        self.bias = self.add_weight("bias", self.bias_shape(), initializer=self.first_bias)
        super().build(input_shape)

    def bias_shape(self) -> list[int]:
        """Shape of `bias`."""
        return [self.GATES * self.units]

    def first_bias(self, shape: Any, dtype: Any = None, **kwargs: Any) -> tf.Tensor:
        """The initializer of `bias`."""
        return self.bias_initializer(shape, dtype=dtype, **kwargs)

    def gates(self, inputs: tf.Tensor, hidden: tf.Tensor) -> list[tf.Tensor]:
        """What enters each gate, `[B, U]` each: one linear map of the inputs and the hidden state."""
        return tf.split(inputs @ self.kernel + hidden @ self.recurrent_kernel + self.bias, self.GATES, axis=1)

    def get_initial_state(self, inputs: Optional[tf.Tensor] = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Zeros, `[B, U]` for each state."""
        if inputs is not None:
            batch_size, dtype = tf.shape(inputs)[0], inputs.dtype
        zeros = [tf.zeros([batch_size, self.units], dtype) for _ in range(self.STATES)]
        return zeros if self.STATES > 1 else zeros[0]

    def get_config(self) -> dict[str, Any]:
        initializers = {name: tf.keras.initializers.serialize(getattr(self, name)) for name in
                        ("kernel_initializer", "recurrent_initializer", "bias_initializer")}
        return {**super().get_config(), "units": self.units, **initializers}
