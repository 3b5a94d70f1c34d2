import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs, run_lengths, segmentations


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_many_masks_at_once_are_those_one_by_one(count, monkeypatch):
    monkeypatch.setattr(segmentations, "AT_ONCE", 9)
    rng = np.random.default_rng(count)
    sizes, forms = rng.integers(1, 20, [count, 2]), []
    for height, width in sizes.tolist():
        string = run_lengths.encode(rng.random([height, width]) < .4)
        counts = run_lengths.decompress([string["counts"]])[0].tolist()
        forms.append([string, {**string, "counts": counts}, rng.uniform(-5, 25, [2, 8]).tolist(), []][rng.integers(4)])

    found, first = segmentations.runs(forms, sizes)

    for index, (form, (height, width)) in enumerate(zip(forms, sizes.tolist())):
        mine = pixel_runs.mask(found[first[index]:first[index + 1]], height, width)
        np.testing.assert_array_equal(mine, segmentations.mask(form, height, width))
        if isinstance(form, dict) and isinstance(form["counts"], str):
            assert run_lengths.encode(mine) == form


def test_list_and_string_are_one_mask():
    counts = [6, 1, 40, 4, 5, 4, 4]

    listed = segmentations.mask({"size": [8, 8], "counts": counts}, 8, 8)

    np.testing.assert_array_equal(segmentations.mask({"size": [8, 8], "counts": run_lengths.compress(counts)}, 8, 8),
                                  listed)
    assert listed.sum() == 9 and listed[6, 0] and not listed[5, 0]


def test_columns_come_first():
    np.testing.assert_array_equal(segmentations.mask({"size": [2, 2], "counts": [1, 2, 1]}, 2, 2), [[0, 1], [1, 0]])


def test_runs_without_length_change_nothing():
    found, first = segmentations.runs([{"size": [2, 3], "counts": [1, 1, 0, 1, 2, 0, 1]}], np.array([[2, 3]]))

    assert (found.tolist(), first.tolist()) == ([[1, 3]], [0, 1])


@pytest.mark.parametrize("segmentation, problem", [
    (None, "expected a mask as"), ("0", "expected a mask as"), ({"counts": [4]}, "expected a mask as"),
    ({"size": [2, 3], "counts": [6]}, r"mask of 2 x 2, the size of its picture, found \[2, 3\]"),
    ({"size": 4, "counts": [4]}, "found 4"), ({"size": [2, 2], "counts": [3]}, "sum to 4, found 3"),
    ({"size": [2, 2], "counts": [-1, 5]}, "whole numbers"), ({"size": [2, 2], "counts": [4.0]}, "whole numbers"),
    ({"size": [2, 2], "counts": [10**30]}, "whole numbers"), ({"size": [2, 2], "counts": None}, "whole numbers"),
    ({"size": [2, 2], "counts": "~"}, "from '0' to 'o'"), ({"size": [2, 2], "counts": "1 "}, "from '0' to 'o'"),
    ({"size": [2, 2], "counts": "ž"}, "from '0' to 'o'"), ({"size": [2, 2], "counts": "o"}, "from '0' to 'o'"),
    ({"size": [2, 2], "counts": "oooooooooooooo0"}, "longer number"), ({"size": [2, 2], "counts": ""}, "found 0"),
    ({"size": [2, 2], "counts": "N6"}, "negative")])
def test_what_is_no_mask_is_a_data_error(segmentation, problem):
    with pytest.raises(errors.DataError, match=f"(?i){problem}"):
        segmentations.mask(segmentation, 2, 2)


def test_a_picture_too_large_to_hold_is_refused():
    with pytest.raises(errors.DataError, match="at most"):
        segmentations.runs([[[0, 0, 1, 1, 2, 0]]], np.array([[10**6, 10**6]]))
