"""Dense batches of pictures with boxes: in order, or shuffled anew in every epoch and the same in every run."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import detection_augment, detection_batches, letterbox
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection

SIZES = [(20, 40), (40, 20), (32, 32), (16, 8), (9, 50), (32, 32), (64, 64)]


def an_object_list(index):
    """`index` objects, of which every third is a crowd."""
    boxes = [[0, number % 5, 4 + number % 3, 8] for number in range(index)]
    numbers = np.arange(index)
    return Objects.of(boxes, numbers % 4, crowd=numbers % 3 == 2)


def a_split(count=7, objects=an_object_list, broken=()):
    sizes = [SIZES[index % len(SIZES)] for index in range(count)]

    def read(index):
        if index in broken:
            raise errors.DataError(f"{index}.jpg is not a whole picture: cut off. Replace or delete that file.")
        return np.full([*sizes[index], 3], 10 * index, np.uint8)

    return DetectionSplit([f"{index}.jpg" for index in range(count)], sizes, read, objects)


def a_set(**options):
    return ObjectDetection("toy", "abcd", {name: a_split(**options) for name in ("train", "dev", "test")}, "here",
                           image_size=32)


def numpy(dataset):
    return [{name: value.numpy() for name, value in batch.items()} for batch in dataset]


def test_examples_are_in_the_pixels_of_their_files():
    spec = a_set().train.element_spec
    found = numpy(a_set().train)

    assert spec == {"image": tf.TensorSpec([None, None, 3], tf.uint8), "boxes": tf.TensorSpec([None, 4], tf.float32),
                    "labels": tf.TensorSpec([None], tf.int32), "crowd": tf.TensorSpec([None], tf.bool)}
    assert [each["image"].shape[:2] for each in found] == SIZES
    assert [len(each["boxes"]) for each in found] == list(range(7))
    assert found[3]["boxes"].tolist() == [[0, 0, 4, 8], [0, 1, 5, 8], [0, 2, 6, 8]]
    assert found[3]["crowd"].tolist() == [False, False, True]


@pytest.mark.parametrize("batch_size, steps", [(1, 7), (3, 3), (7, 1), (100, 1)])
def test_batches_in_order_hold_every_picture_once_and_the_last_may_be_smaller(batch_size, steps):
    dataset = a_set().batches("dev", batch_size)
    found = numpy(dataset)

    assert len(found) == steps == dataset.cardinality().numpy()
    assert np.concatenate([each["index"] for each in found]).tolist() == list(range(7))
    for batch in found:
        count = len(batch["index"])
        assert {name: len(value) for name, value in batch.items()} == dict.fromkeys(detection_batches.SHAPES, count)


def test_a_batch_is_what_the_module_says():
    batch, = numpy(a_set().batches("test", 7))
    objects = [an_object_list(index) for index in range(7)]

    assert batch["image"].shape == (7, 32, 32, 3) and batch["image"].dtype == np.float32
    np.testing.assert_allclose(batch["image"][6], 60 / 255, rtol=1e-6)
    assert batch["size"].tolist() == [list(size) for size in SIZES]
    np.testing.assert_allclose(batch["scale"], [32 / max(size) for size in SIZES])
    assert batch["count"].tolist() == [int((~each.crowd).sum()) for each in objects]
    assert batch["ignored_count"].tolist() == [int(each.crowd.sum()) for each in objects]
    for row, each in enumerate(objects):
        count, crowds = batch["count"][row], batch["ignored_count"][row]
        np.testing.assert_allclose(batch["boxes"][row, :count], each.boxes[~each.crowd] * batch["scale"][row])
        np.testing.assert_array_equal(batch["labels"][row, :count], each.labels[~each.crowd])
        np.testing.assert_allclose(batch["ignored"][row, :crowds], each.boxes[each.crowd] * batch["scale"][row])
        assert not batch["boxes"][row, count:].any() and (batch["labels"][row, count:] == -1).all()
        assert not batch["ignored"][row, crowds:].any()


def test_the_rest_of_a_letterbox_has_the_mean_color():
    loaded = a_set()
    batch, = numpy(loaded.batches("test", 7))

    np.testing.assert_allclose(batch["image"][0, 20:], np.tile(loaded.mean, [12, 32, 1]), atol=0.5 / 255)
    np.testing.assert_allclose(batch["image"][0, :16], 0)


@pytest.mark.parametrize("augment", [None, detection_augment.zoom(0.5, 2)])
def test_a_batch_without_a_single_object_is_ordinary(augment):
    loaded = a_set(objects=lambda index: Objects.of([], []))

    for batch in numpy(loaded.batches("train", 4, augment=augment).from_epoch(0, 1)):
        assert not batch["count"].any() and batch["boxes"].shape[1:] == (1, 4) and (batch["labels"] == -1).all()


def test_a_picture_with_five_hundred_objects_is_ordinary():
    loaded = a_set(objects=lambda index: Objects.of([[1, 1, 5, 5]] * (500 if index == 2 else 0),
                                                    [3] * (500 if index == 2 else 0)))

    batch, = numpy(loaded.batches("dev", 7))

    assert batch["count"].tolist() == [0, 0, 500, 0, 0, 0, 0] and batch["boxes"].shape == (7, 504, 4)


def test_columns_come_in_eights_and_fixed_ones_are_the_same_for_all():
    loaded = a_set(count=12)

    ragged, fixed = (numpy(loaded.batches("dev", 4, fixed=fixed)) for fixed in (False, True))

    assert [each["boxes"].shape[1] for each in ragged] == [8, 8, 8]
    assert [each["ignored"].shape[1] for each in ragged] == [8, 8, 8]
    assert numpy(loaded.batches("dev", 2))[0]["ignored"].shape[1] == 1
    spec = loaded.batches("dev", 4, fixed=True).element_spec
    assert spec["boxes"].shape == [None, 8, 4] and spec["ignored"].shape == [None, 8, 4]
    for one, other in zip(ragged, fixed):
        np.testing.assert_array_equal(one["count"], other["count"])
        np.testing.assert_array_equal(one["boxes"], other["boxes"][:, :one["boxes"].shape[1]])


def epochs(loaded, first, last, seed=42, batch_size=3, augment=None):
    return numpy(loaded.batches("train", batch_size, seed=seed, augment=augment).from_epoch(first, last))


def test_an_epoch_has_every_picture_once_in_an_order_of_its_own():
    found = epochs(a_set(), 0, 3)
    orders = [np.concatenate([each["index"] for each in found[start:start + 3]]).tolist() for start in (0, 3, 6)]

    assert all(sorted(order) == list(range(7)) for order in orders)
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert [len(each["index"]) for each in found[:3]] == [3, 3, 1]


@pytest.mark.parametrize("augment", [None, detection_augment.chain(detection_augment.zoom(0.7, 1.4),
                                                                   detection_augment.flip)])
def test_an_epoch_is_a_function_of_seed_and_epoch_alone(augment):
    whole, resumed = epochs(a_set(), 0, 3, augment=augment), epochs(a_set(), 2, 3, augment=augment)
    other = epochs(a_set(), 2, 3, seed=43, augment=augment)

    for one, two in zip(whole[6:], resumed):
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)
    assert any(not np.array_equal(one["index"], two["index"]) for one, two in zip(resumed, other))


def test_augmentation_differs_between_pictures_steps_epochs_and_seeds():
    def seen(seed):
        steps = epochs(loaded, 0, 2, seed, batch_size=2, augment=detection_augment.zoom(0.5, 2))
        assert all((each["scale"] == 0.5).all() and (each["size"] == 64).all() for each in steps)
        return [box for each in steps for box in each["boxes"][:, 0].tolist()]

    same = DetectionSplit("abcd", [(64, 64)] * 4, lambda index: np.full([64, 64, 3], 9, np.uint8),
                          lambda index: Objects.of([[28, 28, 36, 36]], [0]))
    loaded = ObjectDetection("toy", "a", {"train": same, "dev": same, "test": same}, "here", image_size=32)

    boxes = seen(1) + seen(2)
    assert len(boxes) == 16 and len(set(map(tuple, boxes))) > 13            # one or two may leave the picture


def test_what_augmentation_cuts_to_pieces_is_counted_as_ignored():
    batches = epochs(a_set(), 0, 8, batch_size=7, augment=detection_augment.zoom(2, 3))

    assert sum(int(each["ignored_count"].sum()) for each in batches) > 0
    for batch in batches:
        for name, count in (("boxes", "count"), ("ignored", "ignored_count")):
            used = np.arange(batch[name].shape[1]) < batch[count][:, np.newaxis]
            assert (batch[name][used] >= 0).all() and (batch[name][used] <= 32).all()
            assert (batch[name][used][:, 2:] > batch[name][used][:, :2]).all() and not batch[name][~used].any()


def test_a_mapped_function_comes_last_and_may_give_several_parts():
    batches = a_set().batches("train", 4)
    mapped = batches.map(lambda batch: (batch["image"], batch["count"] * 2)).map(
        lambda image, count: (image, count + 1))

    plain, parts = numpy(batches.from_epoch(0, 1)), list(mapped.from_epoch(0, 1))

    assert len(mapped) == len(batches) == 2 and mapped.count == 7
    for batch, (image, count) in zip(plain, parts):
        np.testing.assert_array_equal(image, batch["image"])
        np.testing.assert_array_equal(count, batch["count"] * 2 + 1)


@pytest.mark.parametrize("first, last, steps", [(0, 2, 6), (1, 2, 3), (2, 2, 0), (3, 2, 0)])
def test_the_number_of_batches_is_known(first, last, steps):
    dataset = a_set().batches("train", 3).from_epoch(first, last)

    assert dataset.cardinality().numpy() == steps == len(list(dataset))


def test_a_broken_picture_is_named_by_the_error_of_the_pipeline():
    pictures = letterbox.Letterboxed(a_split(broken=[3]), 32, np.zeros(3))

    with pytest.raises((tf.errors.UnknownError, tf.errors.InvalidArgumentError), match="DataError: 3.jpg is not"):
        list(detection_batches.in_order(pictures, 2))


@pytest.mark.parametrize("options, said", [
    (dict(batch_size=0), "--batch_size must be at least 1, got 0"),
    (dict(batch_size=1, image_size=0), "--image_size must be between 1 and 4096 pixels, got 0"),
    (dict(batch_size=1, image_size=-5), "got -5"), (dict(batch_size=1, image_size=5000), "got 5000"),
    (dict(batch_size=1, augment=detection_augment.flip), "Only train is augmented, not dev")])
def test_impossible_batches_are_a_usage_error(options, said):
    with pytest.raises(errors.UsageError, match=said):
        a_set().batches("dev", **options)
