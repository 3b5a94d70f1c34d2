"""Weights survive the way to a file and back, and nothing that does not fit gets in."""
import json
import struct

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train import weights

LAYERS = tf.keras.layers


def network(width=4, named=True, extra=False):
    names = iter(["stem", "stem_norm", "flat", "logits", "more"]) if named else iter([None] * 5)
    layers = [LAYERS.Input([6, 6, 1]), LAYERS.Conv2D(width, 3, name=next(names)),
              LAYERS.BatchNormalization(name=next(names)), LAYERS.Flatten(name=next(names)),
              LAYERS.Dense(2, name=next(names))]
    return tf.keras.Sequential(layers + [LAYERS.Dense(2, name=next(names))] * extra)


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=[5, 6, 6, 1]).astype(np.float32)


@pytest.mark.parametrize("name", ["w.safetensors", "w.weights.h5", "w.h5"])
@pytest.mark.parametrize("named", [True, False])
def test_saved_and_loaded_weights_give_equal_outputs(tmp_path, images, name, named):
    model, other = network(named=named), network(named=named)

    weights.save(model, tmp_path / name, {"lab": "x"})
    weights.load(other, tmp_path / name)

    np.testing.assert_array_equal(model(images), other(images))
    assert weights.metadata(tmp_path / name) == {"lab": "x"}


def test_names_do_not_depend_on_what_was_built_before():
    first = list(weights.named_variables(network(named=False)))
    second = list(weights.named_variables(network(named=False)))

    assert first == second
    assert first[:2] == ["conv2d/kernel", "conv2d/bias"]


def test_layers_of_one_class_are_counted_in_the_model():
    model = tf.keras.Sequential([LAYERS.Input([3]), LAYERS.Dense(3), LAYERS.Dense(3), LAYERS.Dense(2, name="logits")])

    assert list(weights.named_variables(model))[::2] == ["dense/kernel", "dense_1/kernel", "logits/kernel"]


@pytest.mark.parametrize("name", ["w.safetensors", "w.weights.h5", "w.h5"])
def test_another_width_names_the_layer_and_leaves_the_model_alone(tmp_path, name):
    weights.save(network(width=8), tmp_path / name, {})
    model = network(width=4)
    before = model.get_weights()

    with pytest.raises(errors.WeightsError, match=r"(stem/|conv2d/vars/0).*: expected \[3, 3, 1, 4\], found \[3, 3"):
        weights.load(model, tmp_path / name)

    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_missing_and_surplus_weights_are_named(tmp_path):
    weights.save(network(), tmp_path / "small.safetensors", {})
    weights.save(network(extra=True), tmp_path / "large.safetensors", {})

    with pytest.raises(errors.WeightsError, match="The file lacks: more/kernel, more/bias"):
        weights.load(network(extra=True), tmp_path / "small.safetensors")
    with pytest.raises(errors.WeightsError, match="The file has more: more/bias, more/kernel"):
        weights.load(network(), tmp_path / "large.safetensors")


def test_a_part_is_loaded_by_name(tmp_path):
    source, model = network(), network(extra=True)
    weights.save(source, tmp_path / "w.safetensors", {})

    loaded = weights.load(model, tmp_path / "w.safetensors", include=["stem*"])

    assert len(loaded) == 6
    np.testing.assert_array_equal(source.layers[0].kernel, model.layers[0].kernel)
    assert not np.array_equal(source.layers[-1].kernel, model.layers[3].kernel)


def test_a_part_that_nobody_has_is_an_error(tmp_path):
    weights.save(network(), tmp_path / "w.safetensors", {})

    with pytest.raises(errors.WeightsError, match="No weight of the network is named like body"):
        weights.load(network(), tmp_path / "w.safetensors", include=["body*"])


def test_not_strict_loads_what_fits(tmp_path):
    weights.save(network(width=8), tmp_path / "w.safetensors", {})

    loaded = weights.load(network(width=4), tmp_path / "w.safetensors", strict=False)

    assert loaded == ["logits/bias"]


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(tmp_path, kept):
    weights.save(network(), tmp_path / "w.safetensors", {})
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[:kept])

    with pytest.raises(errors.WeightsError, match="truncated"):
        weights.load(network(), tmp_path / "w.safetensors")


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)

    with pytest.raises(errors.WeightsError, match="no whole .safetensors file"):
        weights.describe(tmp_path / "w.safetensors")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(errors.WeightsError, match="There is no file .*absent.safetensors"):
        weights.metadata(tmp_path / "absent.safetensors")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    weights.save(network(), tmp_path / "w.safetensors", {"version": 1})

    def no_space(*args):
        raise OSError(28, "No space left")

    monkeypatch.setattr("safetensors.numpy.save", no_space)

    with pytest.raises(errors.KitError, match="No space left"):
        weights.save(network(), tmp_path / "w.safetensors", {"version": 2})

    assert weights.metadata(tmp_path / "w.safetensors") == {"version": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_describe_lists_names_types_and_shapes(tmp_path):
    weights.save(network(), tmp_path / "w.safetensors", {})

    assert ("logits/kernel", "F32", (64, 2)) in weights.describe(tmp_path / "w.safetensors")
