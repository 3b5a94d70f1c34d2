"""SVHN in the course's TFRecord files, made here in small."""
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from npfl_kit import data, errors


def picture(height=12, width=16, value=50):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (value, value, value)).save(stream, "PNG")
    return stream.getvalue()


def ints(values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=np.reshape(values, -1).astype(int).tolist()))


def record(classes=(1, 9), boxes=((1, 2, 9, 6), (2, 7, 11, 12)), image=None, **more):
    features = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image or picture()])),
                "classes": ints(classes), "bboxes": ints(boxes), **more}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(folder, **parts):
    folder.mkdir(exist_ok=True)
    for part, records in parts.items():
        with tf.io.TFRecordWriter(str(folder / f"svhn.{part}.tfrecord")) as writer:
            for each in records:
                writer.write(each)
    return folder


@pytest.fixture
def small(tmp_path):
    return write(tmp_path / "svhn", train=[record()] * 5, dev=[record([0], [0, 0, 12, 16]), record([], [])],
                 test=[record([], [])])


def sizes(loaded):
    return [len(loaded.split(name)) for name in ("train", "dev", "test")]


def test_the_files_of_the_course_are_the_splits(small):
    loaded = data.load("svhn", small)

    assert sizes(loaded) == [5, 2, 1] and loaded.classes == list("0123456789") and loaded.report() == {}
    objects = loaded.split("train").objects(0)
    assert objects.boxes.tolist() == [[1, 2, 9, 6], [2, 7, 11, 12]] and objects.labels.tolist() == [1, 9]
    assert (loaded.split("train").image(0) == 50).all() and loaded.image_shape == (12, 16, 3)
    assert len(loaded.split("dev").objects(1)) == 0


def test_the_element_is_that_of_the_course_under_our_names(small):
    path = str(small / "svhn.train.tfrecord")
    spec = {"image": tf.io.FixedLenFeature([], tf.string), "classes": tf.io.VarLenFeature(tf.int64),
            "bboxes": tf.io.VarLenFeature(tf.int64)}

    for ours, raw in zip(data.load("svhn", small).train, tf.data.TFRecordDataset(path)):
        theirs = tf.io.parse_single_example(raw, spec)
        np.testing.assert_array_equal(ours["image"], tf.image.decode_png(theirs["image"], channels=3))
        np.testing.assert_array_equal(ours["labels"], tf.sparse.to_dense(theirs["classes"]))
        np.testing.assert_array_equal(ours["boxes"], tf.reshape(tf.sparse.to_dense(theirs["bboxes"]), [-1, 4]))
        assert (ours["labels"].dtype, ours["boxes"].dtype) == (tf.int32, tf.float32)


def test_what_is_absent_is_carved_out_of_train(tmp_path):
    assert sizes(data.load("svhn", write(tmp_path / "svhn", train=[record() for _ in range(20)]))) == [16, 2, 2]


def test_digits_are_not_mirrored(small):
    assert data.load("svhn", small).auto_augment == "characters"


def test_odd_boxes_are_left_out_and_counted(tmp_path):
    odd = record([1, 2, 3, 4], [[1, 1, 5, 5], [5, 5, 5, 9], [-6, 0, 5, 5], [20, 1, 30, 5]])

    loaded = data.load("svhn", write(tmp_path / "svhn", train=[odd, record()], dev=[record()], test=[record()]))

    name = "svhn.train.tfrecord record 1"
    assert loaded.report() == {"no area": [name], "outside": [name], "cut": [name]}
    assert loaded.split("train").objects(0).labels.tolist() == [1, 3]


@pytest.mark.parametrize("bad, said", [
    (record([10], [1, 1, 5, 5]), "record 2: expected classes from 0 to 9; found 10 to 10"),
    (record([-1], [1, 1, 5, 5]), "expected classes from 0 to 9; found -1"),
    (record([1], [1, 1, 5]), "expected four numbers in bboxes for each of classes; found 3 for 1"),
    (record([1, 2], [1, 1, 5, 5]), "found 4 for 2"), (record(image=b"no picture"), "is not a whole picture"),
    (record(image=picture()[:20]), "is not a whole picture"),
    (tf.train.Example().SerializeToString(), "expected a picture in the feature image; found nothing"),
    (b"\xff\xff\xff", "svhn.train.tfrecord, record 2: expected a TFRecord file of tf.train.Example")])
def test_records_that_are_not_svhn_are_a_sentence(tmp_path, bad, said):
    folder = write(tmp_path / "svhn", train=[record(), bad], dev=[record()], test=[record()])

    with pytest.raises(errors.DataError, match=said):
        data.load("svhn", folder)


def test_a_picture_that_is_cut_off_is_a_sentence(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, [60, 60, 3], np.uint8)).save(stream, "PNG")
    damaged = record(image=stream.getvalue()[:500])
    loaded = data.load("svhn", write(tmp_path / "svhn", train=[damaged, record()], dev=[record()], test=[record()]))

    with pytest.raises(errors.DataError, match="svhn.train.tfrecord record 1 is not a whole picture"):
        loaded.split("train").image(0)


def test_the_judge_is_the_share_of_pictures_that_are_wholly_right(tmp_path):
    loaded = data.load("svhn", write(tmp_path / "svhn", train=[record()], dev=[record(), record([3], [1, 1, 8, 8])],
                                     test=[record()]))
    (tmp_path / "answers.txt").write_text("1 1 2 9 6 9 2 7 11 12\n4 1 1 8 8\n")

    assert loaded.evaluate("dev", tmp_path / "answers.txt") == {"accuracy": 0.5}
