"""The focal loss against torchvision's numbers, float64 NumPy, and logits that are sure of themselves."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.losses.focal_loss import FocalLoss, focal_loss


def loss_and_gradient(y_true, logits, alpha, gamma):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = focal_loss(tf.constant(y_true), logits, alpha, gamma)
    return loss.numpy(), tape.gradient(loss, logits).numpy()


def draw(seed):
    generator = np.random.default_rng(seed)
    return generator.integers(2, size=[6, 5]).astype(np.float32), generator.normal(0, 4, size=[6, 5])


@pytest.mark.parametrize("alpha, gamma", [(0.25, 2.0), (-1.0, 2.0), (0.25, 0.5), (0.5, 5.0)])
def test_values_and_gradients_are_torchvisions(shared, alpha, gamma):
    golden = np.load(shared / "golden" / "focal.npz")

    loss, gradient = loss_and_gradient(golden["targets"], golden["logits"], None if alpha < 0 else alpha, gamma)

    np.testing.assert_allclose(loss, golden[f"loss_a{alpha}_g{gamma}"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient, golden[f"grad_a{alpha}_g{gamma}"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("alpha", [None, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
def test_it_is_the_formula_in_float64(alpha, gamma):
    y_true, logits = draw(0)
    prob = 1 / (1 + np.exp(-logits))
    p_t = np.where(y_true, prob, 1 - prob)
    alpha_t = 1 if alpha is None else np.where(y_true, alpha, 1 - alpha)

    loss, _ = loss_and_gradient(y_true, logits, alpha, gamma)

    assert loss.dtype == np.float64
    np.testing.assert_allclose(loss, -alpha_t * (1 - p_t) ** gamma * np.log(p_t), rtol=1e-12)


def test_without_focus_and_alpha_it_is_keras_crossentropy():
    y_true, logits = draw(1)
    keras = tf.keras.losses.BinaryCrossentropy(from_logits=True)

    np.testing.assert_allclose(FocalLoss(None, 0.0)(y_true, logits), 5 * keras(y_true, logits), rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_sure_answers_have_finite_gradients_and_sure_mistakes_the_full_ones(gamma):
    logits = np.float32([200, 50, -50, -200, 200, 50, -50, -200])
    y_true = np.float32([1, 1, 1, 1, 0, 0, 0, 0])

    loss, gradient = loss_and_gradient(y_true, logits, None, gamma)

    np.testing.assert_allclose(loss, [0, 0, 50, 200, 200, 50, 0, 0], atol=1e-6)
    np.testing.assert_allclose(gradient, [0, 0, -1, -1, 1, 1, 0, 0], atol=1e-5)     # (1 - p_t)^gamma is flat there


def test_an_easy_answer_counts_ten_thousand_times_less():
    logit = np.log(0.99 / 0.01)

    crossentropy, focal = (focal_loss(tf.ones([]), tf.constant(logit), None, gamma) for gamma in (0.0, 2.0))

    np.testing.assert_allclose(crossentropy / focal, 1e4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, bool])
def test_ones_may_be_of_any_type(dtype):
    y_true, logits = draw(2)

    np.testing.assert_allclose(FocalLoss()(y_true.astype(dtype), logits), FocalLoss()(y_true, logits), rtol=1e-6)


def test_weights_make_the_papers_mean_over_foreground_anchors():
    y_true, logits = np.float32([[[0, 1], [0, 0], [1, 0], [0, 0]]]), np.random.default_rng(0).normal(size=[1, 4, 2])
    used, foreground = np.array([[1.0, 1, 1, 0]]), 2        # the last anchor is between the thresholds

    weighted = FocalLoss()(y_true, logits, sample_weight=used * used.size / foreground)

    losses = focal_loss(tf.constant(y_true), tf.constant(logits)).numpy().sum(axis=-1)
    np.testing.assert_allclose(weighted, losses[0, :3].sum() / foreground, rtol=1e-6)


@pytest.mark.parametrize("mistake", [{"alpha": 1.5}, {"alpha": -1}, {"gamma": -0.1}], ids=str)
def test_numbers_out_of_range_are_refused(mistake):
    with pytest.raises(ValueError, match="FocalLoss needs"):
        FocalLoss(**mistake)
