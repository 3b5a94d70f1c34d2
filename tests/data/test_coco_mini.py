"""COCO mini as it lies in the shared data: crowds, masks, keypoints, and the ids of the 80 classes."""
import numpy as np
import pytest

from npfl_kit import data
from npfl_kit.data import coco_mini

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def mini(shared):
    return data.load("coco_mini", shared / "data")


def test_the_splits_and_objects_are_all_there(mini):
    objects = [mini.split(name).objects(index) for name in SPLITS for index in range(len(mini.split(name)))]

    assert [len(mini.split(name)) for name in SPLITS] == [72, 8, 79]
    assert sum(map(len, objects)) == 739 + 624
    assert len(mini.classes) == 80 and mini.classes[0] == "person" and mini.category_ids[-1] == 90


def test_the_thirteen_crowds_are_counted_and_neither_taught_nor_lost(mini):
    crowds = sum(int(mini.split(name).objects(index).crowd.sum()) for name in SPLITS
                 for index in range(len(mini.split(name))))

    assert crowds == len(mini.report()["crowd"]) == 13
    assert sum(len(mini.split(name).labels) for name in SPLITS) == 1363 - 13
    assert sum(int(each["ignored_count"].numpy().sum()) for each in mini.batches("test", 20, 64)) == 5


def test_classes_that_train_lacks_are_counted(mini):
    assert mini.report()["not in train"] == ["tennis racket", "remote"]


def test_masks_have_about_the_area_that_the_file_says(mini):
    split = mini.split("test")
    ratios = []
    for index in range(12):
        objects = split.objects(index)
        if objects.masks is not None:
            single = ~objects.crowd
            ratios += (objects.masks()[single].sum((1, 2)) / objects.area[single]).tolist()

    assert len(ratios) > 40 and 0.97 < np.median(ratios) < 1.03


def test_the_gold_is_what_the_file_says(mini):
    gold = mini.gold("test")

    assert len(gold["images"]) == 79 and len(gold["annotations"]) == 624 and len(gold["categories"]) == 80
    assert sum(each["iscrowd"] for each in gold["annotations"]) == 5
    assert len({each["id"] for each in gold["annotations"]}) == 624


def test_persons_have_seventeen_keypoints(shared):
    loaded = coco_mini.load(shared / "data", kind="person_keypoints")

    assert loaded.classes == ["person"] and len(loaded.keypoints) == 17 and loaded.keypoints[0] == "nose"
    objects = [loaded.split("test").objects(index) for index in range(79)]
    persons = sum(int((each.keypoints[..., 2] > 0).any(1).sum()) for each in objects)
    shares = []
    for each in objects:
        seen = each.keypoints[..., 2] > 0
        inside = ((each.keypoints[..., :2] >= each.boxes[:, np.newaxis, :2] - 2)
                  & (each.keypoints[..., :2] <= each.boxes[:, np.newaxis, 2:] + 2)).all(-1)
        shares += inside[seen].tolist()
    assert persons == 68 and np.mean(shares) > 0.9
