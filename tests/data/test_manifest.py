"""The manifests are complete and agree with the readers; a damaged one is named."""
import importlib

import pytest

from npfl_kit import errors
from npfl_kit.data import manifest

GOOD = """
title = "Toy"
licence = "none"
homepage = ""
image_shape = [1, 1, 1]
classes = ["a"]
[splits]
train = 1
[[files]]
name = "toy.bin"
urls = ["https://host/toy.bin"]
bytes = 10
sha256 = "%s"
""" % ("0" * 64)


def test_a_good_manifest_is_read():
    parsed = manifest.parse(GOOD, "toy", "toy.toml")

    assert parsed.bytes == 10 and parsed.files[0].urls == ("https://host/toy.bin",)
    assert parsed.image_shape == (1, 1, 1) and parsed.splits == {"train": 1}


@pytest.mark.parametrize("found, replacement", [
    ("bytes = 10", "bytes = 0"), ("bytes = 10", 'bytes = "10"'), ("bytes = 10", "size = 10"),
    ("[[files]]", "[[file]]"),
    ('"toy.bin"', '"../toy.bin"'), ('"toy.bin"', '".toy"'), ('"toy.bin"', "7"), ("https://", "file:///"),
    ('["https://host/toy.bin"]', "[]"), ("0" * 64, "0" * 63), ("0" * 64, "Z" * 64), ("0" * 64, ""),
    ("bytes = 10", 'bytes = 10\nunpacks = "toy"'), ("bytes = 10", "bytes = 10\nmirror = 1"), ("title =", "titel ="),
    ("[splits]", "[splits"), ("bytes = 10", f'bytes = 10\ncontent_sha256 = "{"1" * 64}"'),
])
def test_a_damaged_manifest_is_a_data_error_that_names_it(found, replacement):
    assert found in GOOD

    with pytest.raises(errors.DataError, match="^toy.toml is not a manifest"):
        manifest.parse(GOOD.replace(found, replacement), "toy", "toy.toml")


def test_an_unknown_data_set_offers_the_nearest():
    with pytest.raises(errors.UsageError, match="did you mean cifar10"):
        manifest.read("cifar")


@pytest.mark.parametrize("name", manifest.names())
def test_a_manifest_agrees_with_its_reader_and_its_card(name):
    facts, reader = manifest.read(name), importlib.import_module(f"npfl_kit.data.{name}")

    assert facts.classes == tuple(reader.CLASSES)
    assert facts.image_shape[:2] == (reader.SIZE, reader.SIZE)
    card = manifest.card(name)
    assert f"uint8 {list(facts.image_shape)}" in card
    for count in facts.splits.values():
        assert f"{count:,}" in card


def test_the_numbers_of_mnist_are_those_of_its_files(shared):
    from npfl_kit import data
    loaded, facts = data.load("mnist", shared / "data"), manifest.read("mnist")

    assert {split: len(loaded.split(split)) for split in facts.splits} == facts.splits
    assert loaded.image_shape == facts.image_shape
