"""Channels of zeros."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.layers.pad_channels import pad_channels


@pytest.mark.parametrize("channels", [3, 4, 10])
def test_the_features_stay_and_zeros_follow(channels):
    x = np.random.default_rng(42).normal(size=[2, 4, 5, 3])

    outputs = pad_channels(tf.constant(x), channels)

    np.testing.assert_array_equal(outputs[..., :3], x)
    np.testing.assert_array_equal(outputs[..., 3:], np.zeros([2, 4, 5, channels - 3]))


def test_fewer_channels_are_refused():
    with pytest.raises(ValueError, match="cannot reduce"):
        pad_channels(tf.ones([1, 2, 2, 4]), 3)
