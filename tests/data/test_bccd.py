"""BCCD as it lies in the shared data: counts, boxes, and the two that have no area."""
import numpy as np
import pytest

from npfl_kit import data


@pytest.fixture(scope="module")
def bccd(shared):
    return data.load("bccd", shared / "data")


def test_the_splits_are_those_that_were_published(bccd):
    assert [len(bccd.split(name)) for name in ("train", "dev", "test")] == [205, 87, 72]
    assert bccd.classes == ["RBC", "WBC", "Platelets"] and bccd.image_shape == (480, 640, 3)


def test_all_objects_but_two_are_there(bccd):
    labels = np.concatenate([bccd.split(name).labels for name in ("train", "dev", "test")])

    assert np.bincount(labels).tolist() == [4155 - 2, 372, 361]


def test_the_two_boxes_without_area_are_counted_with_their_files(bccd):
    assert {kind: sorted(names) for kind, names in bccd.report().items()} == {
        "no area": ["BloodImage_00338.xml", "BloodImage_00343.xml"]}


@pytest.mark.parametrize("name", ["train", "dev", "test"])
def test_every_box_is_inside_of_its_picture_and_has_an_area(bccd, name):
    split = bccd.split(name)
    boxes = np.concatenate([split.objects(index).boxes for index in range(len(split))])

    assert (boxes[:, :2] < boxes[:, 2:]).all() and (boxes >= 0).all() and (boxes <= [480, 640, 480, 640]).all()


def test_a_batch_has_the_cells_where_the_picture_is_dark(bccd):
    batch = next(iter(bccd.batches("test", 4, 128)))

    for row in range(4):
        image, inside = batch["image"][row].numpy()[:96], np.zeros([96, 128], bool)
        for top, left, bottom, right in batch["boxes"][row, :batch["count"][row]].numpy().astype(int):
            inside[top:bottom, left:right] = True
        assert image[inside][:, 1].mean() < image[~inside][:, 1].mean() - 0.02
    np.testing.assert_allclose(batch["scale"], 0.2)
