import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import run_lengths, segmentations


def drawn(parts, height, width):
    """The runs of the polygons of an object."""
    return segmentations.runs([parts], np.array([[height, width]]))[0]


# Polygons, height, width, and the string that pycocotools 2.0.11 gives for them.
DRAWN = [
    ([[0, 0, 2, 0, 2, 2, 0, 2]], 3, 3, "02103"),
    ([[1.5, 1.5, 6.25, 2.1, 3.3, 7.9]], 9, 8, "d0363MN2Nb0"),
    ([[-3, -2, 4.5, 3, 9.9, -1.2, 5, 12, -2, 8]], 8, 8, "081O1O001OO100ON2"),
    ([[1, 1, 7, 7, 1, 7, 7, 1]], 9, 9, "?1300100N12ON12N015O<"),
    ([[0.4, 0.4, 0.6, 0.4, 0.6, 0.6, 0.4, 0.6]], 3, 3, "018"),
    ([[1.1, 1.3, 5.2, 1.9, 4.4, 6.6], [3, 3, 8.5, 3.5, 8, 8, 2.5, 7]], 10, 10, ";1:0O4L010O000a0"),
    ([[2, 2, 2, 2, 6, 2, 6, 6, 6, 6, 2, 6]], 8, 8, "b04400000>"),
    ([[0, 0, 30, 0, 30, 30, 0, 30]], 4, 5, "0d0"),
    ([[9.5, 0.5, 0.5, 5.5, 9.5, 10.5]], 11, 12, "`0192O0O2O0O2O0O2O0e0"),
    ([[2, 1, 8, 1, 5, 9], [0, 0, 4, 4]], 10, 9, "e0193M3M00M3M<")]


@pytest.mark.parametrize("parts, height, width, expected", DRAWN)
def test_polygons_are_drawn_as_by_pycocotools(parts, height, width, expected):
    runs = drawn(parts, height, width)

    assert run_lengths.compress(run_lengths.lengths(runs, height * width)) == expected


def test_areas_of_real_polygons_are_those_that_annotators_measured(shared):
    gold = json.loads((shared / "data/coco_eval_fixtures/instances_val2014_100.json").read_text())
    sizes = {each["id"]: (each["height"], each["width"]) for each in gold["images"]}
    objects = [each for each in gold["annotations"] if isinstance(each["segmentation"], list)][:200]

    areas = [np.diff(drawn(each["segmentation"], *sizes[each["image_id"]])).sum() for each in objects]

    annotated = np.array([each["area"] for each in objects])
    np.testing.assert_allclose(areas, annotated, rtol=.1, atol=.5 * np.sqrt(annotated.max()))
    np.testing.assert_allclose(np.sum(areas), annotated.sum(), rtol=.01)


@pytest.mark.parametrize("seed", range(5))
def test_a_polygon_does_not_depend_on_its_first_corner_or_direction(seed):
    corners = np.random.default_rng(seed).uniform(-3, 20, [6, 2])

    expected = drawn([corners.reshape(-1).tolist()], 16, 18)

    for other in (np.roll(corners, 2, axis=0), corners[::-1]):
        np.testing.assert_array_equal(drawn([other.reshape(-1).tolist()], 16, 18), expected)


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_united(seed):
    parts = np.random.default_rng(seed).uniform(0, 20, [3, 8]).tolist()

    united = segmentations.mask(parts, 20, 20)

    np.testing.assert_array_equal(united, np.any([segmentations.mask([part], 20, 20) for part in parts], axis=0))


@pytest.mark.parametrize("parts", [[], [[1, 1, 5, 5]], [[3, 3, 3, 3, 3, 3]], [[50, 50, 60, 50, 60, 60]]])
def test_what_encloses_nothing_in_the_picture_is_empty(parts):
    assert drawn(parts, 9, 9).shape == (0, 2)


def test_a_polygon_far_larger_than_its_picture_covers_it_at_no_cost():
    assert drawn([[-9e6, -9e6, 9e6, -9e6, 9e6, 9e6, -9e6, 9e6]], 9, 7).tolist() == [[0, 63]]


@pytest.mark.parametrize("parts, problem", [
    ([[1, 2, 3]], "as numbers x, y"), ([[1, 2, 3, 4, 5]], "as numbers"), ([3], "as numbers"), (["abc"], "as numbers"),
    ([[[1, 2], [3, 4], [5, 6]]], "as numbers"), ([[0, 0, float("nan"), 1, 2, 2]], "as numbers"),
    ([None], "as numbers"),
    ([[0, 0, 10**400, 1, 2, 2]], "as numbers"), ([[0, 0, 1e12, 1, 2, 2]], "near its picture")])
def test_what_is_no_polygon_is_a_data_error(parts, problem):
    with pytest.raises(errors.DataError, match=problem):
        drawn(parts, 9, 9)
