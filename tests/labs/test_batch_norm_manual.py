"""batch_norm_manual: its formulas against Keras's layer and against small differences, and its runs."""
import importlib.util
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import glyphs
from npfl_kit.train import classification

LAB = pathlib.Path(__file__).parents[2] / "labs" / "02_image_classification" / "batch_norm_manual.py"
SHAPES = [[5, 3], [2, 1], [4, 6, 3], [3, 4, 5, 2], [1, 4, 4, 3], [2, 1, 1, 3], [2, 3, 2, 2, 3]]
FUSED = {4, 5}          # ranks for which Keras 2.15 calls a fused kernel


def load():
    spec = importlib.util.spec_from_file_location("batch_norm_manual", LAB)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lab():
    return load()


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Few glyphs, and no plots."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glyphs, "COUNTS", {"train": 200, "dev": 90, "test": 70})
        patch.setattr(classification, "draw", lambda *args: None)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory, quick):
    """The folder and the metrics of a short run."""
    folder, lab = tmp_path_factory.mktemp("runs") / "first", load()
    return folder, lab.main(args_of(lab, "--verify", f"--logdir={folder}"))


def args_of(lab, *flags):
    return lab.parser.parse_args(["--threads=2", "--train_size=100", "--epochs=1", *flags])


def example(shape, seed):
    """x, gamma, beta and dL/dy in float64."""
    generator = np.random.default_rng(seed)
    scale, shift = generator.uniform(0.5, 4, size=shape[-1]), generator.normal(size=shape[-1])
    arrays = generator.normal(size=shape) * scale + shift, scale - 2, shift, generator.normal(size=shape)
    return [tf.constant(array) for array in arrays]


def both(lab, shape, **kwargs):
    """Our layer and Keras's, with the same weights."""
    layers = lab.BatchNorm(**kwargs), tf.keras.layers.BatchNormalization(**kwargs)
    for layer in layers:
        layer.build(tf.TensorShape(shape))
        layer.built = True
        layer.set_weights([0.5 + np.arange(weights.size) / 3 for weights in layer.get_weights()])
    return layers


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_equal_those_of_tensorflow(lab, shape, seed):
    x, gamma, beta, gradient = example(shape, seed)
    with tf.GradientTape() as tape:
        tape.watch([x, gamma, beta])
        mean, variance = tf.nn.moments(x, list(range(len(shape) - 1)))
        y = tf.nn.batch_normalization(x, mean, variance, beta, gamma, lab.EPSILON)
    true = tape.gradient(y, [x, gamma, beta], gradient)

    np.testing.assert_allclose(lab.normalize(x, *lab.moments(x), gamma, beta), y, atol=1e-12)
    for ours, each in zip(lab.gradients(x, *lab.moments(x), gamma, gradient), true):
        np.testing.assert_allclose(ours, each, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_are_the_slopes_of_the_loss(lab, shape):
    values = example(shape, seed=2)
    gradient, step = values.pop(), 1e-5
    places = np.random.default_rng(3)

    def loss(x, gamma, beta):
        return tf.reduce_sum(lab.normalize(x, *lab.moments(x), gamma, beta) * gradient)

    found = lab.gradients(values[0], *lab.moments(values[0]), values[1], gradient)

    for index in range(3):
        place = tuple(places.integers(0, values[index].shape))
        change = np.zeros(values[index].shape)
        change[place] = step
        above, below = (loss(*(value + sign * change if at == index else value for at, value in enumerate(values)))
                        for sign in (1, -1))
        np.testing.assert_allclose(found[index].numpy()[place], (above - below) / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [[6, 3], [3, 4, 5, 2]], ids=str)
def test_a_normalized_batch_has_mean_beta_and_deviation_gamma(lab, shape):
    x, gamma, beta, _ = example(shape, seed=4)

    mean, variance = lab.moments(lab.normalize(1000 * x, *lab.moments(1000 * x), gamma, beta))

    np.testing.assert_allclose(mean, beta, atol=1e-10)
    np.testing.assert_allclose(variance, gamma ** 2, rtol=1e-4)     # epsilon is small beside 1000^2


@pytest.mark.parametrize("shape", [[6, 3], [3, 4, 5, 2]], ids=str)
def test_the_gradient_of_x_changes_neither_mean_nor_variance(lab, shape):
    x, gamma, _, gradient = example(shape, seed=5)
    axes = list(range(len(shape) - 1))

    x_gradient = lab.gradients(1000 * x, *lab.moments(1000 * x), gamma, gradient)[0]

    np.testing.assert_allclose(tf.reduce_sum(x_gradient, axes), 0, atol=1e-12)
    np.testing.assert_allclose(tf.reduce_sum(x_gradient * x, axes), 0, atol=1e-5)


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("shape", [*SHAPES, [1, 3], [1, 1, 1, 2]], ids=str)
def test_the_layer_equals_that_of_keras(lab, shape, graph):
    results = []
    for layer in both(lab, shape, momentum=0.7):
        def step(x, gradient, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=True)
            return y, *tape.gradient(y, [x, *layer.trainable_variables], gradient)

        step = tf.function(step) if graph else step
        for seed in (6, 7):
            x, *_, gradient = (tf.cast(value, tf.float32) for value in example(shape, seed))
            outputs = step(x, gradient)
        results.append([*outputs, *layer.weights, layer(x, training=False)])

    assert len(results[0]) == 9
    for ours, true in zip(*results):
        np.testing.assert_allclose(ours, true, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [[1, 3], [4, 3], [4, 6, 3], [3, 4, 5, 2], [1, 1, 1, 3], [1, 1, 2, 3],
                                   [2, 1, 2, 1, 3]], ids=str)
def test_the_moving_variance_is_unbiased_only_where_keras_calls_a_fused_kernel(lab, shape):
    x = tf.cast(example(shape, seed=8)[0], tf.float32)
    m = math.prod(shape[:-1])
    biased = np.var(x.numpy().astype(np.float64), axis=tuple(range(len(shape) - 1)))
    expected = biased * (m / max(m - 1, 1) if len(shape) in FUSED else 1)       # a single value has variance 0

    for layer in both(lab, shape, momentum=0.0):
        layer(x, training=True)

        np.testing.assert_allclose(layer.moving_variance, expected, rtol=1e-4, atol=1e-6)


def test_fused_is_about_the_kernel_and_not_about_the_rank():
    x = tf.cast(example([2, 2, 1, 3], seed=9)[0], tf.float32)
    variances = []
    for fused in (True, False):
        layer = tf.keras.layers.BatchNormalization(momentum=0.0, fused=fused)
        layer(x, training=True)
        variances.append(layer.moving_variance)

    np.testing.assert_allclose(variances[0], variances[1] * 4 / 3, rtol=1e-4)


def test_inference_moves_nothing(lab):
    layer = both(lab, [4, 3])[0]
    before = layer.get_weights()

    layer(tf.ones([4, 3]), training=False), layer(tf.ones([4, 3]))

    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_the_backward_pass_is_ours(lab, monkeypatch):
    layer, x = both(lab, [4, 3])[0], tf.ones([4, 3])
    monkeypatch.setattr(lab, "gradients", lambda x, mean, variance, gamma, gradient: (7 * gradient, gamma, gamma))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)

    np.testing.assert_array_equal(tape.gradient(y, x), 7 * tf.ones([4, 3]))


