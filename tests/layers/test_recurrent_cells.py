"""The cells: equal to Keras's, to Addons', to the lecture's formulas and to torch; what every one of them keeps."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.addons import tfa
from npfl_kit.layers.elman_cell import ElmanCell
from npfl_kit.layers.gru_cell import GRUCell
from npfl_kit.layers.lstm1997_cell import LSTM1997Cell
from npfl_kit.layers.lstm1999_cell import LSTM1999Cell
from npfl_kit.layers.variational_dropout import VariationalDropout
from npfl_kit.layers.zoneout import Zoneout

B, T, D, U = 4, 6, 3, 5
ALL_CELLS = {
    "elman": lambda **kwargs: ElmanCell(U, activation="relu", **kwargs),
    "lstm1997": lambda **kwargs: LSTM1997Cell(U, recurrent_initializer="glorot_normal", **kwargs),
    "lstm1999": lambda **kwargs: LSTM1999Cell(U, forget_bias=2.0, **kwargs),
    "lstm1999_with_all": lambda **kwargs: LSTM1999Cell(U, peepholes=True, layer_norm=True, **kwargs),
    "gru": lambda **kwargs: GRUCell(U, **kwargs),
    "gru_reset_before": lambda **kwargs: GRUCell(U, reset_after=False, bias_initializer="ones", **kwargs),
    "variational_dropout": lambda **kwargs: VariationalDropout(LSTM1999Cell(U, **kwargs), 0.3, 0.3, seed=1, **kwargs),
    "zoneout": lambda **kwargs: Zoneout(LSTM1997Cell(U, **kwargs), 0.3, 0.3, seed=1, **kwargs),
    "zoneout_of_one_state": lambda **kwargs: Zoneout(GRUCell(U, **kwargs), 0.3, seed=1, **kwargs),
}


@pytest.fixture(params=ALL_CELLS)
def make(request):
    return ALL_CELLS[request.param]


def draw(*shape, seed=42):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def with_random_weights(layer):
    layer(draw(B, T, D))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def run(cell, **kwargs):
    return with_random_weights(tf.keras.layers.RNN(cell, return_sequences=True, return_state=True, **kwargs))


@pytest.mark.parametrize("ours, theirs", [
    (ElmanCell(U), tf.keras.layers.SimpleRNNCell(U)),
    (LSTM1999Cell(U), tf.keras.layers.LSTMCell(U)),
    (GRUCell(U), tf.keras.layers.GRUCell(U)),
    (GRUCell(U, reset_after=False), tf.keras.layers.GRUCell(U, reset_after=False)),
], ids=["elman", "lstm", "gru", "gru_reset_before"])
@pytest.mark.parametrize("mask", [None, tf.sequence_mask([6, 3, 0, 1], T)], ids=["all", "masked"])
def test_values_are_those_of_keras(ours, theirs, mask):
    for one, other in zip(run(ours)(draw(B, T, D), mask=mask), run(theirs)(draw(B, T, D), mask=mask)):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("forget_bias, theirs", [(1.0, tf.keras.layers.LSTMCell(U)),
                                                 (0.0, tf.keras.layers.LSTMCell(U, unit_forget_bias=False))])
def test_first_biases_are_those_of_keras(forget_bias, theirs):
    ours = LSTM1999Cell(U, forget_bias=forget_bias)
    ours.build([None, D])
    theirs.build([None, D])

    np.testing.assert_array_equal(ours.bias, theirs.bias)


def test_the_basic_cell_is_the_one_of_torch(shared):
    golden = np.load(shared / "golden" / "rnn.npz")
    layer = tf.keras.layers.Bidirectional(tf.keras.layers.RNN(ElmanCell(6), return_sequences=True))
    layer(golden["inputs"])
    layer.set_weights([weight for suffix in ("", "_reverse") for weight in (
        golden[f"weight_ih_l0{suffix}"].T, golden[f"weight_hh_l0{suffix}"].T,
        golden[f"bias_ih_l0{suffix}"] + golden[f"bias_hh_l0{suffix}"])])

    outputs = layer(golden["inputs"], mask=tf.sequence_mask(golden["lengths"], 11))

    np.testing.assert_allclose(outputs, golden["outputs"], atol=1e-6)


def test_the_lstm_of_1997_is_the_formula():
    layer = run(LSTM1997Cell(U))
    kernel, recurrent_kernel, bias = (np.split(weight, 3, axis=-1) for weight in layer.get_weights())
    hidden, carry = np.zeros([2, B, U])

    outputs, *_ = layer(draw(B, T, D))

    for t in range(T):
        i, c, o = (draw(B, T, D)[:, t] @ w + hidden @ v + b for w, v, b in zip(kernel, recurrent_kernel, bias))
        carry = carry + tf.sigmoid(i) * np.tanh(c)
        hidden = tf.sigmoid(o) * np.tanh(carry)
        np.testing.assert_allclose(outputs[:, t], hidden, atol=1e-6)


def test_an_error_rides_the_carousel_of_1997_unchanged_and_fades_in_1999():
    def by_first_carry(cell):
        layer = tf.keras.layers.RNN(cell, return_state=True)
        layer(tf.ones([1, 30, 1]))
        layer.set_weights([0 * each if each.ndim > 1 else each for each in layer.get_weights()])    # biases alone
        carry = tf.ones([1, 1])
        with tf.GradientTape() as tape:
            tape.watch(carry)
            last = layer(tf.ones([1, 30, 1]), initial_state=[tf.zeros([1, 1]), carry])[-1]
        return float(tape.gradient(last, carry))

    assert by_first_carry(LSTM1997Cell(1)) == 1
    np.testing.assert_allclose(by_first_carry(LSTM1999Cell(1)), (1 / (1 + np.exp(-1))) ** 30, rtol=1e-5)


def test_peepholes_are_those_of_addons():
    ours, theirs = run(LSTM1999Cell(U, peepholes=True)), run(tfa.rnn.PeepholeLSTMCell(U, kernel_initializer="zeros"))
    kernel, recurrent_kernel, bias, peepholes = ours.get_weights()
    theirs.set_weights([kernel, recurrent_kernel, bias, *peepholes])

    for one, other in zip(ours(draw(B, T, D)), theirs(draw(B, T, D))):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_layer_normalization_is_that_of_addons_for_one_step():
    ours, theirs = run(LSTM1999Cell(U, layer_norm=True)), run(tfa.rnn.LayerNormLSTMCell(U))    # Addons carries it on
    theirs.set_weights(ours.get_weights())

    np.testing.assert_allclose(ours(draw(B, 1, D))[0], theirs(draw(B, 1, D))[0], atol=1e-6)


def test_normalized_gates_do_not_see_the_scale_of_the_inputs():
    layer = tf.keras.layers.RNN(LSTM1999Cell(U, layer_norm=True))

    np.testing.assert_allclose(layer(100 * draw(B, T, D)), layer(1000 * draw(B, T, D)), atol=1e-3)


def test_peepholes_start_closed_and_learn():
    layer = tf.keras.layers.RNN(LSTM1999Cell(U, peepholes=True))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(draw(B, T, D)))

    np.testing.assert_array_equal(layer.cell.peepholes, 0)
    assert np.all(tape.gradient(loss, layer.cell.peepholes) != 0)


def test_eager_equals_graph_of_unknown_length(make):
    layer = run(make())
    graph = tf.function(lambda x: layer(x), input_signature=[tf.TensorSpec([None, None, D])])

    for one, other in zip(layer(draw(B, T, D)), graph(draw(B, T, D))):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_padded_equals_alone(make):
    layer, lengths, x = run(make()), [6, 3, 0, 1], draw(B, T, D)

    together, *_ = layer(x, mask=tf.sequence_mask(lengths, T))

    for row, length in enumerate(lengths):
        if length:
            alone, *_ = layer(x[row:row + 1, :length])
            np.testing.assert_allclose(together[row, :length], alone[0], atol=1e-6)


def test_all_rows_masked_leave_finite_gradients(make):
    layer = run(make())
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(draw(B, T, D), mask=tf.zeros([B, T], tf.bool), training=True)[0])

    assert all(np.isfinite(each).all() for each in tape.gradient(loss, layer.trainable_weights))


def test_both_directions_save_load_and_give_the_same(make, tmp_path):
    inputs = tf.keras.Input([None, D])
    model = tf.keras.Model(inputs, tf.keras.layers.Bidirectional(tf.keras.layers.RNN(make()))(inputs))

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert loaded.layers[1].forward_layer.cell.get_config() == model.layers[1].forward_layer.cell.get_config()
    np.testing.assert_array_equal(loaded(draw(B, T, D)), model(draw(B, T, D)))


def test_half_precision_is_near_and_given_in_half_precision(make):
    full, half = run(make()), run(make(dtype=tf.keras.mixed_precision.Policy("mixed_float16")), dtype="mixed_float16")

    found = half(draw(B, T, D))

    assert all(each.dtype == tf.float16 for each in found)
    for one, other in zip(found, full(draw(B, T, D))):
        np.testing.assert_allclose(tf.cast(one, tf.float32), other, atol=0.05, rtol=0.02)


@pytest.mark.parametrize("cell", [ElmanCell, LSTM1997Cell, LSTM1999Cell, GRUCell])
def test_no_units_are_refused(cell):
    with pytest.raises(ValueError, match="units >= 1"):
        cell(0)
