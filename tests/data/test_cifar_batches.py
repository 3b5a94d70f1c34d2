import os
import pickle
import tarfile

import numpy as np
import pytest

from npfl_kit import data, errors
from npfl_kit.data import cifar_batches


def pictures(count, seed):
    return np.random.default_rng(seed).integers(0, 256, [count, 32, 32, 3], dtype=np.uint8)


def batch(images, labels, text=bytes):
    """As the authors' files: rows of red, green and blue planes; their strings are Python 2's."""
    key = (lambda name: name.encode()) if text is bytes else str
    return {key("batch_label"): key("a batch"), key("labels"): [int(label) for label in labels],
            key("data"): images.transpose(0, 3, 1, 2).reshape(len(images), -1), key("filenames"): [key("a.png")]}


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "cifar-10-batches-py"
    place.mkdir()
    for number in range(1, 6):
        content = batch(pictures(20, number), np.arange(20) % 10)
        (place / f"data_batch_{number}").write_bytes(pickle.dumps(content, 2))
    (place / "test_batch").write_bytes(pickle.dumps(batch(pictures(10, 6), np.arange(10)), 2))
    (place / "batches.meta").write_bytes(pickle.dumps({"label_names": ["airplane"]}, 2))
    return place


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("text", [bytes, str])
def test_pictures_come_back_with_channels_last(protocol, text):
    images = pictures(3, seed=1)

    found, labels = cifar_batches.read(pickle.dumps(batch(images, [3, 1, 2], text), protocol), "data_batch_1")

    np.testing.assert_array_equal(found, images)
    assert labels.tolist() == [3, 1, 2] and labels.dtype == np.int32


@pytest.mark.parametrize("place", ["above", "inside", "archive", "archive file"])
def test_official_split_wherever_the_batches_lie(folder, tmp_path, place):
    path = {"above": tmp_path, "inside": folder}.get(place)
    if path is None:
        (tmp_path / "packed").mkdir()
        with tarfile.open(tmp_path / "packed" / "cifar-10-python.tar.gz", "w:gz") as archive:
            archive.add(folder, "cifar-10-batches-py")
        path = tmp_path / "packed" / ("cifar-10-python.tar.gz" if place == "archive file" else "")

    loaded = data.load("cifar10", path)

    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [90, 10, 10]
    assert loaded.image_shape == (32, 32, 3)
    whole = np.concatenate([pictures(20, number) for number in range(1, 6)])
    np.testing.assert_array_equal(loaded.split("train").images, whole[:90])
    np.testing.assert_array_equal(loaded.split("dev").images, whole[90:])
    assert loaded.split("dev").labels.tolist() == list(range(10))
    np.testing.assert_array_equal(loaded.split("test").images, pictures(10, 6))


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("broken_into",)


class Getter:
    def __reduce__(self):
        return getattr, ("", "join")


@pytest.mark.parametrize("attack, named", [(Malicious(), "posix.mkdir|nt.mkdir"), (Getter(), "__builtin__.getattr"),
                                           (np.float64(1), "numpy.*scalar"), (object(), "__builtin__.object")])
def test_pickle_that_asks_for_more_is_not_run(attack, named):
    content = {**batch(pictures(1, 1), [0]), "extra": attack}

    with pytest.raises(errors.DataError, match=f"data_batch_1: the file asks to run ({named}).*, which no batch of "
                                               "CIFAR-10 does; it was not run. Delete the file"):
        cifar_batches.read(pickle.dumps(content, 2), "data_batch_1")

    assert not os.path.exists("broken_into")


def damaged(**changes):
    return pickle.dumps({**{"data": np.zeros([2, 3072], np.uint8), "labels": [0, 1]}, **changes}, 2)


@pytest.mark.parametrize("content, message", [
    (b"", "is not a batch of CIFAR-10: Ran out of input"),
    (b"<html>", "is not a batch of CIFAR-10"),
    (damaged()[:-2000], "is not a batch of CIFAR-10"),
    (pickle.dumps([1, 2], 2), "expected a dictionary with data"),
    (pickle.dumps({"labels": [1]}, 2), "expected a dictionary with data"),
    (damaged(data=[1, 2]), "expected a dictionary with data"),
    (damaged(data=np.zeros([2, 3071], np.uint8)), "expected a dictionary with data"),
    (damaged(data=np.zeros([2, 3072], np.float32)), "expected a dictionary with data"),
    (damaged(data=np.array([{}, []], object)), "expected a dictionary with data"),
    (damaged(labels=[0]), "found 2 pictures and 1 labels"),
    (damaged(labels=[0, 10]), "labels from 0 to 9"),
    (damaged(labels=[0, -1]), "labels from 0 to 9"),
    (damaged(labels=[0, 2**70]), "expected a dictionary with data"),
    (damaged(labels=["a", "b"]), "expected a dictionary with data")])
def test_damaged_batch_is_a_data_error_naming_the_file(content, message):
    with pytest.raises(errors.DataError, match=f"data_batch_1.*{message}.*Delete it and get it again"):
        cifar_batches.read(content, "data_batch_1")


def test_missing_batches_are_named(folder):
    (folder / "data_batch_3").unlink()

    with pytest.raises(errors.DataError, match="missing: data_batch_3."):
        data.load("cifar10", folder)


def test_truncated_archive_is_a_data_error_naming_it(folder, tmp_path):
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "cifar-10-batches-py")
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(errors.DataError, match=f"Cannot read {path}: Compressed file ended before"):
        data.load("cifar10", path)
