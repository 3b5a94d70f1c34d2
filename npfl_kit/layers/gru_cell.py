"""The gated recurrent unit: two gates, one state."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.layers.recurrent_cell import RecurrentCell


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class GRUCell(RecurrentCell):
    """A hidden state that is mixed with a new one, unit by unit.

        z = sigmoid(W_z x + V_z h + b_z)
        r = sigmoid(W_r x + V_r h + b_r)
        n = tanh(W_h x + b_h + r * (V_h h + b'_h))        with reset_after
        n = tanh(W_h x + V_h (r * h) + b_h)               without
        h = z * h + (1 - z) * n

    Where z is 1 the state stays, as the memory of an LSTM does, with three quarters of its weights.

    Args:
      units: int >= 1, size of the hidden state.
      reset_after: bool, whether the reset gate r comes after the product with the state (cuDNN, torch) or before
        (the paper). After, there are biases for the inputs and for the state, `[2, 3U]`.
      **kwargs: initializers, see `RecurrentCell`.
    Call arguments:
      inputs: float `[B, D]`.
      states: list of the hidden state, float `[B, U]`.
    Returns: the hidden state `[B, U]`, and a list of it.
    Source: Cho et al. 2014, Learning Phrase Representations, Eq. 5 to 8; its first version for `reset_after`. Weights
      and values are those of `tf.keras.layers.GRUCell`: gates in the order z, r, h.
    """

    GATES = 3

    def __init__(self, units: int, reset_after: bool = True, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.reset_after = reset_after

    def bias_shape(self) -> list[int]:
        """Shape of `bias`."""
        return [2, 3 * self.units] if self.reset_after else [3 * self.units]

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        hidden, units = states[0], self.units
        bias = self.bias[0] if self.reset_after else self.bias
        x_z, x_r, x_h = tf.split(inputs @ self.kernel + bias, 3, axis=1)                    # [B, U] each
        if self.reset_after:
            h_z, h_r, h_h = tf.split(hidden @ self.recurrent_kernel + self.bias[1], 3, axis=1)
        else:
            h_z, h_r = tf.split(hidden @ self.recurrent_kernel[:, :2 * units], 2, axis=1)
        z, r = tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r)
        reset = r * h_h if self.reset_after else (r * hidden) @ self.recurrent_kernel[:, 2 * units:]
        hidden = z * hidden + (1 - z) * tf.tanh(x_h + reset)
        return hidden, [hidden]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reset_after": self.reset_after}
