"""The learning rate over time, and what weight decay touches."""
import argparse

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import optimizers


def rates(decay, steps=100, warmup=0):
    schedule = optimizers.Schedule(0.5, decay, steps, warmup)
    return np.array([float(schedule(step)) for step in range(steps + 1)])


def test_cosine_falls_from_the_rate_to_zero_by_half_a_cosine():
    np.testing.assert_allclose(rates("cosine"), 0.25 * (1 + np.cos(np.pi * np.arange(101) / 100)), atol=1e-6)


def test_piecewise_divides_by_ten_at_half_and_three_quarters():
    np.testing.assert_allclose(rates("piecewise")[[0, 49, 50, 74, 75, 100]], [.5, .5, .05, .05, .005, .005], rtol=1e-5)


def test_none_stays():
    assert set(rates("none")) == {0.5}


@pytest.mark.parametrize("decay", optimizers.DECAYS)
def test_warmup_rises_linearly_to_the_rate_and_then_decays(decay):
    with_warmup = rates(decay, steps=100, warmup=20)

    np.testing.assert_allclose(with_warmup[:20], 0.5 * np.arange(1, 21) / 20, rtol=1e-6)
    assert with_warmup[20] == pytest.approx(0.5)
    assert np.all(np.diff(with_warmup[20:]) <= 1e-9)


def test_an_unknown_decay_is_a_sentence():
    with pytest.raises(errors.UsageError, match="There is no decay 'cosin'; did you mean cosine?"):
        optimizers.Schedule(0.5, "cosin", 100)


def test_the_schedule_survives_its_config():
    schedule = optimizers.Schedule(0.5, "cosine", 100, 10)

    again = optimizers.Schedule.from_config(schedule.get_config())

    assert float(again(37)) == float(schedule(37))


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=2, type=int)
    optimizers.add_arguments(parser, optimizer="sgd", learning_rate=0.1, decay="none")
    return parser


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_without_weight_decay_a_zero_gradient_changes_nothing(parser, name):
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), tf.keras.layers.Dense(3)])
    optimizer = optimizers.optimizer(parser.parse_args([f"--optimizer={name}"]), model, steps_per_epoch=5)
    before = [weight.numpy() for weight in model.trainable_weights]

    optimizer.apply_gradients([(tf.zeros_like(weight), weight) for weight in model.trainable_weights])

    for weight, old in zip(model.trainable_weights, before):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_weight_decay_touches_kernels_only(parser, name):
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), tf.keras.layers.Dense(3, bias_initializer="ones"),
                                 tf.keras.layers.BatchNormalization()])
    args = parser.parse_args([f"--optimizer={name}", "--weight_decay=0.5"])
    optimizer = optimizers.optimizer(args, model, steps_per_epoch=5)
    before = [weight.numpy() for weight in model.trainable_weights]

    optimizer.apply_gradients([(tf.zeros_like(weight), weight) for weight in model.trainable_weights])

    np.testing.assert_allclose(model.trainable_weights[0], before[0] * (1 - 0.1 * 0.5), rtol=1e-5)
    for weight, old in list(zip(model.trainable_weights, before))[1:]:
        np.testing.assert_array_equal(weight, old)
