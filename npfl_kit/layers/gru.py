"""GRU over whole sequences, quick on a CPU and right with masks everywhere."""
from __future__ import annotations

from typing import Any

import tensorflow as tf

from npfl_kit.core import gru
from npfl_kit.layers.whole_sequence import WholeSequence


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class GRU(WholeSequence, tf.keras.layers.GRU):
    """`tf.keras.layers.GRU` with the same weights, values and arguments, and a quicker loop.

    Args:
      units: int >= 1, size of the state.
      **kwargs: those of `tf.keras.layers.GRU` but `unroll` and `time_major`; with `reset_after=False` the loop is
        Keras's own. `dropout` and `recurrent_dropout` are variational: one mask for all steps of a sequence, the same
        for all gates (Keras draws one for each gate).
    Call arguments:
      inputs: float `[B, T, D]`; T may be unknown when the layer is built.
      mask: optional bool `[B, T]`, True at real steps. A step that is not real leaves the state as it is.
      training: bool, whether units are dropped.
      initial_state: optional `[hidden]` or `hidden`, float `[B, U]`; zeros otherwise.
    Returns: float `[B, T, U]` with `return_sequences`, else the last output `[B, U]`; then the last state with
      `return_state`. With `go_backwards` the last step comes first.
    Raises: ValueError for a ragged input, `unroll` or `time_major`.
    Source: Cho et al. 2014, Learning Phrase Representations; Gal and Ghahramani 2016 for the dropout.
    """

    def _recurrence(self, *tensors: tf.Tensor, **optional: Any) -> Any:
        return gru.gru(*tensors, **optional)
