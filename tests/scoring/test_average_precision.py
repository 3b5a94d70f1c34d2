import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import average_precision

# 15 objects, 24 detections by decreasing score: the example of Padilla et al. 2020, A Survey on Performance Metrics.
EXAMPLE = [each == "1" for each in "101000000101110000000010"]


def test_eleven_point_of_the_published_example():
    assert average_precision.eleven_point(*average_precision.precision_recall(EXAMPLE, 15)) == \
        pytest.approx(.268398, abs=1e-6)


def test_all_point_of_the_published_example():
    assert average_precision.all_point(*average_precision.precision_recall(EXAMPLE, 15)) == \
        pytest.approx(.245687, abs=1e-6)


def test_101_points_of_the_published_example():
    precision, recall = average_precision.precision_recall(EXAMPLE, 15)

    at = average_precision.at_recalls(precision, recall, np.linspace(0, 1, 101))

    assert np.mean(at) == pytest.approx(.248160, abs=1e-6)


@pytest.mark.parametrize("mean", [average_precision.eleven_point, average_precision.all_point])
@pytest.mark.parametrize("right, num_gold, expected", [
    ([True, True], 2, 1.0), ([], 3, 0.0), ([False, False], 2, 0.0), ([], 0, 0.0), ([False], 0, 0.0)])
def test_perfect_empty_and_hopeless(mean, right, num_gold, expected):
    assert mean(*average_precision.precision_recall(right, num_gold)) == expected


@pytest.mark.parametrize("num_right", range(1, 11))
def test_a_recall_of_tenths_is_reached_at_its_point(num_right):
    found = average_precision.eleven_point(*average_precision.precision_recall([True] * num_right, 10))

    assert found == pytest.approx((num_right + 1) / 11)


@pytest.mark.parametrize("seed", range(5))
def test_all_point_is_the_area_under_the_envelope(seed):
    right = np.random.default_rng(seed).random(40) < .5
    precision, recall = average_precision.precision_recall(right, 30)
    fine = np.linspace(0, 1, 30_001)[1:] - 1 / 60_000

    found = average_precision.at_recalls(precision, recall, fine).mean()

    assert average_precision.all_point(precision, recall) == pytest.approx(found, abs=1e-9)


def test_more_right_ones_than_objects_are_refused():
    with pytest.raises(errors.UsageError, match="at most 1 right"):
        average_precision.precision_recall([True, True], 1)
