"""A state that goes on from batch to batch, that can begin anew, and that is none of the weights."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.carried_state import CarriedState
from npfl_kit.layers.gru import GRU
from npfl_kit.layers.lstm import LSTM

KINDS = {"LSTM": LSTM, "GRU": GRU, "Keras": tf.keras.layers.LSTM}


def carrying(kind="LSTM", units=3):
    tf.keras.utils.set_random_seed(1)
    return CarriedState(KINDS[kind](units, return_sequences=True, return_state=True))


def sequences(batch=2, steps=6):
    return tf.constant(np.random.default_rng(0).normal(size=[batch, steps, 4]), tf.float32)


def every(batch, value):
    return tf.fill([batch], value)


@pytest.mark.parametrize("kind", KINDS)
def test_windows_give_what_the_whole_sequence_gives(kind):
    layer, inputs = carrying(kind), sequences()

    whole = layer(inputs, first=every(2, True))
    parts = [layer(inputs[:, :1], first=every(2, True)), layer(inputs[:, 1:4], first=every(2, False)),
             layer(inputs[:, 4:], first=every(2, False))]

    np.testing.assert_allclose(tf.concat(parts, axis=1), whole, atol=1e-6)


def test_each_sequence_can_begin_anew():
    layer, inputs = carrying(), sequences()
    fresh = layer(inputs, first=every(2, True))
    layer(inputs, first=every(2, True))

    found = layer(inputs, first=tf.constant([True, False]))

    np.testing.assert_allclose(found[0], fresh[0], atol=1e-6)
    assert not np.allclose(found[1], fresh[1], atol=1e-3)


def test_a_batch_of_another_size_begins_anew():
    layer = carrying()
    layer(sequences(5), first=every(5, True))

    assert layer(sequences(2), first=every(2, True)).shape == [2, 6, 3]


def test_the_gradient_stays_in_its_window():
    layer, before, now = carrying(), sequences(), sequences() + 1
    with tf.GradientTape() as tape:
        tape.watch(before)
        layer(before, first=every(2, True))
        value = tf.reduce_sum(layer(now, first=every(2, False)))

    assert tape.gradient(value, before) is None


def test_the_state_is_no_weight():
    layer = carrying()
    layer(sequences(), first=every(2, True))

    assert len(layer.weights) == 3 and not layer.non_trainable_weights


def test_a_graph_carries_the_state_as_well():
    layer, inputs = carrying(), sequences()
    step = tf.function(lambda inputs, first: layer(inputs, first=first))
    whole = layer(inputs, first=every(2, True))

    parts = [step(inputs[:, :3], every(2, True)), step(inputs[:, 3:], every(2, False))]

    np.testing.assert_allclose(tf.concat(parts, axis=1), whole, atol=1e-6)


def test_it_is_rebuilt_from_its_config():
    again = CarriedState.from_config(carrying(units=7).get_config())

    assert again(sequences(), first=every(2, True)).shape == [2, 6, 7]


@pytest.mark.parametrize("arguments", [{}, {"return_sequences": True}, {"return_state": True}])
def test_a_layer_that_keeps_its_state_to_itself_is_refused(arguments):
    with pytest.raises(ValueError, match="needs a layer with return_sequences=True and return_state=True"):
        CarriedState(LSTM(3, **arguments))
