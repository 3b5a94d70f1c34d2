"""A turned, sheared and scaled character is drawn where its corners say."""
import numpy as np
import pytest

from npfl_kit.data import glyph_shapes

FORMS = [(20, 0, 0, 1), (14.5, 0.2, 0, 1), (40, -0.26, 0.15, 1.16), (85, 0.26, -0.15, 0.86), (12, 0, 0.1, 1)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("character", "HX4T")
@pytest.mark.parametrize("font", [1, 19], ids=["bold", "italics beside the middle of their masks"])
@pytest.mark.parametrize("middle", [(50, 50), (50.5, 61.25)])
def test_the_ink_fills_the_frame(form, character, font, middle):
    shape = glyph_shapes.shape(character, font, *form)

    cover, (top, left) = shape.draw(np.array(middle))

    rows, columns = np.flatnonzero((cover > 0.5).any(1)) + top, np.flatnonzero((cover > 0.5).any(0)) + left
    corners = shape.corners + middle
    assert rows[0] >= corners[:, 0].min() - 1 and rows[-1] + 1 <= corners[:, 0].max() + 1
    assert columns[0] >= corners[:, 1].min() - 1 and columns[-1] + 1 <= corners[:, 1].max() + 1
    assert rows[-1] + 1 - rows[0] > 0.8 * np.ptp(corners[:, 0]) - 2
    assert columns[-1] + 1 - columns[0] > 0.7 * np.ptp(corners[:, 1]) - 2
    assert 0 <= cover.min() and cover.max() <= 1


@pytest.mark.parametrize("form", FORMS)
def test_the_frame_has_the_height_that_was_asked_for(form):
    height, angle, shear, aspect = form
    upper_left, upper_right, lower_left, _ = glyph_shapes.shape("H", 0, *form).corners

    across, down = upper_right - upper_left, lower_left - upper_left
    np.testing.assert_allclose(abs(np.cross(across, down)) / np.linalg.norm(across), height, rtol=1e-6)
    np.testing.assert_allclose(np.arctan2(across[0], across[1]), angle, atol=1e-6)


@pytest.mark.parametrize("dy, dx", [(1, 0), (-3, 5), (0, 20)])
def test_a_whole_shift_moves_the_drawing_exactly(dy, dx):
    shape = glyph_shapes.shape("S", 4, 24, 0.1, 0.05, 1.0)

    cover, start = shape.draw(np.array([40.25, 40.75]))
    moved, other = shape.draw(np.array([40.25 + dy, 40.75 + dx]))

    np.testing.assert_array_equal(moved, cover)
    assert (other - start).tolist() == [dy, dx]
