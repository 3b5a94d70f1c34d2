"""LSTM over whole sequences, quick on a CPU and right with masks everywhere."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.core import lstm
from npfl_kit.layers.whole_sequence import WholeSequence


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class LSTM(WholeSequence, tf.keras.layers.LSTM):
    """`tf.keras.layers.LSTM` with the same weights, values and arguments, and a quicker loop.

    Args:
      units: int >= 1, size of the hidden and of the carry state.
      **kwargs: those of `tf.keras.layers.LSTM` but `unroll` and `time_major`. `dropout` and `recurrent_dropout` are
        variational: one mask for all steps of a sequence, the same for all gates (Keras draws one for each gate).
    Call arguments:
      inputs: float `[B, T, D]`; T may be unknown when the layer is built.
      mask: optional bool `[B, T]`, True at real steps. A step that is not real leaves the states as they are.
      training: bool, whether units are dropped.
      initial_state: optional `[hidden, carry]`, float `[B, U]` each; zeros otherwise.
    Returns: float `[B, T, U]` with `return_sequences`, else the last output `[B, U]`; then both last states with
      `return_state`. With `go_backwards` the last step comes first.
    Raises: ValueError for a ragged input, `unroll` or `time_major`.
    Source: Gers et al. 1999, Learning to Forget; Gal and Ghahramani 2016 for the dropout.
    """

    def _recurrence(self, *tensors: tf.Tensor, **optional: Any) -> Any:
        return lstm.lstm(*tensors, **optional)
