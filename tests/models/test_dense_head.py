"""The head of a dense detector: its answers stand in the order of the anchors, and its levels share their weights."""
import math

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.core import anchors
from npfl_kit.models.dense_head import dense_head

HEIGHT, WIDTH = 100, 57
GRID = anchors.pyramid(HEIGHT, WIDTH)                           # [A, 4]
SHAPES = {f"P{level}": (-(-HEIGHT // 2 ** level), -(-WIDTH // 2 ** level)) for level in range(3, 8)}


def head(outputs=4, anchors=9, known=True, depth=3, **options):
    inputs = {level: tf.keras.layers.Input([*(shape if known else (None, None)), depth], name=level)
              for level, shape in SHAPES.items()}
    return tf.keras.Model(inputs, dense_head(inputs, outputs, anchors, "answers", **options))


def maps(seed=0, depth=3, batch=2):
    generator = np.random.default_rng(seed)
    return {level: tf.constant(generator.normal(size=[batch, *shape, depth]), tf.float32)
            for level, shape in SHAPES.items()}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("outputs", [1, 7])
def test_there_is_an_answer_for_each_anchor(outputs, known):
    model = head(outputs, channels=8, convolutions=1, known=known)

    assert model(maps()).shape == (2, len(GRID), outputs)
    assert model.output.shape == (None, len(GRID) if known else None, outputs)


@pytest.fixture(scope="module")
def pointer():
    """A head that answers `100 * anchor + output + 1` at the nine anchors of a cell of value 1."""
    model = head(outputs=4, convolutions=1, channels=1, depth=1)
    hand_on(model.get_layer("answers_conv1"), [1])
    hand_on(model.get_layer("answers_output"), 100 * np.arange(9).repeat(4) + np.tile(np.arange(4), 9) + 1)
    return model


def hand_on(layer, factors):
    kernel = np.zeros(layer.kernel.shape, np.float32)
    kernel[1, 1, 0] = factors
    layer.set_weights([kernel, np.zeros(layer.bias.shape)])


@pytest.mark.parametrize("level, row, column", [("P3", 0, 0), ("P3", 12, 7), ("P3", 5, 2), ("P4", 0, 3), ("P4", 6, 1),
                                                ("P5", 3, 1), ("P6", 1, 0), ("P7", 0, 0)])
def test_the_answer_of_a_cell_stands_where_its_anchors_do(pointer, level, row, column):
    """A value at one cell of one level comes out at the nine anchors whose center lies in it, and nowhere else."""
    zeros = {name: np.zeros([1, *shape, 1], np.float32) for name, shape in SHAPES.items()}
    zeros[level][0, row, column] = 1

    answers = pointer(zeros).numpy()[0]                                                           # [A, 4]

    stride, centers = 2 ** int(level[1]), (GRID[:, :2] + GRID[:, 2:]) / 2
    sides = np.sqrt((GRID[:, 2:] - GRID[:, :2]).prod(-1))
    is_there = np.isclose(centers, (np.array([row, column]) + 0.5) * stride).all(-1) & (np.round(sides / stride) >= 4)
    is_there &= sides / stride < 8 - 1e-3                                   # centers of several levels can coincide
    np.testing.assert_array_equal(answers[~is_there], 0)
    np.testing.assert_array_equal(answers[is_there], 100 * np.arange(9)[:, None] + np.arange(4) + 1)


def test_levels_share_the_weights_of_the_head():
    levels = {level: tf.keras.layers.Input([4, 5, 3], name=level) for level in ("P3", "P4")}
    model = tf.keras.Model(levels, dense_head(levels, outputs=2, anchors=9, name="answers", channels=8, norm="group"))
    x = tf.random.stateless_normal([2, 4, 5, 3], [0, 1])

    finer, coarser = tf.split(model({"P3": x, "P4": x}), 2, axis=1)

    np.testing.assert_array_equal(finer, coarser)
    assert np.ptp(finer) > 0
    assert sum(isinstance(layer, tf.keras.layers.Conv2D) for layer in model.layers) == 5


@pytest.mark.parametrize("prior", [0.01, 0.9])
def test_before_training_the_logits_say_the_prior(prior):
    model = head(outputs=3, channels=16, prior=prior)

    probabilities = tf.sigmoid(model(maps())).numpy()

    np.testing.assert_allclose(probabilities, prior, rtol=0.02)
    assert model.get_layer("answers_output").bias.numpy()[0] == pytest.approx(-math.log((1 - prior) / prior), abs=1e-6)


def test_weights_start_small_and_biases_at_nothing():
    model = head(channels=32, convolutions=3)

    convolutions = [layer for layer in model.layers if isinstance(layer, tf.keras.layers.Conv2D)]
    assert [layer.name for layer in convolutions] == ["answers_conv1", "answers_conv2", "answers_conv3",
                                                      "answers_output"]
    for layer in convolutions:
        assert np.std(layer.kernel) == pytest.approx(0.01, rel=0.2) and abs(np.mean(layer.kernel)) < 0.001
        np.testing.assert_array_equal(layer.bias, 0)


@pytest.mark.parametrize("norm, kind", [("none", None), ("group", "GroupNormalization"),
                                        ("batch", "BatchNormalization")])
def test_each_convolution_but_the_last_is_normalized(norm, kind):
    model = head(channels=8, convolutions=2, norm=norm)

    names = [layer.name for layer in model.layers if type(layer).__name__ == kind]
    assert names == ([] if kind is None else ["answers_norm1", "answers_norm2"])
    assert sum(isinstance(layer, tf.keras.layers.ReLU) for layer in model.layers) == 2


def test_an_unknown_normalization_is_a_sentence():
    with pytest.raises(errors.UsageError, match="no normalization 'bach'; did you mean batch"):
        head(norm="bach")


def test_answers_are_float32_under_mixed_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = head(channels=4, convolutions=1)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")

    assert model.get_layer("answers_conv1").compute_dtype == "bfloat16" and model.output.dtype == tf.float32
