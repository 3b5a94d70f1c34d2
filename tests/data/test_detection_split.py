"""Pictures and objects are read when they are asked for, and only then."""
import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data.detection_split import DetectionSplit, Objects

OBJECTS = [Objects.of([[0, 0, 2, 2], [1, 1, 3, 3]], [2, 0], crowd=[False, True]), Objects.of([], []),
           Objects.of([[0, 0, 4, 5]], [1])]


def a_split(read=lambda index: np.full([4, 5, 3], index, np.uint8), **options):
    return DetectionSplit(["a.jpg", "b.jpg", "c.jpg"], [[4, 5]] * 3, read, OBJECTS.__getitem__, **options)


def test_objects_of_nothing_have_the_right_shapes():
    nothing = Objects.of([], [])

    assert len(nothing) == 0 and nothing.boxes.shape == (0, 4) and nothing.area.shape == (0,)
    assert (nothing.boxes.dtype, nothing.labels.dtype, nothing.crowd.dtype) == (np.float32, np.int32, bool)


def test_labels_are_those_of_all_objects_but_crowds():
    assert a_split().labels.tolist() == [2, 1] and a_split().labels.dtype == np.int32


def test_the_labels_of_a_split_without_objects_are_empty():
    assert a_split().chosen([1]).labels.shape == (0,) and a_split().chosen([]).labels.shape == (0,)


def test_chosen_pictures_keep_their_order_ids_and_annotations_and_nothing_is_read_for_it():
    def read(index):
        reads.append(index)
        return np.full([4, 5, 3], index, np.uint8)

    reads = []
    split = a_split(read, image_ids=[7, 8, 9], annotations=lambda index: [{"id": index}])
    chosen = split.chosen([2, 0]).chosen([1, 0])

    assert not reads
    assert chosen.names == ["a.jpg", "c.jpg"] and chosen.image_ids == [7, 9] and len(chosen) == 2
    assert chosen.annotations(1) == [{"id": 2}] and chosen.objects(1).labels.tolist() == [1]
    assert chosen.image(1)[0, 0, 0] == 2 and reads == [2]


def test_without_ids_pictures_are_counted_from_one():
    assert a_split().image_ids == [1, 2, 3] and a_split().annotations(0) is None


def test_a_picture_of_another_size_than_its_annotation_says_is_a_data_error():
    with pytest.raises(errors.DataError, match="b.jpg has 5 x 4 pixels, its annotation says 4 x 5"):
        a_split(lambda index: np.zeros([5, 4, 3], np.uint8)).image(1)


@pytest.mark.parametrize("index", [-1, 3])
@pytest.mark.parametrize("method", ["image", "objects", "annotations"])
def test_a_position_outside_is_an_index_error(method, index):
    split = a_split(annotations=lambda index: [])

    with pytest.raises(IndexError, match=f"picture {index} of 3"):
        getattr(split, method)(index)
    with pytest.raises(IndexError):
        split.chosen([index])
