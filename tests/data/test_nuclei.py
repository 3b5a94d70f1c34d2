"""Nuclei as they lie in the shared data, with a mask each."""
import numpy as np

from npfl_kit import data


def test_the_splits_and_objects_are_all_there(shared):
    loaded = data.load("nuclei", shared / "data")

    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [180, 20, 50]
    assert [len(loaded.split(name).labels) for name in ("train", "dev", "test")] == [6649, 664, 1860]
    assert loaded.classes == ["nucleus"] and loaded.report() == {}
    sizes = np.concatenate([loaded.split(name).sizes for name in ("train", "dev", "test")])
    assert set(map(tuple, sizes.tolist())) == {(256, 256), (256, 320), (360, 360), (520, 696)}


def test_masks_fill_their_boxes_exactly(shared):
    split = data.load("nuclei", shared / "data").split("test")

    for index in range(0, 50, 10):
        objects, size = split.objects(index), split.sizes[index]
        masks = objects.masks()
        assert masks.shape == (len(objects), *size)
        np.testing.assert_array_equal(masks.sum((1, 2)), objects.area)
        for mask, box in zip(masks, objects.boxes):
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            assert box.tolist() == [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]


def test_the_crowded_pictures_make_a_batch(shared):
    batch = next(iter(data.load("nuclei", shared / "data").batches("test", 16, 64)))

    assert int(batch["count"].numpy().max()) > 50 and batch["image"].shape == (16, 64, 64, 3)
