import gzip
import importlib
import inspect
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from npfl_kit import data, errors
from npfl_kit.data import download


def write_idx(path, array, compress=gzip.compress):
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(compress(content))


def write_mnist(folder, train=24, test=6, suffix=".gz"):
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(42)
    for name, count in (("train", train), ("t10k", test)):
        compress = gzip.compress if suffix else bytes
        write_idx(folder / f"{name}-images-idx3-ubyte{suffix}",
                  generator.integers(0, 256, [count, 28, 28], dtype=np.uint8), compress)
        write_idx(folder / f"{name}-labels-idx1-ubyte{suffix}", np.arange(count, dtype=np.uint8) % 10, compress)
    return folder


def sizes(loaded):
    return [len(loaded.split(name)) for name in ("train", "dev", "test")]


def test_mnist_is_split_as_in_the_course(shared):
    loaded = data.load("mnist", shared / "data" / "mnist")

    assert sizes(loaded) == [55_000, 5_000, 10_000]
    assert loaded.image_shape == (28, 28, 1) and loaded.classes == list("0123456789")
    assert loaded.split("train").labels[:5].tolist() == [5, 0, 4, 1, 9]      # of the official files
    assert loaded.split("test").labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(loaded.split("test").labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    np.testing.assert_allclose(loaded.split("train").images.mean() / 255, 0.1307, atol=3e-4)
    np.testing.assert_allclose(loaded.mean, [0.1307], atol=5e-3)


def test_cifar10_of_the_zip_has_a_stratified_dev(shared):
    loaded = data.load("cifar10", shared / "data" / "cifar10", train_size=1000)

    assert sizes(loaded) == [1000, 2000, 4000]
    assert np.bincount(loaded.split("dev").labels).tolist() == [200] * 10
    assert loaded.image_shape == (32, 32, 3) and loaded.classes[3] == "cat"
    np.testing.assert_allclose(loaded.mean, [0.4914, 0.4822, 0.4465], atol=0.02)


def test_imagenette_has_english_names_and_is_64_pixels_wide(shared):
    loaded = data.load("imagenette", shared / "data", train_size=20)

    assert sizes(loaded) == [20, 200, 500]
    assert loaded.image_shape == (64, 64, 3)
    assert loaded.classes[0] == "tench" and loaded.classes[-1] == "parachute"
    assert np.bincount(loaded.split("test").labels).tolist() == [50] * 10


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_plain_and_compressed(tmp_path, name, suffix):
    loaded = data.load(name, write_mnist(tmp_path / "here", suffix=suffix))

    assert sizes(loaded) == [22, 2, 6]
    assert loaded.split("dev").labels.tolist() == [2, 3]
    assert loaded.split("dev").images.shape == (2, 28, 28, 1)


def test_image_size_scales_arrays(tmp_path):
    loaded = data.load("mnist", write_mnist(tmp_path / "here"), image_size=20, train_size=5)

    assert loaded.image_shape == (20, 20, 1) and loaded.split("train").images.shape == (5, 20, 20, 1)


@pytest.mark.parametrize("name, folders", [("mnist", "0123456789"), ("fashion_mnist", "0123456789"), (
    "fashion_mnist", ["T-shirt_top", "Trouser", "pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                      "ankle-boot"])])
def test_class_folders_stand_for_the_official_files(tmp_path, name, folders):
    for label, folder in enumerate(folders):
        for part, count in (("train", 4), ("test", 1)):
            (tmp_path / "here" / part / folder).mkdir(parents=True)
            for number in range(count):
                Image.new("L", (28, 28), 20 * label).save(tmp_path / "here" / part / folder / f"{number}.png")

    loaded = data.load(name, tmp_path / "here")

    assert sizes(loaded) == [30, 10, 10] and loaded.image_shape == (28, 28, 1)
    np.testing.assert_array_equal(loaded.split("test").images[:, 0, 0, 0], 20 * np.arange(10))
    np.testing.assert_array_equal(loaded.split("train").images[:, 0, 0, 0], 20 * loaded.split("train").labels)


def write_digits(folder, shade):
    for label in "0123456789":
        (folder / label).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (28, 28), shade).save(folder / label / f"{number}.png")


@pytest.mark.parametrize("beside, shade", [("train", 100), ("", 100), ("letters", 200), ("test", 200)])
def test_known_class_folders_win_over_an_archive_beside_them(tmp_path, beside, shade):
    here = tmp_path / "here"
    if beside == "test":
        (here / beside).mkdir(parents=True)     # no picture in it
    else:
        write_digits(here / beside, 100)
    write_digits(tmp_path / "packed", 200)
    shutil.make_archive(here / "pictures", "zip", tmp_path / "packed")

    loaded = data.load("mnist", here)

    assert loaded.split("train").images.max() == shade


def test_other_classes_than_expected_are_a_data_error(tmp_path):
    for folder in ("cat", "dog"):
        (tmp_path / "here" / folder).mkdir(parents=True)
        Image.new("L", (28, 28)).save(tmp_path / "here" / folder / "0.png")

    with pytest.raises(errors.DataError, match="cifar10 in .*: expected the 10 class folders airplane, .*; found 2: "
                                               "cat, dog. For other pictures type --dataset=folder"):
        data.load("cifar10", tmp_path / "here")


@pytest.mark.parametrize("name, form", [("mnist", "four idx files"), ("fashion_mnist", "four idx files"),
                                        ("cifar10", "the python batches"), ("imagenette", "pictures as <class>")])
def test_a_folder_without_the_data_set_says_what_was_looked_for(tmp_path, name, form):
    (tmp_path / "here").mkdir()

    with pytest.raises(errors.DataError, match=f"There is no data set {name} in {tmp_path / 'here'}. Accepted are .*"
                                               f"{form}.* type --data_dir=FOLDER, or type --dataset=glyphs"):
        data.load(name, tmp_path / "here")


def test_missing_idx_file_is_named(tmp_path):
    (write_mnist(tmp_path / "here") / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(errors.DataError, match="expected the four idx files .*; missing: t10k-labels"):
        data.load("mnist", tmp_path / "here")


@pytest.mark.parametrize("labels, message", [
    (np.zeros(5, np.uint8), r"as many labels \[N\], found \[6, 28, 28\] and \[5\]"),
    (np.full(6, 10, np.uint8), "expected classes from 0 to 9, found 10")])
def test_labels_that_do_not_fit_are_a_data_error(tmp_path, labels, message):
    write_idx(write_mnist(tmp_path / "here") / "t10k-labels-idx1-ubyte.gz", labels)

    with pytest.raises(errors.DataError, match=message):
        data.load("mnist", tmp_path / "here")


def test_the_variable_is_looked_at_before_the_cache(tmp_path, monkeypatch):
    write_mnist(tmp_path / "sets" / "mnist", test=4)
    write_mnist(tmp_path / "cache" / "mnist", test=5)
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))

    assert sizes(data.load("mnist"))[2] == 5
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "sets"))
    assert sizes(data.load("mnist"))[2] == 4
    assert sizes(data.load("mnist", tmp_path / "cache"))[2] == 5


def test_a_variable_without_the_set_leads_to_the_cache(tmp_path, monkeypatch):
    (tmp_path / "sets" / "other").mkdir(parents=True)
    write_mnist(tmp_path / "cache" / "mnist", test=5)
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "sets"))

    assert sizes(data.load("mnist"))[2] == 5


