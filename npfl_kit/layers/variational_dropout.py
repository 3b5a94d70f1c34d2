"""Dropout for recurrent cells: one mask for a whole sequence."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf
from keras.src.layers.rnn.dropout_rnn_cell_mixin import DropoutRNNCellMixin

from npfl_kit.layers.cell_wrapper import CellWrapper


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class VariationalDropout(DropoutRNNCellMixin, CellWrapper):
    """A cell whose inputs and hidden state lose the same units at every step of a sequence.

    A mask drawn anew at each step would leave of a memory of 100 steps at a rate of 0.1 only one in 37 000 units
    untouched; with one mask a network that remembers is still there, only smaller. The memory `c` of an LSTM is left
    whole. For `npfl_kit.layers.lstm.LSTM` give `dropout` and `recurrent_dropout` instead: the same, quick.

    Args:
      cell: a recurrent cell; its first state is the hidden one.
      dropout, recurrent_dropout: float in `[0, 1)`, the dropped part of the inputs and of the hidden state.
      seed: optional int, fixes the draws of this layer.
    Call arguments:
      inputs: float `[B, D]`.
      states: those of the cell.
      training: bool; nothing is dropped otherwise.
    Returns: the cell's output and states. What is kept is scaled up, by 1 / (1 - rate).
    Raises: ValueError for a rate out of range.
    Source: Gal and Ghahramani 2016, A Theoretically Grounded Application of Dropout in RNNs, Eq. 7 (all gates share a
      mask). The cells of Keras 2.15 promise one mask too, but in a graph draw anew at each step: they look for the
      first one in the graph of the loop alone. `tf.keras.layers.RNN` forgets the masks before each batch; a cell
      called by hand keeps them until `reset_dropout_mask()` and `reset_recurrent_dropout_mask()`.
    """

    def __init__(self, cell: tf.keras.layers.Layer, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 seed: Optional[int] = None, **kwargs: Any) -> None:
        if not (0 <= dropout < 1 and 0 <= recurrent_dropout < 1):
            raise ValueError(f"VariationalDropout needs rates in [0, 1), got {dropout=}, {recurrent_dropout=}.")
        super().__init__(cell, seed=seed, **kwargs)
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout

    def call(self, inputs: tf.Tensor, states: Any, training: Optional[bool] = None) -> Any:
        states = list(states)
        if self.dropout:
            inputs = inputs * self._drawn_once(self._dropout_mask_cache, inputs, training)          # [B, D]
        if self.recurrent_dropout:                                                                  # [B, U]
            states[0] = states[0] * self._drawn_once(self._recurrent_dropout_mask_cache, states[0], training)
        return self.cell(inputs, states)

    def _drawn_once(self, masks: Any, like: tf.Tensor, training: Optional[bool]) -> tf.Tensor:
        """The mask of this sequence, drawn at its first step, outside of the loop over the others."""
        drawn = masks._get_recursive(masks._key())
        return drawn if drawn is not None else masks.setdefault(kwargs={"inputs": like, "training": training})

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout}
