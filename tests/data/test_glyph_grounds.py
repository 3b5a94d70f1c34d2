"""Grounds of scenes are textured, of about the brightness that was asked for, and a function of the generator."""
import numpy as np
import pytest

from npfl_kit.data import glyph_grounds


@pytest.mark.parametrize("side", [96, 128, 256])
@pytest.mark.parametrize("brightness", [0.1, 0.5, 0.9])
def test_a_ground_has_its_size_brightness_and_some_texture(side, brightness):
    grounds = [glyph_grounds.ground(np.random.default_rng(seed), side, brightness) for seed in range(8)]

    assert all(each.shape == (side, side, 3) and each.dtype == np.float32 for each in grounds)
    assert all(abs(np.median(each) - brightness) < 0.25 and each.std() > 0.02 for each in grounds)
    assert np.isfinite(grounds).all()


def test_the_same_generator_gives_the_same_ground_and_another_another():
    first, second, third = (glyph_grounds.ground(np.random.default_rng(seed), 96, 0.5) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, second)
    assert np.abs(first - third).max() > 0.05
