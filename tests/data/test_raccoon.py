"""Raccoon as it lies in the shared data."""
from npfl_kit import data


def test_the_splits_and_objects_are_all_there(shared):
    loaded = data.load("raccoon", shared / "data")

    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [144, 16, 40]
    assert sum(len(loaded.split(name).labels) for name in ("train", "dev", "test")) == 217
    assert loaded.classes == ["raccoon"] and loaded.image_shape == (None, None, 3) and loaded.report() == {}
    assert loaded.split("test").image(3).shape[:2] == tuple(loaded.split("test").sizes[3])
