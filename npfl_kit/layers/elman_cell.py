"""The basic recurrent cell."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.layers.recurrent_cell import RecurrentCell


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class ElmanCell(RecurrentCell):
    """A hidden state that sees the input and itself: `h = tanh(W x + V h + b)`.

    The gradient over k steps holds k products with `V` and with slopes of tanh, which are at most 1: if the largest
    singular value of `V` is 0.9, no more than 3e-5 of it is left after 100 steps. The cell forgets.

    Args:
      units: int >= 1, size of the hidden state.
      activation: name or function in place of tanh.
      **kwargs: initializers, see `RecurrentCell`.
    Call arguments:
      inputs: float `[B, D]`.
      states: list of the hidden state, float `[B, U]`.
    Returns: the hidden state `[B, U]`, and a list of it.
    Source: Elman 1990, Finding Structure in Time. Weights and values are those of `tf.keras.layers.SimpleRNNCell`.
    """

    def __init__(self, units: int, activation: Any = "tanh", **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.activation = tf.keras.activations.get(activation)

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        entering, = self.gates(inputs, states[0])
        hidden = self.activation(entering)
        return hidden, [hidden]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": tf.keras.activations.serialize(self.activation)}
