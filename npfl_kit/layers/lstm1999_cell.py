"""The LSTM of today: with a forget gate, and peepholes or layer normalization if asked."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.layers.recurrent_cell import RecurrentCell


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class LSTM1999Cell(RecurrentCell):
    """A memory cell with an input, a forget and an output gate.

        i = sigmoid(W_i x + V_i h + b_i)
        f = sigmoid(W_f x + V_f h + b_f)
        o = sigmoid(W_o x + V_o h + b_o)
        c = f * c + i * tanh(W_c x + V_c h + b_c)
        h = o * tanh(c)

    At first `b_f` is 1, so that the gate is open by 0.73 and a new network remembers. `npfl_kit.layers.lstm.LSTM` is
    the quick way to run this cell over sequences.

    Args:
      units: int >= 1, size of both states.
      peepholes: bool, whether the gates see the memory too: i and f the old c, o the new one, each by a weight for
        every unit (`peepholes`, `[3, U]`, zeros at first).
      layer_norm: bool, whether `W x`, `V h` and the c in the last line are normalized over their units.
      forget_bias: number, `b_f` at first.
      **kwargs: initializers, see `RecurrentCell`.
    Call arguments:
      inputs: float `[B, D]`.
      states: the hidden state h and the memory c, float `[B, U]`.
    Returns: the hidden state `[B, U]`, and both states.
    Source: Gers et al. 1999, Learning to Forget; Gers and Schmidhuber 2000, Recurrent Nets that Time and Count, for
      peepholes; Ba et al. 2016, Layer Normalization, Eq. 20 to 22. Without options, weights and values are those of
      `tf.keras.layers.LSTMCell`: gates in the order i, f, c, o.
    """

    GATES, STATES = 4, 2

    def __init__(self, units: int, peepholes: bool = False, layer_norm: bool = False, forget_bias: float = 1.0,
                 **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.has_peepholes, self.layer_norm, self.forget_bias = peepholes, layer_norm, forget_bias

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.has_peepholes:
            self.peepholes = self.add_weight("peepholes", [3, self.units], initializer="zeros")
        if self.layer_norm:
            sizes = {"kernel_norm": 4, "recurrent_norm": 4, "carry_norm": 1}
            for name, size in sizes.items():
                setattr(self, name, tf.keras.layers.LayerNormalization(name=name, dtype=self._dtype_policy))
                getattr(self, name).build([None, size * self.units])

    def first_bias(self, shape: Any, dtype: Any = None, **kwargs: Any) -> tf.Tensor:
        """The biases at first, those of the forget gate `forget_bias`."""
        i, f, c, o = tf.split(super().first_bias(shape, dtype, **kwargs), 4)
        return tf.concat([i, tf.fill(tf.shape(f), tf.cast(self.forget_bias, f.dtype)), c, o], axis=0)

    def gates(self, inputs: tf.Tensor, hidden: tf.Tensor) -> list[tf.Tensor]:
        """What enters i, f, c and o, but for the peepholes."""
        if not self.layer_norm:
            return super().gates(inputs, hidden)
        entering = self.kernel_norm(inputs @ self.kernel) + self.recurrent_norm(hidden @ self.recurrent_kernel)
        return tf.split(entering + self.bias, 4, axis=1)

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        hidden, carry = states
        i, f, c, o = self.gates(inputs, hidden)
        if self.has_peepholes:
            i, f = i + self.peepholes[0] * carry, f + self.peepholes[1] * carry
        carry = tf.sigmoid(f) * carry + tf.sigmoid(i) * tf.tanh(c)
        if self.has_peepholes:
            o += self.peepholes[2] * carry
        hidden = tf.sigmoid(o) * tf.tanh(self.carry_norm(carry) if self.layer_norm else carry)
        return hidden, [hidden, carry]

    def get_config(self) -> dict[str, Any]:
        own = {"peepholes": self.has_peepholes, "layer_norm": self.layer_norm, "forget_bias": self.forget_bias}
        return {**super().get_config(), **own}
