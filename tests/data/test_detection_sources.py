"""Where detection data is looked for, and how its parts become train, dev and test."""
import shutil

import numpy as np
import pytest

from npfl_kit import data, errors
from npfl_kit.data import detection_sources
from npfl_kit.data.detection_split import DetectionSplit, Objects


def a_part(count):
    return DetectionSplit([f"{index}.jpg" for index in range(count)], np.full([count, 2], 4),
                          lambda index: np.zeros([4, 4, 3], np.uint8), lambda index: Objects.of([], []))


def find(name, data_dir=None):
    return detection_sources.find(name, data_dir, "some *.xml", ".xml").path


@pytest.fixture
def places(tmp_path):
    """Three folders with a set `bccd` each, and one with other files only."""
    for place in ("given/bccd", "variable/bccd", "cache/bccd", "other"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / ("a.txt" if place == "other" else "a.xml")).write_text("")
    return tmp_path


def test_the_given_folder_then_the_variable_then_the_cache(places, monkeypatch):
    assert find("bccd") == places / "cache" / "bccd"
    monkeypatch.setenv("NPFL_KIT_DATA", str(places / "variable"))
    assert find("bccd") == places / "variable" / "bccd"
    assert find("bccd", places / "given") == find("bccd", places / "given" / "bccd") == places / "given" / "bccd"


def test_a_variable_that_holds_other_sets_leads_to_the_cache(places, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_DATA", str(places / "other"))

    assert find("bccd") == places / "cache" / "bccd"


def test_own_pictures_may_lie_in_the_folder_of_the_variable_itself(places, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_DATA", str(places / "variable" / "bccd"))

    assert find("voc") == places / "variable" / "bccd"


@pytest.mark.parametrize("name", [name for name in data.DETECTION if name != "glyph_scenes"])
def test_an_absent_set_says_what_to_type(name):
    with pytest.raises(errors.DataError, match=f"The data set {name} is not here, .*type --data_dir=FOLDER, or type "
                                               "--dataset=glyph_scenes, which needs no file"):
        data.load(name)


@pytest.mark.parametrize("name", [name for name in data.DETECTION if name != "glyph_scenes"])
def test_a_folder_of_other_files_says_what_was_looked_for(places, name):
    with pytest.raises(errors.DataError, match=f"There is no data set {name} in .*other: expected .*; of its 1 files "
                                               "none ends in .*Type --data_dir=FOLDER"):
        data.load(name, places / "other")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(errors.DataError, match="There is no folder .*nowhere"):
        find("bccd", tmp_path / "nowhere")


def test_the_only_archive_of_a_folder_is_opened_and_of_several_the_one_with_the_name(places):
    folder = places / "archives"
    folder.mkdir()
    shutil.make_archive(str(folder / "x"), "zip", places / "given")
    assert find("bccd", folder) == folder / "x.zip"

    shutil.copy(folder / "x.zip", folder / "bccd_all.zip")
    assert find("bccd", folder) == folder / "bccd_all.zip"
    with pytest.raises(errors.DataError, match="holds several archives: bccd_all.zip, x.zip; choose one by --data"):
        find("voc", folder)


def test_a_damaged_archive_is_a_sentence(tmp_path):
    (tmp_path / "bccd.zip").write_bytes(b"PK\3\4 half of a file")

    with pytest.raises(errors.DataError, match="Cannot read .*bccd.zip"):
        find("bccd", tmp_path)


@pytest.mark.parametrize("path, split", [
    ("annotations/instances_train2017.json", "train"), ("annotations/instances_val2017.json", "dev"),
    ("valid/_annotations.coco.json", "dev"), ("test/labels.json", "test"), ("svhn.dev.tfrecord", "dev"),
    ("VOC2007/Annotations/", None), ("trainer/x.xml", None), ("test/train.json", "train")])
def test_a_part_is_told_by_the_last_word_that_names_one(path, split):
    assert detection_sources.split_of(path) == split


@pytest.mark.parametrize("given, made", [
    ({"": 20}, [16, 2, 2]), ({"train": 20}, [16, 2, 2]), ({"train": 20, "dev": 7}, [18, 2, 7]),
    ({"train": 20, "test": 7}, [18, 2, 7]), ({"train": 20, "dev": 3, "test": 7}, [20, 3, 7]), ({"": 3}, [1, 1, 1])])
def test_missing_parts_are_carved_out_of_train(given, made):
    parts = detection_sources.complete({name: a_part(count) for name, count in given.items()}, "here")

    assert [len(parts[name]) for name in ("train", "dev", "test")] == made
    assert [int(name[:-4]) for name in parts["train"].names] == sorted(int(name[:-4]) for name in parts["train"].names)


@pytest.mark.parametrize("given, said", [({"": 2}, "at least 3 pictures"), ({"": 0}, "at least 3 pictures"),
                                         ({"test": 5}, "expected a training part beside test; found none")])
def test_too_little_is_a_sentence(given, said):
    with pytest.raises(errors.DataError, match=f"here: .*{said}"):
        detection_sources.complete({name: a_part(count) for name, count in given.items()}, "here")
