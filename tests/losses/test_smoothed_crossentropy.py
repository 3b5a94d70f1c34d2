"""Smoothed cross-entropy against Keras on one-hot labels and against float64 NumPy."""
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.losses.smoothed_crossentropy import SmoothedCrossentropy, smoothed_crossentropy


def draw(seed, classes=7, scale=3.0):
    generator = np.random.default_rng(seed)
    return generator.integers(classes, size=6).astype(np.int32), generator.normal(0, scale, size=[6, classes])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_it_is_kerass_loss_of_one_hot_labels(seed, smoothing, scale):
    labels, logits = draw(seed, scale=scale)
    keras = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

    own = SmoothedCrossentropy(smoothing)(labels, logits)

    np.testing.assert_allclose(own, keras(np.eye(7)[labels], logits), rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_is_the_formula_in_float64(smoothing):
    labels, logits = draw(0)
    log_probs = logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
    target = (1 - smoothing) * np.eye(7)[labels] + smoothing / 7

    own = smoothed_crossentropy(tf.constant(labels), tf.constant(logits), smoothing)

    np.testing.assert_allclose(own, -np.sum(target * log_probs, axis=-1), rtol=1e-5)


def test_ten_classes_by_hand():
    # -log softmax of the label is log(1 + 9 e^-2) = 0.79661, of each other class 2.79661;
    # smoothed: 0.91 * 0.79661 + 9 * 0.01 * 2.79661
    logits = tf.constant([[2.0] + [0.0] * 9])

    np.testing.assert_allclose(smoothed_crossentropy(tf.constant([0]), logits, 0.1), [0.97661], atol=1e-5)


def test_the_gradient_is_the_softmax_less_the_smoothed_target():
    labels, logits = draw(0)
    logits = tf.constant(logits, tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_sum(smoothed_crossentropy(tf.constant(labels), logits, 0.1))

    target = 0.9 * np.eye(7)[labels] + 0.1 / 7
    np.testing.assert_allclose(tape.gradient(loss, logits), tf.nn.softmax(logits) - target, atol=1e-5)


def test_labels_may_have_a_last_axis_of_one_as_fit_gives_them():
    labels, logits = draw(0)

    np.testing.assert_array_equal(SmoothedCrossentropy(0.1)(labels[:, np.newaxis], logits),
                                  SmoothedCrossentropy(0.1)(labels, logits))


def test_a_model_learns_with_it_and_loads_with_it(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), tf.keras.layers.Dense(3)])
    model.compile("sgd", SmoothedCrossentropy(0.1))
    x, y = np.eye(3, 2), np.arange(3)

    history = model.fit(x, y, epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert history.history["loss"][-1] < history.history["loss"][0]
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_an_impossible_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="0 <= label_smoothing < 1"):
        SmoothedCrossentropy(smoothing)


@pytest.mark.parametrize("label", [3, -1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_label_out_of_range_is_an_error_not_a_number(label, smoothing):
    """The words are those of one kernel or of another, as an earlier test may have asked for op determinism."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{label}.*(valid range of|not in) \\[0, 3\\)"):
        smoothed_crossentropy(tf.constant([label]), tf.zeros([1, 3]), smoothing)


def test_a_label_out_of_range_is_an_error_under_op_determinism():
    code = ("import tensorflow as tf; from npfl_kit.losses.smoothed_crossentropy import smoothed_crossentropy\n"
            "tf.keras.utils.set_random_seed(42); tf.config.experimental.enable_op_determinism()\n"
            "try: print(smoothed_crossentropy(tf.constant([3]), tf.zeros([1, 3]), 0.1))\n"
            "except tf.errors.InvalidArgumentError as error: print('refused:', error.message)")

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.startswith("refused:") and "not in [0, 3)" in found.stdout
