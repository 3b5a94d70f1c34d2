"""Weights come through the other format and back unchanged."""
import json

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import conversion, weights


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Weights of a lab that lies in a home of its own."""
    home = tmp_path / "home"
    (home / "labs" / "01_x").mkdir(parents=True)
    (home / "labs" / "01_x" / "tiny_lab.py").write_text('''
import argparse
import tensorflow as tf
parser = argparse.ArgumentParser()
parser.add_argument("--width", default=3, type=int)
def build_model(args, classes):
    dense = tf.keras.layers.Dense
    return tf.keras.Sequential([tf.keras.layers.Input([2]), dense(args.width), dense(classes)])
def main(args): return {}
''')
    monkeypatch.setenv("NPFL_KIT_HOME", str(home))
    dense = tf.keras.layers.Dense
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), dense(5), dense(4)])
    weights.save(model, tmp_path / "w.safetensors", {"lab": "tiny_lab", "args": {"width": 5}, "build": {"classes": 4}})
    return tmp_path / "w.safetensors"


@pytest.mark.parametrize("ending", ["weights.h5", "h5"])
def test_there_and_back_is_the_same(saved, tmp_path, ending):
    conversion.convert(saved, tmp_path / f"x.{ending}")
    conversion.convert(tmp_path / f"x.{ending}", tmp_path / "back.safetensors")

    assert weights.metadata(tmp_path / "back.safetensors") == weights.metadata(saved)
    with weights.opened(saved) as before, weights.opened(tmp_path / "back.safetensors") as after:
        assert sorted(before.keys()) == sorted(after.keys())
        for name in before.keys():
            np.testing.assert_array_equal(before.get_tensor(name), after.get_tensor(name))


def test_an_older_keras_file_is_converted_by_its_names(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), tf.keras.layers.Dense(3, name="logits")])
    model.save_weights(tmp_path / "k.h5")

    conversion.convert(tmp_path / "k.h5", tmp_path / "k.safetensors")

    assert [name for name, _, _ in weights.describe(tmp_path / "k.safetensors")] == ["logits/bias", "logits/kernel"]


@pytest.mark.parametrize("metadata, said", [
    ({"lab": "other_lab"}, "'other_lab', which is no lab of the course"),
    ({"lab": "tiny_lab.py"}, "'tiny_lab.py', which is no lab of the course"),
    ({"lab": "tiny_lab"}, "cannot build the network .*classes"),
    ({"lab": "tiny_lab", "args": {"width": "wide"}, "build": {"classes": 4}}, "cannot build the network"),
    ({"lab": "tiny_lab", "args": {"width": -5}, "build": {"classes": [4]}}, "cannot build the network")])
def test_metadata_that_build_no_network_are_a_sentence(saved, tmp_path, monkeypatch, metadata, said):
    weights.write(tmp_path / "x.safetensors", {}, {weights.METADATA_KEY: json.dumps(metadata)})
    monkeypatch.chdir(tmp_path / "home" / "labs" / "01_x")

    with pytest.raises(errors.WeightsError, match=said):
        conversion.convert(tmp_path / "x.safetensors", tmp_path / "x.h5")

    assert not (tmp_path / "x.h5").exists()


def test_a_file_without_names_or_lab_is_a_sentence(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Input([2]), tf.keras.layers.Dense(3)])
    model.save_weights(tmp_path / "k.weights.h5")
    weights.save(model, tmp_path / "k.safetensors", {})

    with pytest.raises(errors.WeightsError, match="has no names of weights"):
        conversion.convert(tmp_path / "k.weights.h5", tmp_path / "x.safetensors")
    with pytest.raises(errors.WeightsError, match="does not say which lab built it"):
        conversion.convert(tmp_path / "k.safetensors", tmp_path / "x.h5")
