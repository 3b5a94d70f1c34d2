"""Weights of a backbone: those of the file, in a network that looks at the levels; or one clear sentence."""
import argparse
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones, errors
from npfl_kit.train import backbone_weights, weights

FILES = {"mobilenetv2-0.35": (0.35, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"),
         "mobilenetv2-1.0": (1.0, "mobilenet_v2_1.0_224_from_int8_no_top.h5")}
LAYERS = ["block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "out_relu"]


class OfFlags:
    """As much of a run as `load` looks at."""

    def __init__(self, source, folder=pathlib.Path("run"), predict=False, resume=None):
        self.args = argparse.Namespace(backbone_weights=source, predict=predict, resume=resume)
        self.folder = folder


def tiny(seed):
    """The quickest of the backbones; all of them load in the same way."""
    tf.keras.utils.set_random_seed(seed)
    return backbones.stages("tiny", [32, 32, 3])


@pytest.mark.parametrize("name", FILES)
def test_real_weights_give_the_features_of_keras(shared, name):
    alpha, file = FILES[name]
    path = shared / "data" / "keras_weights" / file
    pixels = np.random.default_rng(0).integers(0, 256, [2, 96, 64, 3]).astype(np.float32)
    keras = tf.keras.applications.MobileNetV2((96, 64, 3), alpha, include_top=False, weights=str(path))
    keras = tf.keras.Model(keras.input, [keras.get_layer(layer).output for layer in LAYERS])
    model = backbones.stages(name, [96, 64, 3], norm="frozen")

    backbone_weights.load(OfFlags(str(path)), model)

    found = model(pixels / 255, training=True)
    for level, expected in zip(("C2", "C3", "C4", "C5"), keras(pixels / 127.5 - 1)):
        np.testing.assert_allclose(found[level], expected, rtol=1e-3, atol=1e-4, err_msg=level)
        assert np.std(expected) > 0.1


def test_a_file_of_another_network_or_with_its_last_layer_is_a_sentence(shared):
    folder = shared / "data" / "keras_weights"
    model = backbones.stages("mobilenetv2-0.35", [32, 32, 3])
    before = model.get_weights()

    for file in (FILES["mobilenetv2-1.0"][1], "mobilenet_v2_1.0_224_from_int8_with_top.h5"):
        with pytest.raises(errors.WeightsError, match=f"{file} does not fit the network: .*expected"):
            backbone_weights.load(OfFlags(str(folder / file)), model)
    with pytest.raises(errors.WeightsError, match="There is no file .*absent.h5"):
        backbone_weights.load(OfFlags("absent.h5"), model)

    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("ending", [".h5", ".weights.h5", ".safetensors"])
def test_what_the_kit_saves_comes_back(tmp_path, ending):
    source, target = tiny(seed=1), tiny(seed=2)
    weights.save(source, tmp_path / f"w{ending}", {})

    backbone_weights.load(OfFlags(str(tmp_path / f"w{ending}")), target)

    for old, new in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_of_a_larger_network_the_part_of_the_backbone_is_taken_and_none_may_lack(tmp_path):
    """A classifier or detector of the kit can start a detector."""
    source, target = tiny(seed=1), tiny(seed=2)
    logits = tf.keras.layers.Dense(3, name="logits")(tf.keras.layers.GlobalAveragePooling2D()(source.output["C5"]))
    weights.save(tf.keras.Model(source.input, logits), tmp_path / "larger.safetensors", {})
    weights.save(tf.keras.Model(source.input, source.output["C4"]), tmp_path / "smaller.safetensors", {})

    backbone_weights.load(OfFlags(str(tmp_path / "larger.safetensors")), target)

    for old, new in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(errors.WeightsError, match="does not fit the network: The file lacks: stage5_1_conv/kernel"):
        backbone_weights.load(OfFlags(str(tmp_path / "smaller.safetensors")), target)


def test_a_path_may_begin_at_the_home_folder(tmp_path, monkeypatch):
    """In `--backbone_weights=~/w.h5` the shell leaves the ~ alone."""
    monkeypatch.setenv("HOME", str(tmp_path))
    source, target = tiny(seed=1), tiny(seed=2)
    weights.save(source, tmp_path / "w.h5", {})

    backbone_weights.load(OfFlags("~/w.h5"), target)

    np.testing.assert_array_equal(source.get_weights()[0], target.get_weights()[0])


@pytest.mark.parametrize("flags", [{"source": None}, {"source": "none"}, {"source": "absent.h5", "predict": True}])
def test_a_run_that_needs_no_weights_reads_none(flags):
    model = tiny(seed=1)
    before = model.get_weights()

    backbone_weights.load(OfFlags(**flags), model)

    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_resumed_run_needs_them_only_if_it_died_before_its_first_checkpoint(tmp_path):
    """Otherwise it would begin with random weights, and nobody would notice."""
    source, target = tiny(seed=1), tiny(seed=2)
    weights.save(source, tmp_path / "w.h5", {})
    run = OfFlags(str(tmp_path / "w.h5"), tmp_path / "run", resume=tmp_path / "run")

    backbone_weights.load(run, target)

    np.testing.assert_array_equal(source.get_weights()[0], target.get_weights()[0])
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    (tmp_path / "run" / "checkpoint" / "last.safetensors").touch()
    (tmp_path / "w.h5").unlink()
    backbone_weights.load(run, target)


@pytest.mark.parametrize("name, file", [
    ("mobilenetv2-0.35", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"),
    ("mobilenetv2-1.0", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"),
    ("resnet50-imagenet", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("efficientnetv2b0", "efficientnetv2-b0_notop.h5")])
def test_without_a_network_it_is_one_sentence(name, file, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(errors.WeightsError) as raised:
        backbone_weights.published(name)

    message = str(raised.value)
    assert message.startswith(f"Cannot download the weights of ImageNet for {name} (NPFL_KIT_OFFLINE is set, and "
                              f"there is no {tmp_path}")
    assert file in message and "--backbone_weights=FILE" in message and "\n" not in message
    assert capfd.readouterr() == ("", "")


def test_a_download_that_fails_is_one_sentence(monkeypatch, tmp_path):
    def refused(**options):
        raise Exception("URL fetch failure on https://storage.example:\n None -- [Errno -2] Name not known")

    monkeypatch.setattr(tf.keras.applications, "MobileNetV2", refused)
    monkeypatch.delenv("NPFL_KIT_OFFLINE")

    with pytest.raises(errors.WeightsError, match=r"\(URL fetch failure on .*: None -- \[Errno -2\] Name not known\)"):
        backbone_weights.published("mobilenetv2-1.0")


def test_what_was_downloaded_before_is_used_offline(shared, monkeypatch, tmp_path):
    """Keras's own file name and order of weights; nothing is downloaded and nothing printed."""
    file = FILES["mobilenetv2-0.35"][1]
    (tmp_path / ".keras" / "models").mkdir(parents=True)
    (tmp_path / ".keras" / "models" / file).symlink_to(shared / "data" / "keras_weights" / file)
    monkeypatch.setenv("HOME", str(tmp_path))
    model = backbones.stages("mobilenetv2-0.35", [32, 32, 3])

    backbone_weights.load(OfFlags("imagenet"), model)

    found = model.get_weights()
    weights.load(model, shared / "data" / "keras_weights" / file)
    for right, own in zip(model.get_weights(), found):
        np.testing.assert_array_equal(right, own)


@pytest.mark.parametrize("name", ["tiny", "resnet18", "resnet50"])
def test_a_backbone_that_keras_has_not_is_told_apart(name):
    """`resnet50` is the kit's own, of another form than Keras's `resnet50-imagenet`."""
    with pytest.raises(errors.UsageError, match=f"no weights of ImageNet for {name}.*--backbone=resnet50-imagenet"):
        backbone_weights.published(name)


@pytest.mark.slow
def test_the_files_are_named_as_keras_names_them(monkeypatch):
    """The next version of Keras may rename them; then `published` would not find what it downloaded."""
    asked = []

    def get_file(name, *args, **kwargs):
        asked.append(name)
        raise RuntimeError("enough")

    monkeypatch.setattr("keras.src.utils.data_utils.get_file", get_file)
    monkeypatch.setattr(tf.keras.initializers.VarianceScaling, "__call__",
                        lambda self, shape, dtype=None, **kwargs: tf.zeros(shape, dtype or tf.float32))
    monkeypatch.delenv("NPFL_KIT_OFFLINE")
    for name in ("efficientnetv2b0", "mobilenetv2-1.4", "resnet50-imagenet"):
        with pytest.raises(errors.WeightsError, match="enough"):
            backbone_weights.published(name)

    assert asked == [backbone_weights.PUBLISHED[family][1].format(width="1.4") for family in
                     ("efficientnetv2b0", "mobilenetv2", "resnet50-imagenet")]
