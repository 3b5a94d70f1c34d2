"""LSTM and GRU over whole sequences: values by loops in NumPy, gradients by differences, padding, lengths of 0."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import batch_parts, gru, lstm, tensor_lists

B, T, D, U = 3, 5, 4, 3


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, states, kernel, recurrent_kernel, bias, factors):
    hidden, carry = states
    i, f, c, o = np.split(x @ kernel + (hidden * factors) @ recurrent_kernel + bias, 4, axis=-1)
    carry = sigmoid(f) * carry + sigmoid(i) * np.tanh(c)
    return sigmoid(o) * np.tanh(carry), carry


def gru_step(x, states, kernel, recurrent_kernel, bias, factors):
    hidden, = states
    x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=-1)
    h_z, h_r, h_h = np.split((hidden * factors) @ recurrent_kernel + bias[1], 3, axis=-1)
    z = sigmoid(x_z + h_z)
    return z * hidden + (1 - z) * np.tanh(x_h + sigmoid(x_r + h_r) * h_h),


KINDS = {                                     # function, one step by hand, gates, states, shape of the biases
    "lstm": (lstm.lstm, lstm_step, 4, 2, [4 * U]),
    "gru": (gru.gru, gru_step, 3, 1, [2, 3 * U]),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def arguments(kind, seed=0, dtype=np.float64, steps=T, rows=B):
    _, _, gates, states, bias = kind
    draw = np.random.default_rng(seed).normal
    shapes = [[steps, rows, D], [D, gates * U], [U, gates * U], bias] + [[rows, U]] * states
    return [tf.constant(draw(size=shape), dtype) for shape in shapes]


def padding(seed=0):
    """Arbitrary masks; the last sequence is wholly masked."""
    real = np.random.default_rng(seed).random([T, B]) < 0.6
    real[:, -1] = False
    return real


def by_loops(step, inputs, kernel, recurrent_kernel, bias, *states, real, dropped):
    outputs = []
    for x, is_real in zip(inputs, real):
        new = step(x, states, kernel, recurrent_kernel, bias, dropped)
        states = tuple(np.where(is_real[:, np.newaxis], after, before) for after, before in zip(new, states))
        outputs.append(states[0])
    return [np.stack(outputs), *states]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("masked, dropped", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_values_are_those_of_loops_in_numpy(kind, seed, masked, dropped, dtype, tolerance):
    tensors = arguments(kind, seed, dtype)
    real, factors = padding(seed), np.random.default_rng(seed).integers(0, 2, [B, U]) * 2.0

    found = kind[0](*tensors, real=tf.constant(real) if masked else None,
                    dropped=tf.constant(factors, dtype) if dropped else None)

    expected = by_loops(kind[1], *(tensor.numpy() for tensor in tensors), real=real | (not masked),
                        dropped=factors if dropped else 1.0)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, atol=tolerance)


@pytest.mark.parametrize("masked, dropped", [(False, False), (True, True)])
def test_gradients_are_those_of_differences(kind, masked, dropped):
    tensors = arguments(kind)
    optional = {"real": tf.constant(padding()) if masked else None,
                "dropped": tf.constant(np.random.default_rng(0).integers(0, 2, [B, U]) * 2.0) if dropped else None}

    def loss(*tensors):
        return tf.add_n([tf.reduce_sum(tf.sin(3 * each)) for each in kind[0](*tensors, **optional)])

    ours, by_differences = tf.test.compute_gradient(loss, tensors, delta=1e-6)

    for one, other in zip(ours, by_differences):
        np.testing.assert_allclose(one, other, atol=1e-7)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_in_float32_are_those_in_float64(kind, masked):
    real = tf.constant(padding()) if masked else None

    def gradients(dtype):
        tensors = arguments(kind, dtype=dtype)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            loss = tf.add_n([tf.reduce_sum(tf.sin(3 * each)) for each in kind[0](*tensors, real=real)])
        return tape.gradient(loss, tensors)

    for single, double in zip(gradients(np.float32), gradients(np.float64)):
        np.testing.assert_allclose(single, double, atol=3e-5)


@pytest.mark.parametrize("batch", [0, 1, 2, 5])
def test_halves_of_a_batch_side_by_side_give_the_same(kind, batch, monkeypatch):
    def run():
        tensors = [each[:, :batch] if index == 0 else each[:batch] if index > 3 else each
                   for index, each in enumerate(arguments(kind, dtype=np.float32, rows=5))]
        real = tf.constant(np.random.default_rng(0).random([T, batch]) < 0.6)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            outputs = kind[0](*tensors, real=real, dropped=2 * tf.ones([batch, U]))
            loss = tf.add_n([tf.reduce_sum(tf.sin(3 * each)) for each in outputs])
        return [*outputs, *tape.gradient(loss, tensors)]

    at_once = run()
    monkeypatch.setattr(batch_parts, "WIDE", U)

    assert batch_parts.number(U) == 2 and batch_parts.number(U - 1) == 1
    for one, other in zip(at_once, run()):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_padding_of_any_size_reaches_no_output_and_no_gradient(kind):
    tensors, real = arguments(kind), padding()

    def run(inputs):
        with tf.GradientTape() as tape:
            tape.watch(tensors[1:])
            outputs = kind[0](inputs, *tensors[1:], real=tf.constant(real))
            loss = tf.add_n([tf.reduce_sum(each ** 2) for each in outputs])
        return [*outputs, *tape.gradient(loss, tensors[1:])]

    changed = tf.where(real[:, :, np.newaxis], tensors[0], 1e30)

    for one, other in zip(run(tensors[0]), run(changed)):
        np.testing.assert_array_equal(one, other)


def test_a_wholly_masked_sequence_keeps_its_state_and_passes_its_gradient(kind):
    tensors = arguments(kind)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs, *last = kind[0](*tensors, real=tf.zeros([T, B], tf.bool))
        loss = tf.reduce_sum(last[-1])

    np.testing.assert_array_equal(last[-1], tensors[-1])
    np.testing.assert_array_equal(outputs, np.broadcast_to(tensors[4], outputs.shape))
    *zeros, by_state = tape.gradient(loss, tensors)
    np.testing.assert_array_equal(by_state, 1)
    assert not any(np.any(each) for each in zeros)


def test_no_steps_give_the_first_state_and_zero_gradients_of_weights(kind):
    tensors = arguments(kind, steps=0)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs, *last = kind[0](*tensors)
        loss = tf.reduce_sum(last[0])

    assert outputs.shape == [0, B, U]
    np.testing.assert_array_equal(last[0], tensors[4])
    gradients = tape.gradient(loss, tensors)
    assert [each.shape for each in gradients] == [each.shape for each in tensors]
    assert not any(np.any(each) for each in gradients[1:4])


def test_a_graph_of_unknown_sizes_gives_the_same(kind):
    tensors, real = arguments(kind, dtype=np.float32), tf.constant(padding())

    def run(real, *tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            outputs = kind[0](*tensors, real=real)
            loss = tf.add_n([tf.reduce_sum(each ** 2) for each in outputs])
        return [*outputs, *tape.gradient(loss, tensors)]

    specs = [tf.TensorSpec([None] * each.shape.rank, each.dtype) for each in (real, *tensors)]
    graph = tf.function(run, input_signature=specs, autograph=False)

    for one, other in zip(graph(real, *tensors), run(real, *tensors)):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("module", [lstm, gru])
def test_other_lengths_are_not_traced_anew(module):
    kind = KINDS[module.__name__.split(".")[-1]]
    kind[0](*arguments(kind, steps=2)), kind[0](*arguments(kind, steps=3))
    traced = module._forward.experimental_get_tracing_count()

    for steps in range(4, 12):
        kind[0](*arguments(kind, steps=steps))

    assert module._forward.experimental_get_tracing_count() == traced


def test_an_element_never_written_is_zeros():
    steps = tensor_lists.put(tensor_lists.empty(2, tf.zeros([3])), 1, tf.ones([3]))

    np.testing.assert_array_equal(tensor_lists.get(steps, 0, tf.zeros([3])), 0)
    np.testing.assert_array_equal(tensor_lists.stack(steps, tf.zeros([3])), [[0] * 3, [1] * 3])
