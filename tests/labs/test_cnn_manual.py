"""cnn_manual: its convolution and gradients against TensorFlow and against small differences, and its runs."""
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

LAB = pathlib.Path(__file__).parents[2] / "labs" / "01_convolution" / "cnn_manual.py"
# batch, height, width, channels, kernel, filters, stride
CASES = {
    "plain": (3, 8, 8, 2, 3, 4, 1),
    "strided": (2, 9, 9, 3, 3, 2, 2),
    "wide": (2, 6, 11, 2, 3, 3, 2),
    "kernel_1x1": (2, 5, 4, 3, 1, 2, 1),
    "kernel_is_the_image": (2, 5, 5, 2, 5, 3, 1),
    "kernel_is_the_image_strided": (2, 4, 4, 1, 4, 2, 3),
    "stride_above_the_kernel": (2, 10, 10, 2, 2, 3, 4),
    "stride_above_the_image": (1, 4, 4, 1, 2, 2, 7),
    "batch_of_one": (1, 7, 7, 1, 3, 1, 2),
    "remainder": (2, 8, 10, 2, 3, 2, 3),
    "one_pixel": (1, 1, 1, 1, 1, 1, 1),
}


def load():
    spec = importlib.util.spec_from_file_location("cnn_manual", LAB)
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
    return folder, lab.main(args_of(lab, "--cnn=4-5-3", "--verify", f"--logdir={folder}"))


