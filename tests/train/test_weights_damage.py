"""Damaged files and full disks: weights are right, or there is one sentence."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import checkpoint, h5_weights, weights

SEEDS = 300
ABOUT = {"lab": "some_lab", "args": {"epochs": 3}, "build": {"classes": 2}, "history": [{"loss": 0.5}]}
FULL = """
import pathlib, resource, signal, sys
import tensorflow as tf
from npfl_kit import errors
from npfl_kit.train import weights

model = tf.keras.Sequential([tf.keras.layers.Input([300]), tf.keras.layers.Dense(300)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for name in ("w.safetensors", "w.weights.h5", "w.h5"):
    for limit in (0, 100, 5_000, 100_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            weights.save(model, pathlib.Path(name), {})
        except errors.KitError as error:
            print(error)
"""


@pytest.fixture
def model():
    return tf.keras.Sequential([tf.keras.layers.Input([3]), tf.keras.layers.Dense(2, name="logits")])


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of resources")
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path):
    ended = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, cwd=tmp_path)

    expected = [f"Cannot write {name}: File too large. Free some space, or choose another place for it."
                for name in ("w.safetensors", "w.weights.h5", "w.h5") for _ in range(4)]
    assert (ended.returncode, ended.stdout.splitlines()) == (0, expected), ended.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["w.safetensors", "w.weights.h5", "w.h5"])
def test_weights_have_the_mode_of_other_files(tmp_path, model, name):
    (tmp_path / "usual").touch()

    weights.save(model, tmp_path / name, {})

    assert (tmp_path / name).stat().st_mode == (tmp_path / "usual").stat().st_mode


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes of a file changed, most in its first part, where the format is."""
    content = np.frombuffer(whole, np.uint8).copy()
    end = rng.choice([64, 512, len(content)])
    places = rng.integers(0, min(end, len(content)), rng.integers(1, 5))
    content[places] ^= rng.choice([1, 2, 4, 8, 16, 32, 64, 128, 255], len(places)).astype(np.uint8)
    return content.tobytes()


def read_all(path, model):
    """Everything that the kit reads of a file; gives the KitErrors."""
    listing = h5_weights.shapes if path.suffix == ".h5" else weights.describe
    for reading in (weights.metadata, listing, lambda path: weights.load(model, path)):
        try:
            reading(path)
        except errors.KitError as error:
            yield str(error)


@pytest.mark.parametrize("name", ["w.safetensors", "w.weights.h5", "w.h5"])
def test_damaged_bytes_are_a_sentence_or_no_matter(tmp_path, model, name):
    path = tmp_path / name
    weights.save(model, path, ABOUT)
    whole, said = path.read_bytes(), []

    for seed in range(SEEDS):
        path.write_bytes(damaged(whole, np.random.default_rng(seed)))
        said += read_all(path, model)

    assert len(said) > SEEDS / 10
    assert all(str(path) in text and "\n" not in text for text in said)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_metadata_are_a_sentence_or_no_matter(tmp_path, seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        text = damaged(json.dumps(ABOUT).encode(), rng).decode("utf-8", "replace")
        weights.write(tmp_path / "w.safetensors", {}, {weights.METADATA_KEY: text})
        try:
            about = weights.metadata(tmp_path / "w.safetensors")
        except errors.WeightsError:
            continue
        assert isinstance(about.get("args", {}), dict) and isinstance(about.get("lab", ""), str)


def test_a_number_type_that_numpy_lacks_is_named(tmp_path, model):
    weights.save(model, tmp_path / "w.safetensors", {})
    content = (tmp_path / "w.safetensors").read_bytes()
    header = json.loads(content[8:8 + int.from_bytes(content[:8], "little")])
    header["logits/kernel"].update(dtype="F8_E4M3", data_offsets=[0, 6])
    header["logits/bias"].update(data_offsets=[6, 14])
    text = json.dumps(header).encode()
    (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(14))
    before = model.get_weights()

    with pytest.raises(errors.WeightsError, match="logits/kernel of .* has the number type F8_E4M3"):
        weights.load(model, tmp_path / "w.safetensors")

    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_weights_without_a_history_are_no_checkpoint(tmp_path, model):
    weights.save(model, tmp_path / "w.safetensors", {"lab": "some_lab"})
    model.compile("sgd")

    with pytest.raises(errors.WeightsError, match="is no checkpoint: it has no history"):
        checkpoint.restore(model, tmp_path / "w.safetensors")
