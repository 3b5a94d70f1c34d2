"""Formats of boxes: there and back, by hand, and what is refused."""
import itertools

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import box_formats, boxes

NAMES = [*box_formats.FORMATS, *(f"{name}_unit" for name in box_formats.FORMATS)]
BY_HAND = {     # one box in a picture 50 high and 200 wide
    "tlbr": [10, 40, 30, 100], "xyxy": [40, 10, 100, 30], "xywh": [40, 10, 60, 20], "yxhw": [10, 40, 20, 60],
    "cyxhw": [20, 70, 20, 60],
    "tlbr_unit": [0.2, 0.2, 0.6, 0.5], "xyxy_unit": [0.2, 0.2, 0.5, 0.6], "xywh_unit": [0.2, 0.2, 0.3, 0.4],
    "yxhw_unit": [0.2, 0.2, 0.4, 0.3], "cyxhw_unit": [0.4, 0.35, 0.4, 0.3]}


@pytest.mark.parametrize("source, target", list(itertools.product(NAMES, NAMES)))
def test_every_pair_of_formats_by_hand(source, target):
    converted = boxes.convert(np.float32([BY_HAND[source]]), source, target, height=50, width=200)

    assert converted.dtype == np.float32
    np.testing.assert_allclose(converted, [BY_HAND[target]], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_everywhere(run, name):
    given = np.random.default_rng(0).uniform(-50, 50, [2, 3, 4]).astype(np.float32)    # sizes of any sign

    back = run(lambda given: boxes.convert(boxes.convert(given, "tlbr", name, 50, 30), name, "tlbr", 50, 30), given)

    np.testing.assert_allclose(back, given, atol=2e-5)


def test_each_picture_of_a_batch_has_its_own_size(run):
    whole = np.float32([[[0, 0, 8, 4]], [[0, 0, 20, 10]]])                              # [B, 1, 4]

    unit = run(lambda given, sizes: boxes.convert(given, "tlbr", "xywh_unit", sizes[:, :1], sizes[:, 1:]),
               whole, np.int32([[8, 4], [20, 10]]))

    np.testing.assert_array_equal(unit, [[[0, 0, 1, 1]]] * 2)


def test_no_boxes_are_no_boxes(run):
    assert run(lambda given: boxes.convert(given, "xywh", "cyxhw"), np.zeros([0, 4], np.float32)).shape == (0, 4)


def test_an_unknown_format_is_refused_with_the_nearest_name():
    with pytest.raises(errors.UsageError, match="'xyhw'; did you mean"):
        boxes.convert([[0, 0, 1, 1]], "xyhw", "tlbr")


@pytest.mark.parametrize("size", [{}, {"height": 3}, {"width": 3}])
def test_shares_of_an_unknown_picture_are_refused(size):
    with pytest.raises(errors.UsageError, match="add height=, width="):
        boxes.convert([[0, 0, 1, 1]], "tlbr", "xywh_unit", **size)


def test_between_two_formats_in_shares_no_size_is_needed():
    np.testing.assert_allclose(boxes.convert([0.2, 0.2, 0.6, 0.5], "tlbr_unit", "xywh_unit"), [0.2, 0.2, 0.3, 0.4])
