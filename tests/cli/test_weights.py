"""A file of weights explains itself, without TensorFlow."""
import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from npfl_kit.train import conversion, weights

DENSE_LAB = """
import argparse
import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--units", default=1, type=int)


def build_model(args):
    return tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(args.units, name="dense")])


def main(args):
    return {}
"""


@pytest.fixture
def saved(tmp_path):
    """Weights of a small network as the kit writes them, with the state of an optimizer beside."""
    path = tmp_path / "weights.safetensors"
    arrays = {"dense/kernel": np.zeros([784, 10], np.float32), "dense/bias": np.zeros([10], np.float32),
              "optimizer/step": np.zeros([], np.int64)}
    about = {"lab": "cnn_manual", "args": {"epochs": 3, "seed": 42}, "versions": {"tensorflow": "2.15.1"}}
    safetensors.numpy.save_file(arrays, path, metadata={weights.METADATA_KEY: json.dumps(about)})
    return path


def test_show_tells_lab_arguments_versions_and_arrays(command, saved):
    code, out, _ = command("weights", "show", saved)

    assert code == 0
    assert "lab: cnn_manual" in out and "args: epochs=3, seed=42" in out and "versions: tensorflow=2.15.1" in out
    assert [line.split() for line in out.splitlines() if line.startswith("dense/")] == [
        ["dense/bias", "F32", "10", "10"], ["dense/kernel", "F32", "784", "x", "10", "7,840"]]
    assert "7,850 parameters in 2 arrays" in out


def test_show_needs_no_tensorflow(saved):
    code = ("import sys; from npfl_kit.cli import main; code = main.entry(sys.argv[1:]); "
            "sys.exit('imported' if {'tensorflow', 'keras'} & set(sys.modules) else code)")

    ended = subprocess.run([sys.executable, "-c", code, "weights", "show", saved], capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("content", [None, b"", b"\x08\0\0\0\0\0\0\0{}", b"\xff" * 64])
def test_show_of_what_is_no_weights_file_is_a_sentence(command, tmp_path, content):
    path = tmp_path / "other.safetensors"
    if content is not None:
        path.write_bytes(content)

    code, _, err = command("weights", "show", path)

    assert code == 2 and err.startswith("error: ") and str(path) in err


@pytest.mark.parametrize("given, to, expected", [
    ("a.safetensors", None, "a.weights.h5"), ("a.weights.h5", None, "a.safetensors"),
    ("a.safetensors", "b.weights.h5", "b.weights.h5")])
def test_convert_writes_the_other_format_beside_the_file(command, monkeypatch, tmp_path, given, to, expected):
    calls = []
    monkeypatch.setattr(conversion, "convert", lambda path, target: calls.append((path, target)))

    code, out, _ = command("weights", "convert", tmp_path / given, *([tmp_path / to] if to else []))

    assert (code, calls) == (0, [(tmp_path / given, tmp_path / expected)])
    assert str(tmp_path / expected) in out


def test_convert_of_an_unknown_ending_is_a_sentence(command):
    code, _, err = command("weights", "convert", "model.pkl")

    assert code == 2 and "model.pkl is neither .safetensors nor .weights.h5" in err


@pytest.mark.parametrize("to", ["copy.pkl", "copy", "."])
def test_convert_to_an_unknown_ending_is_a_sentence(command, saved, to):
    code, _, err = command("weights", "convert", saved, to)

    assert code == 2 and f"error: {to} ends in neither .safetensors nor .h5" in err


def test_convert_into_a_place_that_cannot_be_written_speaks_of_that_place(command, tmp_path, lab_folder):
    (lab_folder / "first.py").write_text(DENSE_LAB)
    arrays = {"dense/kernel": np.zeros([4, 1], np.float32), "dense/bias": np.zeros([1], np.float32)}
    weights.write(tmp_path / "w.safetensors", arrays, {weights.METADATA_KEY: json.dumps({"lab": "first"})})
    (tmp_path / "file").write_text("")

    code, _, err = command("weights", "convert", tmp_path / "w.safetensors", tmp_path / "file" / "w.h5")

    assert code == 2 and f"Cannot write {tmp_path / 'file' / 'w.h5'}" in err and "logdir" not in err


def test_convert_runs_no_script_that_the_file_names(command, tmp_path, lab_folder):
    script = tmp_path / "evil.py"
    script.write_text("import pathlib; pathlib.Path('ran').touch()\n" + DENSE_LAB)
    arrays = {"dense/kernel": np.zeros([4, 1], np.float32), "dense/bias": np.zeros([1], np.float32)}

    for name in (str(script), "evil.py", "./evil.py", "../evil", "evil"):
        weights.write(tmp_path / "w.safetensors", arrays, {weights.METADATA_KEY: json.dumps({"lab": name})})
        code, _, err = command("weights", "convert", tmp_path / "w.safetensors")

        assert code == 2 and "w.safetensors" in err and len(err.splitlines()) == 1
        assert not (tmp_path / "ran").exists()


def test_show_sends_nothing_to_the_terminal_that_moves_its_cursor(command, tmp_path):
    about = {"args": {"a\x1b[2J": "\ud800"}}
    weights.write(tmp_path / "w.safetensors", {"x\x1b[2J": np.zeros([1], np.float32)},
                  {weights.METADATA_KEY: json.dumps(about)})

    code, out, _ = command("weights", "show", tmp_path / "w.safetensors")

    assert code == 0 and "a?[2J=?" in out and "x?[2J" in out and "\x1b" not in out


def test_convert_there_and_back_changes_no_array(command, tmp_path, lab_folder):
    (lab_folder / "first.py").write_text(DENSE_LAB)
    import tensorflow as tf
    built = tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(3, name="dense")])
    before, back = tmp_path / "before.safetensors", tmp_path / "back.safetensors"
    weights.save(built, before, {"lab": "first", "args": {"units": 3}, "build": {}})

    assert command("weights", "convert", before)[::2] == (0, "")
    assert command("weights", "convert", tmp_path / "before.weights.h5", back)[::2] == (0, "")

    expected, found = (safetensors.numpy.load_file(path) for path in (before, back))
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