def test_16_bit_input_is_normalized_in_32_bits(lab):
    ours, true = both(lab, [8, 4, 4, 2], dtype="mixed_bfloat16")
    x = tf.cast(100 + example([8, 4, 4, 2], seed=10)[0], tf.bfloat16)

    y = ours(x, training=True)

    assert y.dtype == tf.float32
    np.testing.assert_allclose(y, tf.cast(true(x, training=True), tf.float32), atol=0.05)


def test_the_networks_of_manual_and_keras_share_their_weights(lab):
    manual, keras, none = (lab.build_model(args_of(lab, f"--norm={norm}"), [28, 28, 1], 5)
                           for norm in ("manual", "keras", "none"))
    images = tf.random.stateless_uniform([3, 28, 28, 1], [1, 2])

    keras.set_weights([weights + 0.1 for weights in manual.get_weights()])
    manual.set_weights(keras.get_weights())

    assert [weight.name for weight in manual.weights] == [weight.name for weight in keras.weights]
    np.testing.assert_allclose(manual(images), keras(images), rtol=1e-4, atol=1e-4)
    assert not any("norm" in weight.name for weight in none.weights)


def test_verify_passes(lab, capsys):
    lab.verify(0.9)

    assert capsys.readouterr().out.count("are off by") == 2


@pytest.mark.parametrize("output", [0, 1, 2])
@pytest.mark.parametrize("factor", [-1, 1.01, math.nan])
def test_verify_fails_on_a_wrong_gradient(lab, monkeypatch, output, factor):
    right = lab.gradients
    monkeypatch.setattr(lab, "gradients", lambda *args: [value * (factor if index == output else 1)
                                                         for index, value in enumerate(right(*args))])

    with pytest.raises(errors.KitError, match="off by over 1e-4"):
        lab.verify(0.9)


@pytest.mark.parametrize("function", ["moments", "normalize"])
def test_verify_fails_on_a_wrong_sign_forward(lab, monkeypatch, function):
    right = getattr(lab, function)
    monkeypatch.setattr(lab, function, lambda *args: tf.nest.map_structure(tf.negative, right(*args)))

    with pytest.raises(errors.KitError):
        lab.verify(0.9)


@pytest.mark.slow
def test_two_runs_with_one_seed_are_equal_and_finite(lab, trained, tmp_path):
    again = lab.main(args_of(lab, f"--logdir={tmp_path / 'again'}"))

    assert {"val_accuracy", "test_accuracy"} <= set(again)
    assert all(math.isfinite(value) for value in again.values())
    assert again == trained[1]


@pytest.mark.slow
def test_predict_gives_the_numbers_of_the_training(lab, trained, tmp_path):
    flags = ["--predict", f"--weights={trained[0] / 'weights.safetensors'}", f"--logdir={tmp_path / 'again'}"]

    assert lab.main(lab.parser.parse_args(flags)) == trained[1]


def test_help_has_the_header_and_the_flags():
    shown = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=120)

    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ["Run:", "Try:", "Read:", "--norm", "--verify", "--resume"])


@pytest.mark.slow
def test_without_normalization_the_default_learns_nothing(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(glyphs, "COUNTS", {"train": 12_000, "dev": 2_000, "test": 2_000})
    found = {norm: lab.main(lab.parser.parse_args(["--epochs=2", f"--norm={norm}", f"--logdir={tmp_path / norm}"]))
             for norm in ("manual", "none")}

    assert found["manual"]["val_accuracy"] > 0.5 and found["none"]["val_accuracy"] < 0.1
