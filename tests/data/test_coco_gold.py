"""What a judge of detectors reads: ground truth and results in the form of COCO."""
import numpy as np
import pytest

from npfl_kit.data import coco_gold
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.scoring import run_lengths


def test_objects_become_annotations_with_ids_from_one():
    keypoints = np.array([[[1, 2, 2], [3, 4, 0]]], np.float32)
    objects = [Objects.of([[1, 2, 4, 9]], [1], area=[5], keypoints=keypoints), Objects.of([], []),
               Objects.of([[0, 0, 1, 1], [0, 0, 2, 3]], [0, 0], crowd=[True, False])]
    split = DetectionSplit("abc", [[10, 20]] * 3, lambda index: None, objects.__getitem__, image_ids=[4, 5, 6])

    gold = coco_gold.gold(split, ["cat", "dog"], [1, 2], ["nose", "tail"])

    assert [each["id"] for each in gold["images"]] == [4, 5, 6]
    assert [(each["id"], each["image_id"], each["category_id"], each["iscrowd"]) for each in gold["annotations"]] == [
        (1, 4, 2, 0), (2, 6, 1, 1), (3, 6, 1, 0)]
    assert gold["annotations"][0] == {"id": 1, "image_id": 4, "category_id": 2, "bbox": [2, 1, 7, 3], "area": 5,
                                      "iscrowd": 0, "keypoints": [2, 1, 2, 4, 3, 0], "num_keypoints": 1}
    assert gold["categories"][1] == {"id": 2, "name": "dog", "keypoints": ["nose", "tail"]}


@pytest.mark.parametrize("seed", range(3))
def test_masks_are_written_when_asked_for(seed):
    pixels = np.random.default_rng(seed).random([1, 5, 7]) < 0.4
    objects = Objects.of([[0, 0, 1, 2]], [0], masks=lambda: pixels)

    with_mask, without = (coco_gold.described(objects, [1], masks=masks)[0] for masks in (True, False))

    np.testing.assert_array_equal(run_lengths.mask(with_mask["segmentation"], 5, 7), pixels[0])
    assert "segmentation" not in without


def test_results_have_the_order_and_the_classes_of_the_file():
    found = coco_gold.results(9, np.array([[1, 2, 4, 9], [0, 0, 1, 1]], np.float32), np.array([0.5, 0.25], np.float32),
                              np.array([1, 0]), [3, 8])

    assert found == [{"image_id": 9, "category_id": 8, "bbox": [2, 1, 7, 3], "score": 0.5},
                     {"image_id": 9, "category_id": 3, "bbox": [0, 0, 1, 1], "score": 0.25}]


def test_no_detection_is_an_empty_list():
    assert coco_gold.results(9, np.zeros([0, 4]), np.zeros(0), np.zeros(0, int), [1]) == []
