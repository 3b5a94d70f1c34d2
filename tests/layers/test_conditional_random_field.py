"""The conditional random field against a walk through all tag sequences; padding anywhere, lengths 0 and 1."""
import itertools

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.conditional_random_field import ConditionalRandomField

B, K = 4, 3


def field(seed=0, tags=K):
    layer = ConditionalRandomField(tags)
    layer.build([None, None, tags])
    layer.set_weights([np.random.default_rng(seed).normal(size=[tags, tags])])
    return layer


def example(steps, seed=0, lowest=0):
    """Logits, tags and a mask with holes whose first row is empty."""
    rng = np.random.default_rng(seed)
    padding_mask = rng.random([B, steps]) < 0.7
    padding_mask[0] = False
    return (rng.normal(size=[B, steps, K]).astype(np.float32), rng.integers(lowest, K, [B, steps]).astype(np.int32),
            padding_mask)


def scores(logits, transitions):
    """Every sequence of tags and its score, by the definition."""
    for tags in itertools.product(range(K), repeat=len(logits)):
        yield tags, (sum(step[tag] for step, tag in zip(logits, tags))
                     + sum(transitions[pair] for pair in zip(tags, tags[1:])))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("steps", [0, 1, 2, 5])
@pytest.mark.parametrize("lowest", [0, -1], ids=["known", "some_unknown"])
def test_the_likelihood_is_that_of_a_walk_through_all_sequences(seed, steps, lowest):
    layer, (logits, tags, padding_mask) = field(seed), example(steps, seed, lowest)

    losses = layer.negative_log_likelihood(tags, logits, padding_mask)

    assert losses.shape == [B]
    for row, real in enumerate(padding_mask):
        every = list(scores(logits[row, real], layer.transitions.numpy()))
        right = [score for sequence, score in every
                 if all(gold in (tag, -1) for tag, gold in zip(sequence, tags[row, real]))]
        expected = np.log(sum(np.exp(score) for _, score in every)) - np.log(sum(map(np.exp, right)))
        np.testing.assert_allclose(losses[row], expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_the_decoded_sequence_has_the_highest_score_of_all(seed, steps):
    layer, (logits, _, padding_mask) = field(seed), example(steps, seed)

    decoded = layer.decode(logits, padding_mask)

    assert decoded.dtype == tf.int32 and decoded.shape == [B, steps]
    np.testing.assert_array_equal(decoded.numpy()[~padding_mask], -1)
    for row, real in enumerate(padding_mask):
        best, _ = max(scores(logits[row, real], layer.transitions.numpy()), key=lambda pair: pair[1])
        assert tuple(decoded.numpy()[row, real]) == best


def test_without_a_mask_all_steps_are_real():
    layer, (logits, tags, _) = field(), example(4)

    np.testing.assert_array_equal(layer.decode(logits), layer.decode(logits, np.ones([B, 4], bool)))
    np.testing.assert_array_equal(layer.negative_log_likelihood(tags, logits),
                                  layer.negative_log_likelihood(tags, logits, np.ones([B, 4], bool)))


@pytest.mark.parametrize("lowest", [0, -1])
def test_gradients_are_those_of_differences_and_of_expected_counts(lowest):
    layer, (logits, tags, padding_mask) = field(), example(4, lowest=lowest)

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.reduce_sum(layer.negative_log_likelihood(tags, logits, padding_mask))
        return tape.gradient(loss, [logits, layer.transitions])

    logits = tf.constant(logits)
    by_logits, by_transitions = gradients()

    np.testing.assert_array_equal(by_logits.numpy()[~padding_mask], 0)
    np.testing.assert_allclose(tf.reduce_sum(by_logits, axis=-1), 0, atol=1e-5)         # probabilities less one-hot
    start, size = layer.transitions.numpy(), 1e-2
    for place in itertools.product(range(K), repeat=2):
        losses = []
        for sign in (1, -1):
            moved = start.copy()
            moved[place] += sign * size
            layer.set_weights([moved])
            losses.append(float(tf.reduce_sum(layer.negative_log_likelihood(tags, logits, padding_mask))))
        np.testing.assert_allclose(by_transitions[place], (losses[0] - losses[1]) / (2 * size), atol=2e-3)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_empty_sequences_cost_nothing_and_have_finite_gradients(steps):
    layer, (logits, _, _) = field(), example(steps)
    nothing = np.zeros([B, steps], bool)
    with tf.GradientTape() as tape:
        losses = layer.negative_log_likelihood(np.full([B, steps], -1), logits, nothing)

    np.testing.assert_array_equal(losses, 0)
    np.testing.assert_array_equal(tape.gradient(losses, layer.transitions), 0)
    np.testing.assert_array_equal(layer.decode(logits, nothing), -1)


def test_without_transitions_every_tag_is_chosen_alone():
    layer, (logits, tags, padding_mask) = ConditionalRandomField(K), example(5)
    np.testing.assert_array_equal(layer(logits), logits)

    np.testing.assert_array_equal(layer.decode(logits), logits.argmax(axis=-1))
    alone = tf.nn.sparse_softmax_cross_entropy_with_logits(tags, logits)
    np.testing.assert_allclose(layer.negative_log_likelihood(tags, logits, padding_mask),
                               tf.reduce_sum(tf.where(padding_mask, alone, 0), axis=1), atol=1e-5)


def test_a_graph_of_unknown_sizes_gives_the_same():
    layer, given = field(), example(5, lowest=-1)
    specs = [tf.TensorSpec([None, None, K]), *(tf.TensorSpec([None, None], dtype) for dtype in (tf.int32, tf.bool))]

    @tf.function(input_signature=specs, autograph=False)
    def graph(logits, tags, padding_mask):
        return layer.negative_log_likelihood(tags, logits, padding_mask), layer.decode(logits, padding_mask)

    losses, decoded = graph(*given)

    np.testing.assert_allclose(losses, layer.negative_log_likelihood(given[1], given[0], given[2]), atol=1e-5)
    np.testing.assert_array_equal(decoded, layer.decode(given[0], given[2]))


def test_files_and_masks_pass_through(tmp_path):
    inputs = tf.keras.Input([None, K])
    model = tf.keras.Model(inputs, ConditionalRandomField(K, name="crf")(tf.keras.layers.Masking()(inputs)))
    model.set_weights([np.ones([K, K])])

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert model.output._keras_mask is not None
    np.testing.assert_array_equal(loaded.get_layer("crf").transitions, 1)


def test_half_precision_is_computed_in_single_precision():
    layer, (logits, tags, padding_mask) = field(), example(5)
    half = ConditionalRandomField(K, dtype="mixed_float16")
    half(logits)
    half.set_weights(layer.get_weights())

    losses = half.negative_log_likelihood(tags, tf.cast(logits, tf.float16), padding_mask)

    assert losses.dtype == tf.float32 and half.transitions.dtype == tf.float32
    np.testing.assert_allclose(losses, layer.negative_log_likelihood(tags, logits, padding_mask), atol=0.01)


def test_other_numbers_of_tags_are_refused():
    with pytest.raises(ValueError, match="num_tags >= 1"):
        ConditionalRandomField(0)
    with pytest.raises(ValueError, match=r"logits \[B, T, 3\]"):
        ConditionalRandomField(3)(tf.zeros([1, 2, 4]))
