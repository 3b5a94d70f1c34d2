"""Smooth L1: its two pieces, its two limits, and Keras's Huber."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.losses.smooth_l1_loss import SmoothL1Loss, smooth_l1


def draw(seed):
    generator = np.random.default_rng(seed)
    return generator.normal(size=[7, 4]), generator.normal(0, 2, size=[7, 4])


@pytest.mark.parametrize("beta", [1 / 9, 0.5, 1.0, 3.0])
def test_it_is_the_formula_in_float64(beta):
    y_true, y_pred = draw(0)
    distance = np.abs(y_true - y_pred)

    loss = smooth_l1(tf.constant(y_true), tf.constant(y_pred), beta)

    np.testing.assert_allclose(loss, np.where(distance < beta, distance ** 2 / (2 * beta), distance - beta / 2))


@pytest.mark.parametrize("beta", [0.1, 1.0, 2.0])
def test_it_is_kerass_huber_over_beta_summed_over_coordinates(beta):
    y_true, y_pred = draw(1)

    np.testing.assert_allclose(SmoothL1Loss(beta)(y_true, y_pred),
                               4 * tf.keras.losses.Huber(beta)(y_true, y_pred) / beta, rtol=1e-6)


def test_beta_0_is_l1():
    y_true, y_pred = draw(2)

    np.testing.assert_allclose(SmoothL1Loss(0.0)(y_true, y_pred), np.abs(y_true - y_pred).sum(axis=-1).mean())


@pytest.mark.parametrize("beta", [0.0, 0.1, 1.0])
def test_the_gradient_is_never_above_one_and_zero_at_zero(beta):
    y_pred = tf.constant([0.0, 1e-6, 0.05, -0.5, 0.1, 1, 3, -1e10, 3e38])

    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        loss = smooth_l1(tf.zeros_like(y_pred), y_pred, beta)
    gradient = tape.gradient(loss, y_pred)

    slope = np.sign(y_pred) if beta == 0 else np.clip(y_pred / beta, -1, 1)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5)
    assert np.isfinite(loss).all()


def test_the_pieces_meet_at_beta():
    around = np.array([1 - 1e-6, 1, 1 + 1e-6])

    loss = smooth_l1(tf.zeros([3], tf.float64), tf.constant(around), 1.0)

    np.testing.assert_allclose(loss, around - 0.5, atol=1e-10)


def test_a_negative_beta_is_refused():
    with pytest.raises(ValueError, match="beta >= 0"):
        SmoothL1Loss(-1.0)
