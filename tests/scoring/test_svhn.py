import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import svhn

BOX, NEAR, FAR = [0, 0, 10, 10], [0, 0, 10, 7], [0, 0, 10, 4.9]


@pytest.mark.parametrize("gold, found, expected", [
    (([1], [BOX]), ([1], [NEAR]), True), (([1], [BOX]), ([2], [NEAR]), False), (([1], [BOX]), ([1], [FAR]), False),
    (([1], [BOX]), ([1], [[0, 0, 10, 5]]), True),                           # an IoU of 0.5 is enough
    (([1], [BOX]), ([], []), False), (([], []), ([1], [BOX]), False),
    (([1, 1], [BOX, BOX]), ([1, 1], [NEAR, BOX]), True),
    (([1, 1], [BOX, [50, 50, 60, 60]]), ([1, 1], [BOX, BOX]), False),
    (([1, 2], [BOX, BOX]), ([2, 1], [BOX, BOX]), True)])
def test_a_picture_is_right_as_a_whole(gold, found, expected):
    assert svhn.evaluate([gold], [found]) == float(expected)


def test_the_first_digit_chooses_first():
    # It takes the nearer of two, and leaves one that the second is not on: the greedy rule of the course.
    gold = [1, 1], [[0, 0, 10, 10], [0, 3, 10, 13]]

    assert svhn.evaluate([gold], [([1, 1], [[0, 1, 10, 11], [0, 0, 10, 10]])]) == 1
    assert svhn.evaluate([gold], [([1, 1], [[0, 1, 10, 11], [0, -2, 10, 8]])]) == 0


def test_nothing_where_nothing_is_depends_on_the_course():
    nothing = [([], [])]

    assert svhn.evaluate(nothing, nothing) == 1
    assert svhn.evaluate(nothing, nothing, empty_is_right=False) == 0


def test_without_pictures_the_share_is_zero():
    assert svhn.evaluate([], []) == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_is_read(tmp_path, seed):
    rng = np.random.default_rng(seed)
    pictures = [(rng.integers(0, 10, count), rng.uniform(-5, 99, [count, 4]).round(3)) for count in (2, 0, 3, 1)]
    (tmp_path / "predictions.txt").write_text(svhn.format(pictures))

    found = svhn.read(tmp_path / "predictions.txt", count=4)

    for (labels, boxes), (true_labels, true_boxes) in zip(found, pictures):
        assert (labels.dtype, boxes.dtype) == (np.int32, np.float64)
        np.testing.assert_array_equal(labels, true_labels)
        np.testing.assert_allclose(boxes, true_boxes, rtol=1e-11)


def test_blank_lines_and_ends_of_any_system_are_accepted(tmp_path):
    (tmp_path / "predictions.txt").write_bytes(b"\xef\xbb\xbf1 0 0 9 9\r\n\r\n \n2 0 0 9 9 3 1 1e1 2 .5")

    found = svhn.read(tmp_path / "predictions.txt")

    assert [labels.tolist() for labels, _ in found] == [[1], [], [], [2, 3]]


@pytest.mark.parametrize("line, problem", [
    ("1 2 3", "found 3 numbers, which is not a multiple of 5"), ("10 0 0 9 9", "a digit from 0 to 9 .*'10'"),
    ("1.0 0 0 9 9", "a digit"), ("-1 0 0 9 9", "a digit"), ("1 0 0 nan 9", "finite number of pixels as number 4"),
    ("1 0 0 inf 9", "'inf'"), ("1 0 0 1e999 9", "1e999"), ("1 0 0 9 x", "'x'"), ("1 0 0 9 1_0", "1_0"),
    ("٣ 0 0 9 9", "a digit")])
def test_a_wrong_line_is_named(tmp_path, line, problem):
    (tmp_path / "predictions.txt").write_text(f"1 0 0 9 9\n{line}\n", encoding="utf-8")

    with pytest.raises(errors.PredictionsError, match=f"predictions.txt, line 2: .*{problem}"):
        svhn.read(tmp_path / "predictions.txt")


def test_wrong_counts_and_no_text_are_errors(tmp_path):
    (tmp_path / "predictions.txt").write_bytes(b"1 0 0 9 9\n")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(errors.PredictionsError, match="expected 2 lines, one per picture, found 1"):
        svhn.evaluate([([1], [BOX])] * 2, tmp_path / "predictions.txt")
    with pytest.raises(errors.PredictionsError, match="no text"):
        svhn.read(tmp_path / "bytes.txt")
    with pytest.raises(errors.PredictionsError, match="of 2 pictures, got 1"):
        svhn.evaluate([([1], [BOX])] * 2, [([1], [BOX])])


@pytest.mark.parametrize("picture", [
    None, 3, ([1], []), ([1.5], [BOX]), ([10], [BOX]), ([-1], [BOX]), ([1], [[0, 0, 9]]),
    ([1], [[0, 0, 9, float("nan")]]), (["a"], [BOX]), ([1], "abcd"), ([1],)])
def test_what_is_no_picture_is_named(picture):
    with pytest.raises(errors.PredictionsError, match="prediction 2, got"):
        svhn.evaluate([([1], [BOX])] * 2, [([1], [BOX]), picture])
    with pytest.raises(errors.PredictionsError, match="prediction 1, got"):
        svhn.format([picture])


def test_predictions_that_are_no_list_are_an_error():
    with pytest.raises(errors.PredictionsError, match="got 0"):
        svhn.evaluate([([1], [BOX])], None)
