"""What every loss keeps: eager equals graph, configuration round trip, any batch, half precision, finite gradients."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.losses.focal_loss import FocalLoss
from npfl_kit.losses.giou_loss import GIoULoss
from npfl_kit.losses.smooth_l1_loss import SmoothL1Loss
from npfl_kit.losses.smoothed_crossentropy import SmoothedCrossentropy


def class_ids(batch, magnitude):
    generator = np.random.default_rng(42)
    logits = magnitude * generator.choice([-1.0, 0.0, 1.0], size=[batch, 5])
    return tf.constant(generator.integers(5, size=batch)), tf.constant(logits, tf.float32)


def ones_and_zeros(batch, magnitude):
    labels, logits = class_ids(batch, magnitude)
    return tf.one_hot(labels, 5), logits


def deltas(batch, magnitude):
    return tf.random.stateless_normal([batch, 4], [1, 2]), class_ids(batch, magnitude)[1][:, :4]


def boxes(batch, magnitude):
    corner = tf.random.stateless_uniform([batch, 2], [1, 2])
    return tf.concat([corner, corner + 1], axis=-1), class_ids(batch, magnitude)[1][:, :4]    # predictions of any size


ALL_LOSSES = {                        # constructor, y_true and y_pred
    "focal_loss": (FocalLoss, ones_and_zeros),
    "focal_loss_without_focus": (lambda **kwargs: FocalLoss(None, gamma=0.0, **kwargs), ones_and_zeros),
    "focal_loss_below_one": (lambda **kwargs: FocalLoss(gamma=0.5, **kwargs), ones_and_zeros),
    "giou_loss": (GIoULoss, boxes),
    "smooth_l1_loss": (SmoothL1Loss, deltas),
    "smooth_l1_loss_of_beta_0": (lambda **kwargs: SmoothL1Loss(0.0, **kwargs), deltas),
    "smoothed_crossentropy": (lambda **kwargs: SmoothedCrossentropy(0.1, **kwargs), class_ids),
    "smoothed_crossentropy_of_sure_labels": (SmoothedCrossentropy, class_ids),
}


@pytest.fixture(params=ALL_LOSSES)
def case(request):
    return ALL_LOSSES[request.param]


@pytest.mark.parametrize("batch", [1, 3])
def test_eager_equals_graph_for_any_batch(case, batch):
    make, inputs = case
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in inputs(2, 1.0)]

    graph = tf.function(make(), input_signature=specs)

    np.testing.assert_allclose(make()(*inputs(batch, 1.0)), graph(*inputs(batch, 1.0)), rtol=1e-6)


def test_xla_gives_the_same_value_and_gradient(case):
    make, inputs = case
    y_true, y_pred = inputs(64, 5.0)

    def value_and_gradient(y_pred):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = make()(y_true, y_pred)
        return value, tape.gradient(value, y_pred)

    for ours, compiled in zip(value_and_gradient(y_pred), tf.function(value_and_gradient, jit_compile=True)(y_pred)):
        np.testing.assert_allclose(ours, compiled, rtol=1e-5, atol=1e-7)


def test_the_configuration_round_trips(case):
    loss = case[0](reduction=tf.keras.losses.Reduction.SUM)

    again = tf.keras.losses.deserialize(tf.keras.losses.serialize(loss))

    assert type(again) is type(loss) and again.get_config() == loss.get_config()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32])
@pytest.mark.parametrize("magnitude", [1.0, 200.0])
def test_value_and_gradient_are_finite_in_every_precision(case, dtype, magnitude):
    y_true, y_pred = case[1](64, magnitude)
    y_pred = tf.cast(y_pred, dtype)

    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = case[0]()(y_true, y_pred)
    gradient = tape.gradient(value, y_pred)

    assert value.dtype == tf.float32 and np.isfinite(value)
    assert gradient.dtype == dtype and np.isfinite(tf.cast(gradient, tf.float32)).all() and np.any(gradient)


def test_no_reduction_has_one_number_per_example_and_weights_of_zero_leave_out(case):
    y_true, y_pred = case[1](4, 1.0)
    loss = case[0](reduction=tf.keras.losses.Reduction.NONE)

    weighted = loss(y_true, y_pred, sample_weight=[1.0, 0, 1, 0])

    np.testing.assert_allclose(weighted, loss(y_true, y_pred) * [1, 0, 1, 0], rtol=1e-6)
    assert weighted.shape == [4]
