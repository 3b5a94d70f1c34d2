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


@pytest.mark.parametrize("attack", [external_link, soft_link, external_storage, virtual_data, a_circle])
def test_links_out_of_the_file_are_refused(saved, tmp_path, model, attack):
    with h5py.File(saved, "r+") as file:
        del file["layers/dense/vars/0"]
        attack(file, tmp_path)

    with pytest.raises(errors.WeightsError, match="is not opened: layers/dense/vars/0.* which weights never need"):
        weights.load(model, saved)


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
