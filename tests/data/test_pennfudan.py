"""Penn-Fudan as it lies in the shared data, with a mask of each pedestrian."""
import numpy as np

from npfl_kit import data


def test_the_splits_and_objects_are_all_there(shared):
    loaded = data.load("pennfudan", shared / "data")

    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [117, 13, 40]
    assert [len(loaded.split(name).labels) for name in ("train", "dev", "test")] == [296, 31, 96]
    assert loaded.classes == ["person"] and loaded.report() == {}


def test_masks_lie_in_their_boxes(shared):
    split = data.load("pennfudan", shared / "data").split("test")

    for index in range(3):
        objects = split.objects(index)
        for mask, (top, left, bottom, right) in zip(objects.masks(), objects.boxes.astype(int)):
            assert mask[top:bottom, left:right].sum() == mask.sum() > 0
            assert 0.2 < mask[top:bottom, left:right].mean() < 0.95
        assert objects.masks().any(0).shape == split.image(index).shape[:2]
    assert np.isfinite(split.objects(0).area).all()
