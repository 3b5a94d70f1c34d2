"""Zoneout: units keep their last value as often as asked, anew at each step, and by the average outside training."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.elman_cell import ElmanCell
from npfl_kit.layers.lstm1997_cell import LSTM1997Cell
from npfl_kit.layers.zoneout import Zoneout

B, T, U = 50, 8, 40


def counting(rate):
    """A network whose hidden state is the inputs: the steps are numbered, so each unit tells when it last changed."""
    cell = ElmanCell(U, activation="linear", kernel_initializer="identity", recurrent_initializer="zeros")
    layer = tf.keras.layers.RNN(Zoneout(cell, rate, seed=1), return_sequences=True)
    numbers = tf.tile(tf.range(1.0, T + 1)[tf.newaxis, :, tf.newaxis], [B, 1, U])
    return layer, numbers


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.7, 1.0])
def test_units_keep_their_last_value_as_often_as_asked(rate):
    layer, numbers = counting(rate)

    outputs = tf.function(lambda x: layer(x, training=True))(numbers).numpy()

    before = np.pad(outputs, [[0, 0], [1, 0], [0, 0]])[:, :-1]
    stays = outputs != numbers.numpy()
    np.testing.assert_array_equal(outputs[stays], before[stays])
    np.testing.assert_allclose(stays.mean(axis=(0, 2)), rate, atol=0.05)
    assert rate in (0, 1) or np.any(stays[:, 0] != stays[:, 1])


def test_outside_of_training_a_state_is_the_average_over_the_draws():
    layer, numbers = counting(0.25)

    average, expected = layer(numbers), 0.0

    for t in range(T):
        expected = 0.25 * expected + 0.75 * (t + 1)
        np.testing.assert_allclose(average[:, t], expected, rtol=1e-6)
    np.testing.assert_allclose(tf.reduce_mean(layer(numbers, training=True), axis=[0, 2]), average[0, :, 0], rtol=0.05)


def test_hidden_and_carry_have_rates_of_their_own():
    layer = tf.keras.layers.RNN(Zoneout(LSTM1997Cell(3), hidden_rate=0.0, carry_rate=1.0), return_state=True)
    x, zeros = tf.ones([2, 1, 3]), tf.zeros([2, 3])

    _, hidden, carry = layer(x, training=True)

    expected = layer.cell.cell(x[:, 0], [zeros, zeros])[0]
    np.testing.assert_array_equal(carry, 0)
    np.testing.assert_allclose(hidden, expected, atol=1e-7)


def test_a_rate_of_one_passes_the_whole_gradient_to_the_first_state():
    layer, numbers = counting(1.0)
    first = tf.ones([B, U])
    with tf.GradientTape() as tape:
        tape.watch(first)
        last = layer(numbers, initial_state=[first], training=True)[:, -1]

    np.testing.assert_array_equal(tape.gradient(last, first), 1)


@pytest.mark.parametrize("rates", [(-0.1, 0), (0, 1.1)])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="rates in"):
        Zoneout(ElmanCell(3), *rates)
