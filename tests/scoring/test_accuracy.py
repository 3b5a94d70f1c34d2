import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import accuracy


@pytest.mark.parametrize("seed", range(3))
def test_accuracy_is_the_diagonal_of_the_confusion_matrix(seed):
    y_true, y_pred = np.random.default_rng(seed).integers(0, 5, [2, 200])

    matrix = accuracy.confusion_matrix(y_true, y_pred, 5)

    assert matrix.dtype == np.int64 and matrix.shape == (5, 5) and matrix.sum() == 200
    np.testing.assert_allclose(accuracy.accuracy(y_true, y_pred), np.trace(matrix) / 200)
    np.testing.assert_array_equal(matrix.sum(1), np.bincount(y_true, minlength=5))
    np.testing.assert_array_equal(accuracy.confusion_matrix(y_pred, y_true, 5), matrix.T)


def test_rows_are_the_right_classes():
    assert accuracy.confusion_matrix([0, 0, 2], [1, 1, 2], 3).tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_no_examples_have_accuracy_zero():
    assert accuracy.accuracy([], []) == 0.0
    assert accuracy.confusion_matrix([], [], 2).tolist() == [[0, 0], [0, 0]]


def test_small_types_do_not_overflow():
    classes = np.full(3, 199, np.uint8)

    assert accuracy.confusion_matrix(classes, classes, 200)[199, 199] == 3


def test_wrong_count_says_both_counts():
    with pytest.raises(errors.PredictionsError, match="Expected 3 predictions, one per example, got 2."):
        accuracy.accuracy([0, 1, 2], [0, 1])


@pytest.mark.parametrize("y_pred", [[0.1, 0.9], [[0, 1], [1, 0]], ["0", "1"]])
def test_probabilities_are_not_classes(y_pred):
    with pytest.raises(errors.PredictionsError, match="take the argmax"):
        accuracy.accuracy([0, 1], y_pred)


@pytest.mark.parametrize("y_pred", [[0, 2], [-1, 0]])
def test_class_out_of_range_is_an_error(y_pred):
    with pytest.raises(errors.PredictionsError, match="Expected classes from 0 to 1, but one of the predicted"):
        accuracy.confusion_matrix([0, 1], y_pred, 2)
