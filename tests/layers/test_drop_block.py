"""DropBlock: how much is dropped, where, in which shape, and that the average stays."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.drop_block import DropBlock, drop_block


def masks(side=14, rate=0.1, block_size=7, batch=200, channels=50, seed=42):
    """Which units were dropped of `batch * channels` maps: bool [B, H, W, C]."""
    noise = tf.random.stateless_uniform([batch, side, side, channels], [seed, 0])
    return drop_block(tf.ones_like(noise), noise, rate, block_size).numpy() == 0


def slow_mask(noise, gamma, block_size):
    """The paper's algorithm by loops over one map: seeds where the block fits, then squares."""
    height, width = noise.shape
    dropped = np.zeros([height, width], bool)
    for top in range(height - block_size + 1):
        for left in range(width - block_size + 1):
            if noise[top, left] < gamma:
                dropped[top:top + block_size, left:left + block_size] = True
    return dropped


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block_size", [1, 2, 3, 5])
def test_the_mask_is_the_one_of_the_paper_by_loops(seed, block_size):
    noise = np.random.default_rng(seed).random([2, 9, 7, 3]).astype(np.float32)
    gamma = 0.3 / block_size ** 2 * 9 * 7 / ((9 - block_size + 1) * (7 - block_size + 1))

    outputs = drop_block(tf.ones_like(noise), tf.constant(noise), 0.3, block_size).numpy()

    for example, scaled in zip(noise, outputs):
        kept = ~np.stack([slow_mask(example[..., c], gamma, block_size) for c in range(3)], axis=-1)
        np.testing.assert_allclose(scaled, kept * kept.size / kept.sum(), rtol=1e-6)


def test_fourteen_by_fourteen_loses_nine_percent_and_corners_the_least():
    dropped = masks()

    np.testing.assert_allclose(dropped.mean(), 0.093, atol=0.003)                # 10 % nominal, less the overlaps
    np.testing.assert_allclose(dropped[:, 6:8, 6:8].mean(), 0.262, atol=0.01)    # 49 of the 64 places cover the center
    np.testing.assert_allclose(dropped[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(), 0.007, atol=0.002)  # 1 of 64


@pytest.mark.parametrize("block_size", [1, 3, 4, 7])
def test_small_rates_drop_their_nominal_part(block_size):
    np.testing.assert_allclose(masks(rate=0.01, block_size=block_size).mean(), 0.01, atol=0.001)


def test_channels_and_examples_have_masks_of_their_own():
    dropped = masks(batch=4, channels=4, rate=0.3, block_size=2)

    assert len({dropped[b, :, :, c].tobytes() for b in range(4) for c in range(4)}) == 16


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (2, 9), (9, 2)])
def test_a_block_larger_than_the_map_shrinks_to_it(shape):
    noise = tf.random.stateless_uniform([4000, *shape, 1], [42, 0])

    dropped = drop_block(tf.ones_like(noise), noise, 0.2, block_size=7).numpy() == 0

    if shape != (2, 9) and shape != (9, 2):
        assert (dropped == dropped[:, :1, :1]).all()             # all or nothing
        np.testing.assert_allclose(dropped.mean(), 0.2, atol=0.03)
    assert 0.1 < dropped.mean() < 0.25


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_the_mean_of_every_example_stays(rate):
    noise = tf.random.stateless_uniform([8, 14, 14, 16], [42, 0])

    outputs = drop_block(tf.ones_like(noise), noise, rate, 5)

    np.testing.assert_allclose(tf.reduce_mean(outputs, axis=[1, 2, 3]), 1, rtol=1e-5)


def test_an_example_wholly_dropped_is_zero_not_nan():
    outputs = drop_block(tf.ones([1, 4, 4, 1]), tf.zeros([1, 4, 4, 1]), 0.5, 4)

    np.testing.assert_array_equal(outputs, 0)


def test_an_example_does_not_depend_on_its_neighbors():
    noise = tf.random.stateless_uniform([4, 14, 14, 2], [42, 0])

    together = drop_block(tf.ones_like(noise), noise, 0.2, 5)
    alone = tf.concat([drop_block(tf.ones([1, 14, 14, 2]), noise[i:i + 1], 0.2, 5) for i in range(4)], axis=0)

    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("signature", [[2, 8, 8, 3], [None, None, None, 3]])
def test_known_and_unknown_sizes_agree(signature):
    noise = tf.random.stateless_uniform([2, 8, 8, 3], [42, 0])
    features = tf.random.stateless_normal([2, 8, 8, 3], [43, 0])
    specs = [tf.TensorSpec(signature, tf.float32)] * 2
    graph = tf.function(lambda features, noise: drop_block(features, noise, 0.2, 3), input_signature=specs)

    np.testing.assert_allclose(graph(features, noise), drop_block(features, noise, 0.2, 3), rtol=1e-6)


def test_rate_zero_and_inference_change_nothing():
    features = tf.random.stateless_normal([2, 8, 8, 3], [43, 0])

    np.testing.assert_array_equal(DropBlock(0.0)(features, training=True), features)
    np.testing.assert_array_equal(DropBlock(0.3)(features, training=False), features)
    assert np.any(DropBlock(0.3, 3, seed=1)(features, training=True) != features)


def test_draws_repeat_when_the_generator_is_reset():
    layer, features = DropBlock(0.3, 3, seed=42), tf.ones([2, 8, 8, 3])

    first = layer(features, training=True)
    other = layer(features, training=True)
    layer._random_generator._generator.reset_from_seed(42)

    np.testing.assert_array_equal(layer(features, training=True), first)
    assert np.any(other != first)


@pytest.mark.parametrize("rate, block_size", [(-0.1, 7), (1.0, 7), (0.1, 0)])
def test_impossible_settings_are_refused(rate, block_size):
    with pytest.raises(ValueError, match="0 <= rate < 1 and block_size >= 1"):
        DropBlock(rate, block_size)
