"""A recurrent layer that goes on where the batch before has ended: truncated backpropagation through a long text."""
from __future__ import annotations

from typing import Any

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class CarriedState(tf.keras.layers.Wrapper):
    """Begin a window with the state at the end of the window before; gradients do not go back there.

    A book is one sequence of a million steps. It is learned in windows of a hundred, which keeps memory and the depth
    of backpropagation small, while the state still tells what came before: who speaks, which bracket is open. The
    state belongs to the run and not to the weights; it is not saved. Unlike `stateful=True` of Keras, it takes any
    size of batch, and each sequence of a batch can begin anew.

    Args:
      layer: recurrent layer with `return_sequences` and `return_state`.
    Call arguments:
      inputs: float `[B, T, D]`.
      first: bool `[B]`, whether a sequence begins, with a state of zeros. If B is another one than in the call before,
        all of them have to.
    Returns: float `[B, T, H]`, the outputs of the layer.
    Raises: ValueError for a layer that does not return its state and its outputs.
    Source: Williams and Peng 1990, An efficient gradient-based algorithm, truncated backpropagation with h = h'.
    """

    def __init__(self, layer: tf.keras.layers.Layer, **kwargs: Any) -> None:
        if not (getattr(layer, "return_state", False) and getattr(layer, "return_sequences", False)):
            raise ValueError("CarriedState needs a layer with return_sequences=True and return_state=True, got "
                             f"{type(layer).__name__}.")
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        sizes = self.layer.cell.state_size if hasattr(self.layer, "cell") else self.layer.state_size
        sizes = sizes if isinstance(sizes, (list, tuple)) else [sizes]
        self._kept = Kept([tf.Variable(tf.zeros([0, size]), shape=[None, size], trainable=False) for size in sizes])

    def call(self, inputs: tf.Tensor, first: tf.Tensor, training: Any = None) -> tf.Tensor:
        states = [tf.cast(begun(kept, first), inputs.dtype) for kept in self._kept.variables]
        outputs, *states = self.layer(inputs, initial_state=states, training=training)
        for kept, state in zip(self._kept.variables, states):
            kept.assign(tf.cast(tf.stop_gradient(state), tf.float32))
        return outputs


class Kept:
    """Variables that are none of a layer's weights."""

    def __init__(self, variables: list[tf.Variable]) -> None:
        self.variables = variables


def begun(state: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """The state `[B, H]` with zeros where bool `[B]` says so; all zeros, if it is of another batch.

    >>> begun(tf.constant([[1.0], [2.0]]), tf.constant([True, False])).numpy().tolist()
    [[0.0], [2.0]]
    """
    def anew() -> tf.Tensor:
        return tf.zeros([tf.shape(first)[0], state.shape[1]], tf.float32)

    def kept() -> tf.Tensor:
        return tf.where(first[:, tf.newaxis], 0.0, tf.convert_to_tensor(state))
    return tf.cond(tf.reduce_all(first), anew, kept)
