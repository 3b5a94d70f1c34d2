"""Local response normalization against loops over channels."""
import numpy as np

from npfl_kit.layers.local_response_normalization import LocalResponseNormalization


def test_every_channel_is_divided_by_its_neighbors():
    x = np.random.default_rng(42).normal(0, 30, size=[2, 3, 3, 7]).astype(np.float32)

    outputs = LocalResponseNormalization()(x)

    for channel in range(7):
        near = x[..., max(0, channel - 2):channel + 3].astype(np.float64)        # n = 5 channels
        expected = x[..., channel] / (2 + 1e-4 * np.sum(near ** 2, axis=-1)) ** 0.75
        np.testing.assert_allclose(outputs[..., channel], expected, rtol=1e-4)
