"""Variational dropout: one mask for a sequence, new ones for the next batch, nothing outside training."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.elman_cell import ElmanCell
from npfl_kit.layers.lstm1999_cell import LSTM1999Cell
from npfl_kit.layers.variational_dropout import VariationalDropout

B, T, D, U = 4, 6, 16, 8


def adding(**rates):
    """A network whose hidden state is the sum of what its cell lets in: h = x + h but for what is dropped."""
    cell = ElmanCell(D, activation="linear", kernel_initializer="identity", recurrent_initializer="identity")
    return tf.keras.layers.RNN(VariationalDropout(cell, seed=1, **rates), return_sequences=True)


@pytest.mark.parametrize("in_graph", [False, True])
def test_inputs_lose_the_same_units_at_every_step(in_graph):
    layer = adding(dropout=0.5)
    call = tf.function(lambda x: layer(x, training=True)) if in_graph else lambda x: layer(x, training=True)

    first, second = (call(tf.ones([B, T, D])).numpy() for _ in range(2))

    steps = np.diff(first, axis=1, prepend=0)                   # what came in at each step
    assert set(np.unique(steps)) == {0, 2}
    np.testing.assert_array_equal(steps, np.broadcast_to(steps[:, :1], steps.shape))
    assert np.any(first != second) and np.any(steps[0] != steps[1])


def test_the_hidden_state_loses_the_same_units_at_every_step():
    layer = adding(recurrent_dropout=0.5)

    outputs = layer(tf.concat([tf.ones([B, 1, D]), tf.zeros([B, T - 1, D])], axis=1), training=True).numpy()

    np.testing.assert_array_equal(outputs[:, 0], 1)
    kept = outputs[:, 1] != 0
    assert 0.2 < kept.mean() < 0.8
    doubled, gone = 2.0 ** np.arange(T), np.eye(T)[0]           # 1 2 4 ..., or 1 0 0 ...
    np.testing.assert_array_equal(outputs, np.where(kept[:, np.newaxis], doubled[:, np.newaxis], gone[:, np.newaxis]))


def test_the_memory_of_an_lstm_is_left_whole():
    cell = VariationalDropout(LSTM1999Cell(U, forget_bias=100.0), recurrent_dropout=0.9, seed=1)
    layer = tf.keras.layers.RNN(cell, return_state=True)
    layer(tf.zeros([B, T, D]))
    layer.set_weights([0 * each if each.ndim > 1 else each for each in layer.get_weights()])

    carry = layer(tf.zeros([B, T, D]), initial_state=[tf.ones([B, U])] * 2, training=True)[-1]

    np.testing.assert_array_equal(carry, 1)


def test_nothing_is_dropped_outside_of_training():
    layer, plain = adding(dropout=0.5, recurrent_dropout=0.5), adding()

    np.testing.assert_array_equal(layer(tf.ones([B, T, D])), plain(tf.ones([B, T, D]), training=True))


def test_draws_repeat_when_the_generator_is_reset():
    layer = adding(dropout=0.5, recurrent_dropout=0.5)

    first = layer(tf.ones([B, T, D]), training=True)
    layer.cell._random_generator._generator.reset_from_seed(1)

    np.testing.assert_array_equal(layer(tf.ones([B, T, D]), training=True), first)


@pytest.mark.parametrize("rates", [(-0.1, 0), (1, 0), (0, 1.5)])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="rates in"):
        VariationalDropout(ElmanCell(U), *rates)
