"""The quick LSTM and GRU: equal to Keras's, the cells and torch; masks, states, precision, files, the GPU guard."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.gru import GRU
from npfl_kit.layers.gru_cell import GRUCell
from npfl_kit.layers.lstm import LSTM
from npfl_kit.layers.lstm1999_cell import LSTM1999Cell

KINDS = {"lstm": (LSTM, tf.keras.layers.LSTM, LSTM1999Cell), "gru": (GRU, tf.keras.layers.GRU, GRUCell)}
B, T, D, U = 4, 6, 3, 5


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def draw(*shape, seed=42):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def with_equal_weights(*layers):
    """The layers, built and with the same random weights."""
    for layer in layers:
        layer(draw(B, T, D))
        rng = np.random.default_rng(1)
        layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layers


def values_and_gradients(layer, x=None, **kwargs):
    x = draw(B, T, D) if x is None else x
    states = kwargs.get("initial_state") or []
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        outputs = tf.nest.flatten(layer(x, **kwargs))
        loss = tf.add_n([tf.reduce_sum(tf.sin(3 * each)) for each in outputs])
    return [*outputs, *tape.gradient(loss, [x, *states, *layer.trainable_weights])]


def assert_equal(found, expected, tolerance=1e-5):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, atol=tolerance)


MASKS = {"none": None, "right": tf.sequence_mask([6, 3, 0, 1], T),
         "any": tf.constant(np.random.default_rng(0).random([B, T]) < 0.5)}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True}],
                         ids=["last", "all", "backwards"])
@pytest.mark.parametrize("with_states", [False, True])
def test_values_and_gradients_are_those_of_keras(kind, mask, options, with_states):
    ours, theirs = with_equal_weights(*(each(U, return_state=True, **options) for each in kind[:2]))
    states = [draw(B, U, seed=seed) for seed in range(len(ours.states))] if with_states else None

    found, expected = (values_and_gradients(each, mask=MASKS[mask], initial_state=states) for each in (ours, theirs))

    assert_equal(found, expected)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_both_directions_are_those_of_keras(kind, mask, merge_mode, return_sequences):
    layers = [tf.keras.layers.Bidirectional(each(U, return_sequences=return_sequences), merge_mode=merge_mode)
              for each in kind[:2]]

    found, expected = (values_and_gradients(each, mask=MASKS[mask]) for each in with_equal_weights(*layers))

    assert_equal(found, expected)


def test_values_are_those_of_the_cell(kind):
    layers = with_equal_weights(kind[0](U, return_sequences=True),
                                tf.keras.layers.RNN(kind[2](U), return_sequences=True))

    found, expected = (values_and_gradients(each, mask=MASKS["any"]) for each in layers)

    assert_equal(found, expected)


def torch_weights(golden, gates, suffix, merged):
    """Weights of one direction as Keras has them; `gates` are the places of Keras's gates among torch's."""
    def reordered(name):
        return np.concatenate([np.split(golden[f"{name}_l0{suffix}"], len(gates))[place] for place in gates])
    biases = [reordered("bias_ih"), reordered("bias_hh")]
    return [reordered("weight_ih").T, reordered("weight_hh").T, sum(biases) if merged else np.stack(biases)]


@pytest.mark.parametrize("name, layer, gates, merged", [
    ("lstm", LSTM, [0, 1, 2, 3], True),
    ("lstm", lambda units, **kwargs: tf.keras.layers.RNN(LSTM1999Cell(units), **kwargs), [0, 1, 2, 3], True),
    ("gru", GRU, [1, 0, 2], False),
    ("gru", lambda units, **kwargs: tf.keras.layers.RNN(GRUCell(units), **kwargs), [1, 0, 2], False),
], ids=["lstm", "lstm_cell", "gru", "gru_cell"])
def test_outputs_are_those_of_torch(shared, name, layer, gates, merged):
    golden = np.load(shared / "golden" / f"{name}.npz")
    both = tf.keras.layers.Bidirectional(layer(6, return_sequences=True, return_state=True))
    both(golden["inputs"])
    both.set_weights(torch_weights(golden, gates, "", merged) + torch_weights(golden, gates, "_reverse", merged))

    outputs, *states = both(golden["inputs"], mask=tf.sequence_mask(golden["lengths"], 11))

    np.testing.assert_allclose(outputs, golden["outputs"], atol=1e-6)
    np.testing.assert_allclose(tf.stack(states[::len(states) // 2]), golden["state"], atol=1e-6)


def test_padded_equals_alone(kind):
    layer, = with_equal_weights(tf.keras.layers.Bidirectional(kind[0](U, return_sequences=True)))
    lengths, x = [6, 3, 0, 1], draw(B, T, D)

    together = layer(x, mask=tf.sequence_mask(lengths, T))

    for row, length in enumerate(lengths):
        np.testing.assert_allclose(together[row, :length], layer(x[row:row + 1, :length])[0], atol=1e-6)
        np.testing.assert_array_equal(together[row, length:], 0)


def test_all_rows_masked_leave_finite_zero_gradients(kind):
    layer, = with_equal_weights(kind[0](U))

    output, *gradients = values_and_gradients(layer, mask=tf.zeros([B, T], tf.bool))

    np.testing.assert_array_equal(output, 0)
    assert not any(np.any(each) for each in gradients)


def test_a_sequence_cut_in_two_with_its_state_carried_is_the_whole(kind):
    layer, = with_equal_weights(kind[0](U, return_sequences=True, return_state=True))
    x = draw(B, T, D)

    first, *states = layer(x[:, :2])
    second, *last = layer(x[:, 2:], initial_state=states)

    assert_equal([tf.concat([first, second], axis=1), *last], layer(x), 1e-6)


def test_a_stateful_layer_remembers_until_it_is_reset(kind):
    layer, = with_equal_weights(kind[0](U, stateful=True))
    plain, = with_equal_weights(kind[0](U))
    x = draw(B, T, D)
    layer.reset_states()

    layer(x[:, :2])
    np.testing.assert_allclose(layer(x[:, 2:]), plain(x), atol=1e-6)
    layer.reset_states()
    np.testing.assert_allclose(layer(x[:, :2]), plain(x[:, :2]), atol=1e-6)


@pytest.mark.slow
def test_a_model_learns_saves_and_loads_with_masks_and_any_length(kind, tmp_path):
    words = tf.keras.Input([None], dtype=tf.int32)
    embedded = tf.keras.layers.Embedding(10, D, mask_zero=True)(words)
    hidden = tf.keras.layers.Bidirectional(kind[0](U, return_sequences=True), merge_mode="sum")(embedded)
    model = tf.keras.Model(words, tf.keras.layers.Dense(1)(kind[0](U, dropout=0.1, recurrent_dropout=0.1)(hidden)))
    model.compile(tf.keras.optimizers.Adam(0.01), "mse")

    traced = []
    for steps in range(2, 7):
        ids = np.random.default_rng(steps).integers(0, 10, [B, steps])
        model.train_on_batch(ids, np.ones([B, 1]))
        traced.append(model.train_function.experimental_get_tracing_count())
    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert isinstance(loaded.layers[-2], kind[0])
    assert traced[-1] == traced[2]
    np.testing.assert_array_equal(loaded(ids), model(ids))
    np.testing.assert_allclose(tf.function(model)(ids), model(ids), atol=1e-6)


def test_a_model_with_first_states_of_its_own_saves_and_loads(kind, tmp_path):
    inputs, first = tf.keras.Input([None, D]), tf.keras.Input([U])
    states = [first, 2 * first] if kind[0] is LSTM else [first]
    model = tf.keras.Model([inputs, first], kind[0](U)(inputs, initial_state=states))

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    given = [draw(B, T, D), draw(B, U)]
    np.testing.assert_array_equal(loaded(given), model(given))
    assert np.any(model(given) != model([given[0], 0 * given[1]]))


def test_weights_go_to_keras_and_back_in_files(kind, tmp_path):
    ours, theirs = (tf.keras.Sequential([tf.keras.Input([None, D]), each(U)]) for each in kind[:2])

    ours.save_weights(tmp_path / "ours.h5")
    theirs.load_weights(tmp_path / "ours.h5")

    np.testing.assert_allclose(ours(draw(B, T, D)), theirs(draw(B, T, D)), atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_near_and_given_in_half_precision(kind, policy):
    layer, half = with_equal_weights(kind[0](U), kind[0](U, dtype=tf.keras.mixed_precision.Policy(policy)))

    found = half(draw(B, T, D), mask=MASKS["right"])

    assert found.dtype == half.compute_dtype
    np.testing.assert_allclose(tf.cast(found, tf.float32), layer(draw(B, T, D), mask=MASKS["right"]), atol=0.05)
    assert all(np.isfinite(each).all() for each in values_and_gradients(half)[1:])


def test_dropped_inputs_are_the_same_at_all_steps_and_others_in_the_next_call(kind):
    layer = kind[0](U, dropout=0.5, seed=1)
    x = tf.Variable(tf.ones([B, T, 16]))

    def kept():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x, training=True))
        return tape.gradient(loss, x).numpy() != 0

    first, second = kept(), kept()

    np.testing.assert_array_equal(first, np.broadcast_to(first[:, :1], first.shape))
    assert 0.25 < first.mean() < 0.75 and np.any(first != second)
    np.testing.assert_array_equal(layer(x), layer(x, training=False))


def test_dropped_states_are_the_same_at_all_steps_and_others_in_the_next_call(kind, monkeypatch):
    layer, plain = with_equal_weights(kind[0](U, recurrent_dropout=0.5, seed=1), kind[0](U))
    run, drawn = type(layer)._recurrence, []
    monkeypatch.setattr(type(layer), "_recurrence",
                        lambda self, *given, **kwargs: drawn.append(kwargs["dropped"]) or run(self, *given, **kwargs))

    outputs = [layer(draw(B, T, D), training=training) for training in (True, True, False)]

    first, second, ones = drawn
    assert first.shape == [B, U] and set(np.unique(first)) == {0, 2} and np.any(first != second)
    np.testing.assert_array_equal(ones, 1)
    assert np.any(outputs[0] != outputs[1])
    np.testing.assert_allclose(outputs[2], plain(draw(B, T, D)), atol=1e-6)


def test_on_a_gpu_masks_never_go_to_cudnn(kind, monkeypatch):
    ours, = with_equal_weights(kind[0](U))
    to_keras = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: ["GPU:0"])
    monkeypatch.setattr(kind[1], "call", lambda self, inputs, mask=None, **_: to_keras.append(mask) or inputs[:, 0])

    for mask in MASKS.values():
        ours(draw(B, T, D), mask=mask)
    functional = tf.keras.Sequential([tf.keras.layers.Masking(), kind[0](U)])
    functional(draw(B, T, D))

    assert to_keras == [None]


@pytest.mark.parametrize("options", [{"activation": "relu"}, {"use_bias": False}])
def test_other_activations_take_the_loop_of_keras(kind, options):
    ours, theirs = with_equal_weights(kind[0](U, **options), kind[1](U, **options))

    assert_equal(values_and_gradients(ours, mask=MASKS["any"]), values_and_gradients(theirs, mask=MASKS["any"]))


def test_reset_before_takes_the_loop_of_keras():
    ours, theirs = with_equal_weights(GRU(U, reset_after=False), tf.keras.layers.GRU(U, reset_after=False))

    assert_equal(values_and_gradients(ours), values_and_gradients(theirs))


def test_compiled_by_xla_it_is_the_same(kind):
    layer, = with_equal_weights(kind[0](U, return_sequences=True))
    x, mask = draw(B, T, D), MASKS["right"]

    compiled = tf.function(lambda x: layer(x, mask=mask), jit_compile=True)(x)

    np.testing.assert_allclose(compiled, layer(x, mask=mask), atol=1e-6)


@pytest.mark.parametrize("option", ["unroll", "time_major"])
def test_unrolling_and_time_first_are_refused(kind, option):
    with pytest.raises(ValueError, match=f"no {option}=True"):
        kind[0](U, **{option: True})


def test_a_ragged_input_is_refused_with_what_to_type(kind):
    with pytest.raises(ValueError, match="to_tensor"):
        kind[0](U)(tf.RaggedTensor.from_row_lengths(tf.ones([3, D]), [2, 0, 1]))
