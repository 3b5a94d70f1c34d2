"""The first LSTM: a memory that nothing multiplies."""
from __future__ import annotations

import tensorflow as tf

from npfl_kit.layers.recurrent_cell import RecurrentCell


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class LSTM1997Cell(RecurrentCell):
    """A memory cell between an input gate and an output gate, without a forget gate.

        i = sigmoid(W_i x + V_i h + b_i)
        o = sigmoid(W_o x + V_o h + b_o)
        c = c + i * tanh(W_c x + V_c h + b_c)
        h = o * tanh(c)

    The derivative of the new memory `c` by the old one, along itself, is 1 (the constant error carousel): over 100
    steps an error comes back whole, where the basic cell at 0.9 keeps 3e-5. But memory only adds up; nothing clears
    it. `LSTM1999Cell` does.

    Args:
      units: int >= 1, size of both states.
      **kwargs: initializers, see `RecurrentCell`.
    Call arguments:
      inputs: float `[B, D]`.
      states: the hidden state h and the memory c, float `[B, U]`.
    Returns: the hidden state `[B, U]`, and both states.
    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory, as lectures write it: tanh for the paper's scaled
      sigmoids, and all gradients, where the paper cuts those through the gates. Gates lie in the order i, c, o.
    """

    GATES, STATES = 3, 2

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        hidden, carry = states
        i, c, o = self.gates(inputs, hidden)
        carry += tf.sigmoid(i) * tf.tanh(c)
        hidden = tf.sigmoid(o) * tf.tanh(carry)
        return hidden, [hidden, carry]
