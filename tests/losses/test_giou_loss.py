"""The GIoU loss: by hand, its gradient, and boxes that are none."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import boxes
from npfl_kit.losses.giou_loss import GIoULoss, giou_loss


def test_by_hand():
    gold = [[0.0, 0, 2, 2]] * 4
    pred = [[0.0, 0, 2, 2], [0, 2, 2, 4], [0, 4, 2, 6], [0, 0, 1, 4]]
    # equal; touching: IoU 0, hull full; apart: hull 12, 8 covered; hull 8, covered 6, shared 2
    expected = [0, 1, 1 + 4 / 12, 1 - (2 / 6 - 2 / 8)]

    np.testing.assert_allclose(giou_loss(tf.constant(gold), tf.constant(pred)), expected, rtol=1e-6)
    np.testing.assert_allclose(GIoULoss()(gold, pred), np.mean(expected), rtol=1e-6)


@pytest.mark.parametrize("pred", [[0, 0, 0, 0], [5, 5, 5, 5], [9, 9, 1, 1], [0, 9, 9, 9], [1e4, 1e4, 2e4, 2e4]],
                         ids=str)
@pytest.mark.parametrize("gold", [[0, 0, 10, 10], [3, 3, 3, 3], [0, 0, 0, 0]], ids=str)
def test_value_and_gradient_are_finite_for_boxes_that_are_none(gold, pred):
    pred = tf.constant(pred, tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(pred)
        loss = GIoULoss()(tf.constant(gold, tf.float32), pred)

    assert 0 <= loss <= 2 and np.isfinite(tape.gradient(loss, pred)).all()


def test_gradient_descent_moves_a_box_onto_its_object_from_afar():
    gold, box = tf.constant([10.0, 10, 30, 40]), tf.Variable([60.0, 70, 70, 80])
    optimizer = tf.keras.optimizers.Adam(1.0)
    step = tf.function(lambda: optimizer.minimize(lambda: giou_loss(gold, box), [box]))

    for _ in range(150):
        step()

    assert boxes.iou(gold, box) > 0.9


def test_it_is_unmoved_by_scale():
    gold, pred = tf.constant([0.0, 0, 4, 8]), tf.constant([1.0, 2, 6, 7])

    np.testing.assert_allclose(giou_loss(gold, pred), giou_loss(gold * 64, pred * 64), rtol=1e-6)
