"""TFRecord files are read as TensorFlow writes them, and damaged ones are a sentence."""
import gzip

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import tf_records


def feature(values):
    if values and isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if any(isinstance(each, float) for each in values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def serialized(**features):
    named = {name: feature(values) for name, values in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=named)).SerializeToString()


def write(path, *records, compression=""):
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return path


def failure(path):
    with pytest.raises(errors.DataError) as caught:
        list(tf_records.read(path))
    return str(caught.value)


def test_all_kinds_of_values_are_read(tmp_path):
    path = write(tmp_path / "a.tfrecord", serialized(image=[b"\x00bytes\xff", b""], numbers=[3, -1, 2**63 - 1, -2**63],
                                                     floats=[0.5, -2.0], empty=[]), serialized())

    first, second = tf_records.read(path)

    assert first["image"] == [b"\x00bytes\xff", b""] and second == {}
    assert first["numbers"].tolist() == [3, -1, 2**63 - 1, -2**63] and first["numbers"].dtype == np.int64
    assert first["floats"].tolist() == [0.5, -2.0] and first["floats"].dtype == np.float32
    assert len(first["empty"]) == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_tensorflow_writes_is_what_tensorflow_reads(tmp_path, seed):
    generator = np.random.default_rng(seed)
    records = [serialized(classes=generator.integers(-5, 300, size).tolist(), image=[generator.bytes(50 * size)])
               for size in range(1, 20)]
    path = write(tmp_path / "a.tfrecord", *records)
    spec = {"classes": tf.io.VarLenFeature(tf.int64), "image": tf.io.FixedLenFeature([], tf.string)}

    for ours, record in zip(tf_records.read(path), tf.data.TFRecordDataset(str(path))):
        theirs = tf.io.parse_single_example(record, spec)
        np.testing.assert_array_equal(ours["classes"], tf.sparse.to_dense(theirs["classes"]))
        assert ours["image"] == [theirs["image"].numpy()]


def test_numbers_that_are_not_packed_are_read_too():
    unpacked = bytes([10, 13, 10, 11, 10, 1, 97, 18, 6, 26, 4, 8, 7, 8, 9])

    assert tf_records.parse(memoryview(unpacked))["a"].tolist() == [7, 9]


def test_an_empty_file_has_no_record(tmp_path):
    assert list(tf_records.read(write(tmp_path / "a.tfrecord"))) == []


def test_a_file_that_is_cut_off_gives_its_whole_records_and_then_a_sentence(tmp_path):
    path = write(tmp_path / "a.tfrecord", serialized(a=[1]), serialized(a=[2]))
    path.write_bytes(path.read_bytes()[:-3])
    records = tf_records.read(path)

    assert next(records)["a"].tolist() == [1]
    with pytest.raises(errors.DataError, match="a.tfrecord, record 2: expected a TFRecord file of tf.train.Example, .*"
                                               "bytes were announced"):
        next(records)


@pytest.mark.parametrize("length", range(1, 30))
def test_a_file_cut_anywhere_is_a_sentence(tmp_path, length):
    path = write(tmp_path / "a.tfrecord", serialized(a=[1, 300]))
    path.write_bytes(path.read_bytes()[:length])

    assert "record 1: expected a TFRecord file" in failure(path)


@pytest.mark.parametrize("content", [b"no record", b"\x00" * 100, b"\xff" * 64, b"PK\x03\x04" * 9])
def test_another_file_is_a_sentence(tmp_path, content):
    (tmp_path / "a.tfrecord").write_bytes(content)

    assert "record 1: expected a TFRecord file of tf.train.Example" in failure(tmp_path / "a.tfrecord")


def test_a_compressed_file_is_a_sentence(tmp_path):
    path = write(tmp_path / "a.tfrecord", serialized(a=[1]), compression="GZIP")

    assert gzip.decompress(path.read_bytes()) and "no length of a record" in failure(path)


@pytest.mark.parametrize("record", [b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05ab", b"\x0b", b"\xff" * 9])
def test_a_record_that_is_no_example_is_a_sentence(tmp_path, record):
    assert "record 1: expected" in failure(write(tmp_path / "a.tfrecord", record))


def test_a_missing_file_is_a_sentence(tmp_path):
    assert "Cannot read" in failure(tmp_path / "nowhere.tfrecord")


@pytest.mark.parametrize("seed", range(5))
def test_random_damage_is_a_sentence_or_survived(tmp_path, seed):
    generator = np.random.default_rng(seed)
    whole = write(tmp_path / "a.tfrecord", *(serialized(a=[1, 2], b=[b"xyz"]) for _ in range(3))).read_bytes()

    for _ in range(40):
        damaged = bytearray(whole)
        damaged[generator.integers(len(whole))] = generator.integers(256)
        (tmp_path / "b.tfrecord").write_bytes(damaged)
        try:
            list(tf_records.read(tmp_path / "b.tfrecord"))
        except errors.DataError as error:
            assert "b.tfrecord, record" in str(error)
