import json

import numpy as np
import pytest

from npfl_kit.scoring import pixel_runs, run_lengths, segmentations


@pytest.mark.parametrize("share", [0, .05, .5, 1])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (17, 23)])
def test_what_is_encoded_is_decoded(size, share):
    pixels = np.random.default_rng(3).random(size) < share

    np.testing.assert_array_equal(run_lengths.mask(run_lengths.encode(pixels), *size), pixels)
    np.testing.assert_array_equal(pixel_runs.mask(pixel_runs.of(pixels), *size), pixels)


@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_any_length_survive_the_string(seed):
    counts = (2.0 ** np.random.default_rng(seed).uniform(0, 29, 200)).astype(np.int64)

    numbers, found = run_lengths.decompress([run_lengths.compress(counts), run_lengths.compress(counts[:3]), ""])

    np.testing.assert_array_equal(numbers, np.concatenate([counts, counts[:3]]))
    assert found.tolist() == [200, 3, 0]


def test_strings_of_the_fixtures_are_written_again_as_they_stand_there(shared):
    results = json.loads((shared / "data/coco_eval_fixtures/instances_val2014_fakesegm100_results.json").read_text())

    for each in results[:200]:
        written = each["segmentation"]
        runs, _ = segmentations.runs([written], np.array([written["size"]]))
        assert run_lengths.compress(run_lengths.lengths(runs, np.prod(written["size"]))) == written["counts"]
