"""An `.h5` that reaches out of itself is refused before Keras sees it."""
import h5py
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import h5_weights, weights


@pytest.fixture
def model():
    return tf.keras.Sequential([tf.keras.layers.Input([3]), tf.keras.layers.Dense(2, name="logits")])


@pytest.fixture
def saved(tmp_path, model):
    weights.save(model, tmp_path / "w.weights.h5", {})
    return tmp_path / "w.weights.h5"


def external_link(file, tmp_path):
    file["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "/secret")


def soft_link(file, tmp_path):
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense/vars/1")


def external_storage(file, tmp_path):
    (tmp_path / "secret.bin").write_bytes(np.ones([3, 2], np.float32).tobytes())
    file["layers/dense/vars"].create_dataset("0", [3, 2], "f4", external=[(str(tmp_path / "secret.bin"), 0, 24)])


def virtual_data(file, tmp_path):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", shape=(3, 2))
    file["layers/dense/vars"].create_virtual_dataset("0", layout)


def a_circle(file, tmp_path):
    file["layers/dense/vars/0"] = file["layers"]


def empty(file, tmp_path):
    file["layers/dense/vars/0"] = h5py.Empty("f4")


def a_type(file, tmp_path):
    file["layers/dense/vars/0"] = np.dtype("f4")


def words(file, tmp_path):
    file["layers/dense/vars/0"] = ["a", "b"]


def a_size_without_data(file, tmp_path):
    file["layers/dense/vars"].create_dataset("0", [1 << 40, 2], "f4", chunks=(1024, 2))


@pytest.mark.parametrize("attack", [external_link, soft_link, external_storage, virtual_data, a_circle, empty, a_type,
                                    words, a_size_without_data])
def test_links_out_of_the_file_are_refused(saved, tmp_path, model, attack):
    with h5py.File(saved, "r+") as file:
        del file["layers/dense/vars/0"]
        attack(file, tmp_path)

    with pytest.raises(errors.WeightsError, match="is not opened: layers/dense/vars/0.* which weights never need"):
        weights.load(model, saved)


def test_groups_that_double_at_each_level_are_refused_at_once(saved):
    with h5py.File(saved, "r+") as file:
        group = file.create_group("a")
        for _ in range(40):
            below = group.create_group("x")
            group["y"], group = below, below

    with pytest.raises(errors.WeightsError, match="a/(x/)*y is a group that stands in two places"):
        h5_weights.shapes(saved)


@pytest.mark.parametrize("value", [1, [1, 2], h5py.Empty("f4"), b"\xff", "{", "[]", '{"lab": 1}', ["{}", "{}"]])
def test_an_attribute_that_the_kit_did_not_write_is_a_sentence(saved, value):
    with h5py.File(saved, "r+") as file:
        file.attrs[weights.METADATA_KEY] = value

    with pytest.raises(errors.WeightsError, match="The metadata of .*w.weights.h5 is not what the kit writes"):
        weights.metadata(saved)


def test_an_honest_file_passes(saved):
    assert h5_weights.shapes(saved) == {"layers/dense/vars/0": (3, 2), "layers/dense/vars/1": (2,)}


@pytest.mark.parametrize("kept", [0, 300, 2000])
def test_a_truncated_file_is_refused(saved, model, kept):
    saved.write_bytes(saved.read_bytes()[:kept])

    with pytest.raises(errors.WeightsError, match="no whole HDF5 file"):
        weights.load(model, saved)


def test_parts_are_not_loaded_from_h5(saved, model):
    with pytest.raises(errors.WeightsError, match="npfl-kit weights convert"):
        weights.load(model, saved, include=["logits*"])


def test_files_of_keras_alone_are_read(tmp_path, model):
    other = tf.keras.models.clone_model(model)
    other.save_weights(tmp_path / "keras.h5")

    weights.load(model, tmp_path / "keras.h5")

    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])
    assert weights.metadata(tmp_path / "keras.h5") == {}
