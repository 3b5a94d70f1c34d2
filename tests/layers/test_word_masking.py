"""Words are hidden at random, padding never, and nothing outside of training."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.word_masking import WordMasking


def words():
    return tf.constant(np.tile([[5, 7, 9, 2, 0]], [2000, 1]), tf.int32)


def test_about_that_share_of_the_words_becomes_unknown():
    found = WordMasking(0.3)(words(), training=True).numpy()

    assert np.all((found == 1) | (found == words()))
    assert (found[:, :4] == 1).mean() == pytest.approx(0.3, abs=0.02)


def test_padding_is_never_hidden():
    assert not WordMasking(0.9)(words(), training=True).numpy()[:, 4].any()


@pytest.mark.parametrize("rate, training", [(0.9, False), (0.9, None), (0.0, True)])
def test_nothing_is_hidden_outside_of_training_or_at_rate_0(rate, training):
    np.testing.assert_array_equal(WordMasking(rate)(words(), training=training), words())


def test_each_step_draws_anew_also_in_a_graph():
    layer = WordMasking(0.5)
    step = tf.function(lambda: layer(words(), training=True))

    assert not np.array_equal(step(), step())


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(ValueError, match="WordMasking needs 0 <= rate < 1"):
        WordMasking(rate)


def test_it_is_rebuilt_from_its_config():
    layer = WordMasking(0.25, seed=3, name="hide")

    again = WordMasking.from_config(layer.get_config())

    assert (again.rate, again.seed, again.name) == (0.25, 3, "hide")