def test_a_damaged_set_in_the_variable_is_not_passed_over(tmp_path, monkeypatch):
    (write_mnist(tmp_path / "sets" / "mnist") / "t10k-labels-idx1-ubyte.gz").write_bytes(b"junk")
    write_mnist(tmp_path / "cache" / "mnist")
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "sets"))

    with pytest.raises(errors.DataError, match="t10k-labels-idx1-ubyte.gz: expected an idx file"):
        data.load("mnist")


def test_a_variable_that_names_no_folder_is_a_data_error(tmp_path, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "absent"))

    with pytest.raises(errors.DataError, match="There is no folder .*absent; check --data_dir or NPFL_KIT_DATA"):
        data.load("mnist")


def test_an_incomplete_cache_is_downloaded_again(tmp_path, monkeypatch):
    (write_mnist(tmp_path / "cache" / "mnist") / "t10k-labels-idx1-ubyte.gz").unlink()
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "fetch", lambda name: write_mnist(tmp_path / "fetched", test=7))

    assert sizes(data.load("mnist"))[2] == 7


def test_offline_without_files_says_what_to_type():
    with pytest.raises(errors.DataError, match="--data_dir=.*--dataset=glyphs.*Accepted there are the four idx files"):
        data.load("fashion_mnist")


def test_unknown_name_offers_the_nearest():
    with pytest.raises(errors.UsageError, match="There is no data set 'cifar'; did you mean cifar10"):
        data.load("cifar")


@pytest.mark.parametrize("size", [0, -1, 12001])
def test_impossible_train_size_is_a_usage_error(size):
    with pytest.raises(errors.UsageError, match="--train_size must be between 1 and 12,000, the training pictures of"):
        data.load("glyphs", train_size=size)


def test_impossible_image_size_is_a_usage_error():
    with pytest.raises(errors.UsageError, match="--image_size must be between 1 and 1024 pixels, got 0"):
        data.load("mnist", image_size=0)


def test_labels_need_neither_tensorflow_nor_pictures(shared, tmp_path):
    folder = shutil.copytree(shared / "data" / "mnist", tmp_path / "mnist")
    (folder / "t10k-images-idx3-ubyte.gz").chmod(0o600)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(struct.pack(">4I", 0x803, 10000, 28, 28)))
    code = ("import sys; from npfl_kit import data; loaded = data.load('mnist', sys.argv[1])\n"
            "print(len(loaded.split('dev').labels), loaded.evaluate('test', loaded.split('test').labels))\n"
            "sys.exit('tensorflow' in sys.modules)")

    found = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)

    assert found.stdout == "5000 {'accuracy': 1.0}\n"


@pytest.mark.parametrize("name, option", [("morphology", "image_size"), ("sst2", "column"), ("glyphs", "column"),
                                          ("python_text", "image_size")])
def test_an_option_that_a_set_does_not_have_is_named(name, option):
    with pytest.raises(errors.UsageError, match=f"{name} has no --{option}; leave it out"):
        data.load(name, **{option: 32})


def test_an_option_that_is_none_is_what_the_set_usually_has():
    assert len(data.load("opinions", image_size=None, column=None, train_size=3).split("train")) == 3


@pytest.mark.parametrize("name, among, has", [
    ("mnist", data.TAGGING, "pictures with one class each"), ("opinions", data.TAGGING, "sentences with one class"),
    ("morphology", data.LANGUAGE, "a tag for each word"), ("text", data.TEXT_CLASSIFICATION, "character by")])
def test_a_set_of_another_kind_is_refused_with_what_it_has(name, among, has):
    with pytest.raises(errors.UsageError, match=f"{name} has .*{has}.* choose another --dataset: {among[0]}, "):
        data.load(name, among=among)


@pytest.mark.parametrize("name", data.NAMES)
def test_every_name_has_a_module_with_the_same_first_arguments(name):
    module = importlib.import_module(f"npfl_kit.data.{name}")

    assert list(inspect.signature(module.load).parameters)[:2] == ["data_dir", "train_size"]
    assert module.NAME == name
