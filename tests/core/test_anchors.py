"""Anchors: the paper's numbers, torchvision's, and the order of a head's output."""
import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import anchors, boxes


def test_the_first_cell_of_p3_by_hand():
    # ratio 0.5: 32 sqrt(0.5) = 22.627 high and 45.255 wide around (4, 4); scales 1, 1.26, 1.587; ratio 2 transposed
    wide = [[-7.314, -18.627, 15.314, 26.627], [-10.254, -24.509, 18.254, 32.509], [-13.959, -31.919, 21.959, 39.919]]
    square = [[-12, -12, 20, 20], [-16.159, -16.159, 24.159, 24.159], [-21.398, -21.398, 29.398, 29.398]]

    found = anchors.pyramid(512, 512)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:9], [*wide, *square, *np.array(wide)[:, [1, 0, 3, 2]]], atol=1e-3)


def test_the_numbers_of_torchvision_for_a_picture_whose_strides_drift(shared):
    golden = np.load(shared / "golden" / "anchors.npz")

    found = anchors.pyramid(*golden["image_hw"], convention="torchvision")

    np.testing.assert_array_equal(boxes.convert(found, "tlbr", "xyxy"), golden["anchors_xyxy"])


@pytest.mark.parametrize("size, count", [((512, 512), 49104), ((800, 1344), 201600), ((640, 480), 57600),
                                         ((1, 1), 45), ((129, 1), 9 * (17 + 9 + 5 + 3 + 2))])
def test_counts(size, count):
    assert len(anchors.pyramid(*size)) == sum(anchors.counts(*size)) == count


def test_the_order_is_level_row_column_ratio_scale():
    height, width, levels, scales, ratios = 70, 40, (3, 5), (1, 1.5), (0.5, 1, 2)
    found = iter(anchors.pyramid(height, width, levels, 2.0, scales, ratios))

    for level in levels:
        stride = 2 ** level
        for row in range(-(-height // stride)):
            for column in range(-(-width // stride)):
                for ratio in ratios:
                    for scale in scales:
                        y, x, h, w = boxes.convert(next(found), "tlbr", "cyxhw")
                        np.testing.assert_allclose([y, x], [(row + 0.5) * stride, (column + 0.5) * stride], atol=1e-4)
                        np.testing.assert_allclose([h / w, h * w], [ratio, (2 * stride * scale) ** 2], rtol=1e-4)
    assert next(found, None) is None


def test_counts_are_those_of_each_level():
    per_level = [len(anchors.pyramid(100, 37, [level], scales=[1, 2])) for level in (2, 3, 4)]

    assert anchors.counts(100, 37, (2, 3, 4), per_cell=6) == per_level


def test_half_the_base_gives_half_the_size_around_the_same_centers():
    full, half = (boxes.convert(anchors.pyramid(64, 64, base=base), "tlbr", "cyxhw") for base in (4, 2))

    np.testing.assert_allclose(half[:, :2], full[:, :2], atol=1e-4)
    np.testing.assert_allclose(half[:, 2:] * 2, full[:, 2:], rtol=1e-5)


def test_no_levels_are_no_anchors():
    assert anchors.pyramid(64, 64, levels=()).shape == (0, 4) and anchors.counts(64, 64, levels=()) == []


def test_an_unknown_convention_is_refused():
    with pytest.raises(errors.UsageError, match="did you mean torchvision"):
        anchors.pyramid(64, 64, convention="torch_vision")


@pytest.mark.parametrize("mistake", [{"height": 0}, {"width": -1}, {"base": 0}, {"scales": [1, 0]}, {"ratios": [-1]}],
                         ids=str)
def test_numbers_that_are_not_positive_are_refused(mistake):
    with pytest.raises(ValueError, match="positive"):
        anchors.pyramid(**{"height": 64, "width": 64, **mistake})