def example(case, seed):
    """x, kernel and dL/dy in float64, and the stride."""
    batch, height, width, channels, size, filters, stride = CASES[case]
    generator = np.random.default_rng(seed)
    outputs = [(height - size) // stride + 1, (width - size) // stride + 1]
    shapes = [batch, height, width, channels], [size, size, channels, filters], [batch, *outputs, filters]
    return (*(tf.constant(generator.normal(size=shape)) for shape in shapes), stride)


def args_of(lab, *flags):
    return lab.parser.parse_args(["--threads=2", "--train_size=150", "--epochs=1", *flags])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_convolution_and_both_gradients_equal_those_of_tensorflow(lab, case, seed):
    x, kernel, gradient, stride = example(case, seed)
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        true = tf.nn.conv2d(x, kernel, stride, "VALID")
    true_x, true_kernel = tape.gradient(true, [x, kernel], gradient)

    y = lab.conv2d(x, kernel, stride)
    x_gradient = lab.conv2d_input_gradient(x.shape, kernel, gradient, stride)
    kernel_gradient = lab.conv2d_kernel_gradient(x, gradient, kernel.shape[0], stride)

    np.testing.assert_allclose(y, true, atol=1e-12)
    np.testing.assert_allclose(x_gradient, true_x, atol=1e-12)
    np.testing.assert_allclose(kernel_gradient, true_kernel, atol=1e-12)


@pytest.mark.parametrize("case", ["plain", "strided", "stride_above_the_kernel", "remainder"])
def test_gradients_are_the_slopes_of_the_loss(lab, case):
    x, kernel, gradient, stride = example(case, seed=2)
    step = 1e-3     # the loss is linear in each argument, so that any step is exact
    places = np.random.default_rng(3)

    def slope(of, other, value):
        place = tuple(places.integers(0, of.shape))
        change = np.zeros(of.shape)
        change[place] = step
        losses = [tf.reduce_sum(other(of + sign * change) * gradient) for sign in (1, -1)]
        np.testing.assert_allclose(value[place], (losses[0] - losses[1]) / (2 * step), atol=1e-8)

    for _ in range(10):
        slope(x, lambda x: lab.conv2d(x, kernel, stride),
              lab.conv2d_input_gradient(x.shape, kernel, gradient, stride).numpy())
        slope(kernel, lambda kernel: lab.conv2d(x, kernel, stride),
              lab.conv2d_kernel_gradient(x, gradient, kernel.shape[0], stride).numpy())


@pytest.mark.parametrize("case", CASES)
def test_the_gradients_are_adjoints_of_the_convolution(lab, case):
    x, kernel, gradient, stride = example(case, seed=4)
    loss = tf.reduce_sum(lab.conv2d(x, kernel, stride) * gradient)

    by_x = tf.reduce_sum(x * lab.conv2d_input_gradient(x.shape, kernel, gradient, stride))
    by_kernel = tf.reduce_sum(kernel * lab.conv2d_kernel_gradient(x, gradient, kernel.shape[0], stride))

    np.testing.assert_allclose([by_x, by_kernel], [loss, loss], rtol=1e-10)


def test_pixels_that_no_window_covers_get_no_gradient(lab):
    x, kernel, gradient, stride = example("remainder", seed=5)      # 8 x 10, kernel 3, stride 3: two windows, three

    x_gradient = lab.conv2d_input_gradient(x.shape, kernel, gradient, stride).numpy()

    assert np.all(x_gradient[:, 6:] == 0) and np.all(x_gradient[:, :, 9:] == 0)
    assert np.all(x_gradient[:, :6, :9] != 0)


def test_pixels_between_the_windows_get_no_gradient(lab):
    x, kernel, gradient, stride = example("stride_above_the_kernel", seed=6)     # windows at 0, 4, 8 of two pixels

    x_gradient = lab.conv2d_input_gradient(x.shape, kernel, gradient, stride).numpy()

    covered = np.isin(np.arange(10) % 4, [0, 1])
    np.testing.assert_array_equal(np.any(x_gradient != 0, axis=(0, 3)), np.outer(covered, covered))


def test_the_convolution_written_by_hand(lab):
    x = tf.reshape(tf.range(9.0), [1, 3, 3, 1])                     # 0 1 2 / 3 4 5 / 6 7 8
    kernel = tf.reshape(tf.constant([1.0, 0.0, 0.0, 10.0]), [2, 2, 1, 1])

    y = lab.conv2d(x, kernel, 1)
    back = lab.conv2d_input_gradient(x.shape, kernel, tf.ones([1, 2, 2, 1]), 1)

    assert y[0, :, :, 0].numpy().tolist() == [[40, 51], [73, 84]]   # 0 + 10 * 4, 1 + 10 * 5, ...
    assert back[0, :, :, 0].numpy().tolist() == [[1, 1, 0], [1, 11, 10], [0, 10, 10]]


@pytest.mark.parametrize("cnn, batch", [("4-3-1", 5), ("3-3-2,4-2-3", 1), ("2-9-1", 3)])
def test_a_step_follows_the_gradient_of_the_mean_crossentropy(lab, cnn, batch):
    model = lab.build_model(args_of(lab, f"--cnn={cnn}"), [9, 9, 2], 4)
    model.set_weights([weights + 0.1 * np.cos(np.arange(weights.size)).reshape(weights.shape)
                       for weights in model.get_weights()])
    model.compile(tf.optimizers.SGD(1.0), tf.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, labels = tf.random.stateless_uniform([batch, 9, 9, 2], [7, 8]), tf.range(batch) % 4
    before = model.get_weights()
    with tf.GradientTape() as tape:
        loss = model.loss(labels, model(images))
    true = tape.gradient(loss, model.trainable_variables)

    logs = model.train_on_batch(images, labels, return_dict=True)

    np.testing.assert_allclose(logs["loss"], loss, rtol=1e-5)
    for old, new, gradient in zip(before, model.get_weights(), true):
        assert np.any(gradient != 0)
        np.testing.assert_allclose(old - new, gradient, atol=1e-6)


def test_training_records_no_gradient_tape(lab, monkeypatch):
    model = lab.build_model(args_of(lab), [12, 12, 1], 3)
    model.compile(tf.optimizers.Adam(0.01), tf.losses.SparseCategoricalCrossentropy(from_logits=True))
    monkeypatch.setattr(tf.GradientTape, "__enter__", lambda tape: pytest.fail("a tape in training"))

    model.fit(tf.random.stateless_uniform([7, 12, 12, 1], [1, 2]), tf.range(7) % 3, batch_size=4, verbose=0)


def test_weights_fit_the_network_of_keras_layers(lab):
    model = lab.build_model(args_of(lab, "--cnn=4-3-2,3-2-1"), [10, 9, 3], 5)
    keras = tf.keras.Sequential([
        tf.keras.Input([10, 9, 3]), tf.keras.layers.Conv2D(4, 3, 2, activation="relu"),
        tf.keras.layers.Conv2D(3, 2, activation="relu"), tf.keras.layers.Flatten(), tf.keras.layers.Dense(5)])
    images = tf.random.stateless_normal([2, 10, 9, 3], [1, 1])

    keras.set_weights(model.get_weights())

    np.testing.assert_allclose(model(images), keras(images), atol=1e-5)


def test_initial_weights_are_glorot_of_the_seed_and_zero(lab):
    first, again, other = (lab.build_model(args_of(lab, f"--seed={seed}"), [12, 12, 1], 3) for seed in (1, 1, 2))

    kernel, bias = first.layers[0].get_weights()
    np.testing.assert_array_equal(kernel, again.layers[0].kernel)
    np.testing.assert_array_equal(kernel, tf.initializers.GlorotUniform(1)(kernel.shape))
    assert np.any(kernel != other.layers[0].kernel) and not np.any(bias)


@pytest.mark.parametrize("cnn", ["", "5", "5-3", "5-3-2-1", "5-0-1", "0-3-1", "5-3-0", "5-3-2,", "a-3-1", "-5-3-1",
                                 "5-13-1", "5-3-9,5-3-1", "5 -3-1", "٣-3-1"])
def test_a_network_that_cannot_be_is_a_usage_error_that_shows_the_form(lab, cnn):
    with pytest.raises(errors.UsageError, match="filters-kernel-stride"):
        lab.build_model(args_of(lab, f"--cnn={cnn}"), [12, 14, 3], 10)


def test_verify_passes(lab, capsys):
    lab.verify(lab.build_model(args_of(lab, "--cnn=3-3-2,4-2-1"), [9, 8, 2], 4))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].rstrip("_0123456789") for line in lines] == ["conv", "conv", "flatten", "logits"]


