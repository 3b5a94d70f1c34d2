import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import keypoints


def one(found, gold, area=100.0, box=(0, 0, 10, 10), sigma=.1):
    """The similarity of a single pair with the keypoints `found` and `gold`, x and y, and visibility."""
    gold = np.array(gold, np.float64)
    return keypoints.similarity(np.array([found], np.float64), gold[None], np.array([box], np.float64),
                                np.array([area]), np.full(len(gold), sigma))[0]


def test_met_keypoints_are_one():
    assert one([[3, 4], [5, 6]], [[3, 4, 2], [5, 6, 1]]) == 1


def test_a_step_of_the_deviation_is_an_eighth_in_the_exponent():
    # d = sigma * sqrt(area) = 1, and k = 2 sigma, so exp(-d^2 / (2 area 4 sigma^2)) = exp(-1 / 8)
    assert one([[4, 4]], [[3, 4, 2]]) == pytest.approx(np.exp(-1 / 8))


def test_what_is_not_labeled_is_left_out():
    assert one([[3, 4], [99, 99]], [[3, 4, 2], [0, 0, 0]]) == 1


def test_without_labels_only_twice_the_box_matters():
    assert one([[-9, 19]], [[0, 0, 0]]) == 1
    assert one([[21, 0]], [[0, 0, 0]]) == pytest.approx(np.exp(-1 / 8))


def test_an_object_without_area_is_met_exactly_or_not():
    assert one([[3, 4]], [[3, 4, 2]], area=0.0) == 1
    assert one([[3, 5]], [[3, 4, 2]], area=0.0) == 0


@pytest.mark.parametrize("given", [[.1], [.1, 0], [.1, float("nan")]])
def test_wrong_sigmas_are_a_usage_error(given):
    with pytest.raises(errors.UsageError, match="2 positive sigmas"):
        keypoints.sigmas(2, given)
