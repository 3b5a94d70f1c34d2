"""Stochastic depth: the draws, their average, who shares them, and where they come from."""
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.stochastic_depth import StochasticDepth, linear_decay

DRAWS = 1000


def kept(layer, batch=1, draws=DRAWS):
    """Which residual branches of ones were added to shortcuts of zeros: bool [draws, batch]."""
    zeros, ones = tf.zeros([batch, 2, 2, 1]), tf.ones([batch, 2, 2, 1])
    step = tf.function(lambda: layer([zeros, ones], training=True))
    outputs = np.stack([step() for _ in range(draws)])                # [draws, B, 2, 2, 1]
    np.testing.assert_array_equal(outputs, np.broadcast_to(outputs[:, :, :1, :1], outputs.shape))
    return outputs[:, :, 0, 0, 0] == 1


@pytest.mark.parametrize("survival", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("per_sample", [False, True])
def test_the_average_training_output_is_the_inference_output(survival, per_sample):
    layer = StochasticDepth(survival, per_sample, seed=42)
    x = [tf.ones([1, 2, 2, 1]), 2 * tf.ones([1, 2, 2, 1])]

    average = 1 + 2 * kept(layer).mean()

    np.testing.assert_allclose(layer(x, training=False), 1 + 2 * survival)
    np.testing.assert_allclose(average, 1 + 2 * survival, atol=2 * 4 * np.sqrt(survival * (1 - survival) / DRAWS))


def test_the_whole_batch_shares_one_draw():
    draws = kept(StochasticDepth(0.5, seed=42), batch=4, draws=50)

    assert (draws == draws[:, :1]).all() and 0 < draws[:, 0].mean() < 1


def test_every_sample_draws_for_itself_if_asked():
    draws = kept(StochasticDepth(0.5, per_sample=True, seed=42), batch=4, draws=50)

    assert not (draws == draws[:, :1]).all()


def test_a_branch_that_always_survives_is_a_sum():
    layer = StochasticDepth(1.0)

    for training in (False, True):
        np.testing.assert_array_equal(layer([tf.ones([2, 3]), tf.ones([2, 3])], training=training), 2)


def test_draws_repeat_when_the_generator_is_reset():
    layer = StochasticDepth(0.5, seed=42)

    first = kept(layer, draws=40)
    layer._random_generator._generator.reset_from_seed(42)
    second = kept(layer, draws=40)

    np.testing.assert_array_equal(first, second)


def test_a_dropped_branch_gets_no_gradient():
    layer = StochasticDepth(0.5, seed=42)
    residual = tf.ones([1, 2])

    for _ in range(20):
        with tf.GradientTape() as tape:
            tape.watch(residual)
            outputs = layer([tf.zeros([1, 2]), residual], training=True)
        np.testing.assert_array_equal(tape.gradient(outputs, residual), outputs)


@pytest.mark.parametrize("count", [1, 5, 54])
def test_linear_decay_falls_evenly_to_the_last_branch(count):
    survivals = [linear_decay(index, count, 0.5) for index in range(1, count + 1)]

    np.testing.assert_allclose(survivals[-1], 0.5)
    np.testing.assert_allclose(np.diff([1.0, *survivals]), -0.5 / count)


@pytest.mark.parametrize("index", [0, 6])
def test_a_branch_out_of_the_network_is_refused(index):
    with pytest.raises(ValueError, match="from 1"):
        linear_decay(index, 5, 0.5)


@pytest.mark.parametrize("survival", [0.0, -0.1, 1.1])
def test_an_impossible_survival_is_refused(survival):
    with pytest.raises(ValueError, match="0 < survival_probability <= 1"):
        StochasticDepth(survival)


def test_a_single_tensor_is_refused():
    with pytest.raises(ValueError, match="shortcut, residual"):
        StochasticDepth(0.5)(tf.ones([2, 2]))


def test_addons_are_imported_without_a_word():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "default::UserWarning", "-c", "import npfl_kit.layers.stochastic_depth"]

    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=True)

    assert "Addons" not in run.stdout + run.stderr
