import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import pixel_runs, run_lengths


@pytest.mark.parametrize("share", [0, .05, .5, 1])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (17, 23)])
def test_what_is_encoded_is_decoded(size, share):
    pixels = np.random.default_rng(3).random(size) < share

    np.testing.assert_array_equal(run_lengths.mask(run_lengths.encode(pixels), *size), pixels)
    np.testing.assert_array_equal(pixel_runs.mask(pixel_runs.of(pixels), *size), pixels)


@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_any_length_survive_the_string(seed):
    counts = (2.0 ** np.random.default_rng(seed).uniform(0, 29, 200)).astype(np.int64)

    np.testing.assert_array_equal(run_lengths.decompress(run_lengths.compress(counts)), counts)


def test_list_and_string_are_one_mask():
    counts = [6, 1, 40, 4, 5, 4, 4]

    listed = run_lengths.mask({"size": [8, 8], "counts": counts}, 8, 8)

    np.testing.assert_array_equal(run_lengths.mask({"size": [8, 8], "counts": run_lengths.compress(counts)}, 8, 8),
                                  listed)
    assert listed.sum() == 9 and listed[6, 0] and not listed[5, 0]


def test_columns_come_first():
    np.testing.assert_array_equal(run_lengths.mask({"size": [2, 2], "counts": [1, 2, 1]}, 2, 2), [[0, 1], [1, 0]])


def test_runs_without_length_change_nothing():
    assert run_lengths.runs({"size": [2, 3], "counts": [1, 1, 0, 1, 2, 0, 1]}, 2, 3).tolist() == [[1, 3]]


def test_strings_of_the_fixtures_are_written_again_as_they_stand_there(shared):
    results = json.loads((shared / "data/coco_eval_fixtures/instances_val2014_fakesegm100_results.json").read_text())

    for each in results[:200]:
        written = each["segmentation"]
        runs = run_lengths.runs(written, *written["size"])
        assert run_lengths.compress(run_lengths.lengths(runs, np.prod(written["size"]))) == written["counts"]


@pytest.mark.parametrize("segmentation, problem", [
    (None, "expected a mask as"), ("0", "expected a mask as"), ({"counts": [4]}, "expected a mask as"),
    ({"size": [2, 3], "counts": [6]}, r"mask of 2 x 2, the size of its picture, found \[2, 3\]"),
    ({"size": 4, "counts": [4]}, "found 4"), ({"size": [2, 2], "counts": [3]}, "sum 2 x 2 = 4, found 3"),
    ({"size": [2, 2], "counts": [-1, 5]}, "whole numbers"), ({"size": [2, 2], "counts": [4.0]}, "whole numbers"),
    ({"size": [2, 2], "counts": [10**30]}, "whole numbers"), ({"size": [2, 2], "counts": None}, "whole numbers"),
    ({"size": [2, 2], "counts": "~"}, "from '0' to 'o'"), ({"size": [2, 2], "counts": "1 "}, "from '0' to 'o'"),
    ({"size": [2, 2], "counts": "ž"}, "from '0' to 'o'"), ({"size": [2, 2], "counts": "o"}, "from '0' to 'o'"),
    ({"size": [2, 2], "counts": "oooooooooooooo0"}, "longer number"), ({"size": [2, 2], "counts": ""}, "found 0"),
    ({"size": [2, 2], "counts": "N5"}, "negative")])
def test_what_is_no_mask_is_a_data_error(segmentation, problem):
    with pytest.raises(errors.DataError, match=f"(?i){problem}"):
        run_lengths.mask(segmentation, 2, 2)


def test_a_picture_too_large_to_hold_is_refused():
    with pytest.raises(errors.DataError, match="at most"):
        run_lengths.runs([[0, 0, 1, 1, 2, 0]], 10**6, 10**6)