@pytest.mark.parametrize("function", ["conv2d", "conv2d_input_gradient", "conv2d_kernel_gradient"])
@pytest.mark.parametrize("mistake", [lambda value: -value, lambda value: value * 1.01, lambda value: value * math.nan,
                                     lambda value: tf.reverse(value, [1])], ids=["sign", "1%", "nan", "mirrored"])
def test_verify_fails_on_a_mistake(lab, monkeypatch, function, mistake):
    right = getattr(lab, function)
    monkeypatch.setattr(lab, function, lambda *args: mistake(right(*args)))

    with pytest.raises(errors.KitError, match="conv_1 differs from TensorFlow"):
        lab.verify(lab.build_model(args_of(lab, "--cnn=3-3-2,4-2-1"), [9, 8, 2], 4))


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_verify_fails_on_a_wrong_sign_in_the_dense_layer(lab, monkeypatch, wrong):
    right = lab.backward

    def backward(layer, x, y, gradient):
        found = right(layer, x, y, gradient)
        if layer.name == "logits":
            found[wrong] = -found[wrong]
        return found

    monkeypatch.setattr(lab, "backward", backward)

    with pytest.raises(errors.KitError, match="logits differs"):
        lab.verify(lab.build_model(args_of(lab, "--cnn=3-3-2"), [9, 8, 2], 4))


def test_two_runs_with_one_seed_are_equal_and_finite(lab, trained, tmp_path):
    again = lab.main(args_of(lab, "--cnn=4-5-3", f"--logdir={tmp_path / 'again'}"))

    assert {"val_accuracy", "test_accuracy"} <= set(again)
    assert all(math.isfinite(value) for value in again.values())
    assert again == trained[1]


def test_predict_gives_the_numbers_of_the_training(lab, trained, tmp_path):
    flags = ["--predict", f"--weights={trained[0] / 'weights.safetensors'}", f"--logdir={tmp_path / 'again'}"]

    assert lab.main(lab.parser.parse_args(flags)) == trained[1]


def test_16_bit_layers_leave_the_mathematics_in_float32(lab):
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = lab.build_model(args_of(lab), [12, 12, 1], 3)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    model.compile(tf.optimizers.Adam(0.01), tf.losses.SparseCategoricalCrossentropy(from_logits=True))

    logs = model.train_on_batch(tf.ones([2, 12, 12, 1]), tf.range(2), return_dict=True)

    assert math.isfinite(logs["loss"]) and {layer.compute_dtype for layer in model.layers} == {"float32"}


@pytest.mark.slow
def test_it_learns_the_digits(lab, shared, tmp_path):
    metrics = lab.main(lab.parser.parse_args([
        "--dataset=mnist", f"--data_dir={shared / 'data' / 'mnist'}", "--epochs=1", "--cnn=5-3-2", "--threads=2",
        f"--logdir={tmp_path / 'run'}"]))

    assert abs(metrics["val_accuracy"] - 0.9286) < 0.015            # the course: 92.86 on dev, 91.00 on test
    assert abs(metrics["test_accuracy"] - 0.9100) < 0.015


def test_help_and_a_mistake_in_a_flag_need_no_traceback():
    shown = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=120)

    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ["Run:", "Try:", "Read:", "--cnn", "--verify", "--resume"])
