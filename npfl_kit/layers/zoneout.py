"""Zoneout: states that stay as they were, at random."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf

from npfl_kit.layers.cell_wrapper import CellWrapper


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class Zoneout(CellWrapper):
    """A cell whose units keep their last value, at random, where dropout would put zeros.

    A zero loses what was remembered and the gradient of it; the last value keeps both. Units are drawn anew at every
    step.

    Args:
      cell: a recurrent cell.
      hidden_rate: float in `[0, 1]`, how often a unit of the hidden state stays; the paper takes 0.05 for an LSTM.
      carry_rate: the same for the other state, if there is one; the paper takes 0.5.
      seed: optional int, fixes the draws of this layer.
    Call arguments:
      inputs: float `[B, D]`.
      states: those of the cell.
      training: bool; otherwise each state is the average over the draws, `rate * old + (1 - rate) * new`.
    Returns: the hidden state, and the states.
    Raises: ValueError for a rate out of range.
    Source: Krueger et al. 2017, Zoneout, Eq. 2 to 6. As in the paper, an LSTM's hidden state is computed from the new
      memory before zoneout.
    """

    def __init__(self, cell: tf.keras.layers.Layer, hidden_rate: float = 0.05, carry_rate: float = 0.5,
                 seed: Optional[int] = None, **kwargs: Any) -> None:
        if not (0 <= hidden_rate <= 1 and 0 <= carry_rate <= 1):
            raise ValueError(f"Zoneout needs rates in [0, 1], got {hidden_rate=}, {carry_rate=}.")
        super().__init__(cell, seed=seed, **kwargs)
        self.hidden_rate, self.carry_rate = hidden_rate, carry_rate

    def call(self, inputs: tf.Tensor, states: Any, training: Optional[bool] = None) -> Any:
        old = list(states)
        _, new = self.cell(inputs, old)
        rates = [self.hidden_rate, self.carry_rate]
        if training is None:
            training = tf.keras.backend.learning_phase()
        states = [tf.keras.backend.in_train_phase(
            lambda before=before, after=after, rate=rate: self._draw(before, after, rate),
            lambda before=before, after=after, rate=rate: rate * before + (1 - rate) * after, training)
            for before, after, rate in zip(old, new, rates)]
        return states[0], states

    def _draw(self, before: tf.Tensor, after: tf.Tensor, rate: float) -> tf.Tensor:
        stays = self._random_generator.random_uniform(tf.shape(after), dtype=tf.float32) < rate
        return tf.where(stays, before, after)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hidden_rate": self.hidden_rate, "carry_rate": self.carry_rate}
