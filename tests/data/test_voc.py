"""Folders and archives in the form of Pascal VOC, whole and damaged."""
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from npfl_kit import data, errors


def picture(width=20, height=10, mode="RGB", value=0, form="JPEG"):
    stream = io.BytesIO()
    Image.new(mode, (width, height), value).save(stream, form)
    return stream.getvalue()


def annotation(*objects, width=20, height=10):
    """XML with objects as (name, xmin, ymin, xmax, ymax) or with difficult in the end."""
    text = f"<annotation><size><width>{width}</width><height>{height}</height></size>"
    for name, xmin, ymin, xmax, ymax, *difficult in objects:
        text += (f"<object><name>{name}</name><difficult>{int(bool(difficult))}</difficult><bndbox><xmin>{xmin}</xmin>"
                 f"<ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox></object>")
    return f"{text}</annotation>"


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def devkit(folder, parts=(("train", 3), ("val", 1), ("test", 2)), **changed):
    """A folder like VOC2007, all pictures with a cat and a dog; gives the folder."""
    files = {}
    for part, count in parts:
        stems = [f"{part}{number}" for number in range(count)]
        files[f"ImageSets/Main/{part}.txt"] = "".join(f"{stem}\n" for stem in stems)
        for stem in stems:
            files[f"JPEGImages/{stem}.jpg"] = picture()
            files[f"Annotations/{stem}.xml"] = annotation(("dog", 1, 1, 5, 5), ("cat", 3, 2, 20, 10))
    return write(folder, {**files, **changed})


def sizes(loaded):
    return [len(loaded.split(name)) for name in ("train", "dev", "test")]


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "parent"])
def test_the_devkit_is_read_as_published(tmp_path, form):
    place = devkit(tmp_path / "here" / "VOCdevkit" / "VOC2007")
    if form in ("zip", "tar"):
        place = shutil.make_archive(str(tmp_path / "voc"), form, tmp_path / "here")

    loaded = data.load("voc", tmp_path / "here" if form == "parent" else place)

    assert sizes(loaded) == [3, 1, 2] and loaded.classes == ["cat", "dog"]
    assert loaded.split("test").names == ["test0.jpg", "test1.jpg"]
    objects = loaded.split("dev").objects(0)
    assert objects.boxes.tolist() == [[0, 0, 5, 5], [1, 2, 10, 20]] and objects.labels.tolist() == [1, 0]
    assert objects.area.tolist() == [25, 162] and objects.masks is None and objects.keypoints is None
    assert loaded.split("dev").image(0).shape == (10, 20, 3) and loaded.image_shape == (10, 20, 3)
    assert loaded.report() == {}


def test_folders_of_the_splits_are_read(tmp_path):
    write(tmp_path / "here", {f"{part}/{number}{ending}": content for part, count in
                              (("train", 4), ("valid", 1), ("test", 2)) for number in range(count)
                              for ending, content in ((".jpg", picture()), (".xml", annotation(("a", 1, 1, 5, 5))))})

    assert sizes(data.load("voc", tmp_path / "here")) == [4, 1, 2]


def test_a_bare_heap_is_split_in_the_same_way_each_time(tmp_path):
    write(tmp_path / "here", {f"{number:02}{ending}": content for number in range(20)
                              for ending, content in ((".jpg", picture()), (".xml", annotation(("a", 1, 1, 5, 5))))})

    first, second = (data.load("voc", tmp_path / "here") for _ in range(2))

    assert sizes(first) == [16, 2, 2]
    names = [first.split(name).names for name in ("train", "dev", "test")]
    assert names == [second.split(name).names for name in ("train", "dev", "test")]
    assert len(set(sum(names, []))) == 20 and names[0] == sorted(names[0])


def test_open_files_are_read_even_beside_an_archive(tmp_path):
    devkit(tmp_path / "here")
    write(tmp_path / "here", {"backup.zip": b"PK"})

    assert sizes(data.load("voc", tmp_path / "here")) == [3, 1, 2]


def test_odd_boxes_are_left_out_and_counted_with_their_files(tmp_path):
    odd = annotation(("cat", 5, 5, 5, 5), ("cat", 9, 2, 3, 8), ("cat", "nan", 1, 3, 4), ("cat", 30, 1, 40, 5),
                     ("dog", 15, 1, 40, 5), ("cat", 1, 1, 3, 3, "difficult"))
    devkit(tmp_path / "here", **{"Annotations/train1.xml": odd, "Annotations/train2.xml": annotation()})

    loaded = data.load("voc", tmp_path / "here")

    assert loaded.report() == {"no number": ["train1.xml"], "no area": ["train1.xml"] * 2, "outside": ["train1.xml"],
                               "cut": ["train1.xml"], "crowd": ["train1.xml"]}
    objects = loaded.split("train").objects(1)
    assert objects.boxes.tolist() == [[0, 14, 5, 20], [0, 0, 3, 3]] and objects.crowd.tolist() == [False, True]
    assert len(loaded.split("train").objects(2)) == 0
    assert loaded.split("train").labels.tolist() == [1, 0, 1]     # without the difficult one


def test_a_class_that_train_lacks_is_counted(tmp_path):
    devkit(tmp_path / "here", **{"Annotations/test0.xml": annotation(("owl", 1, 1, 5, 5))})

    loaded = data.load("voc", tmp_path / "here")

    assert loaded.classes == ["cat", "dog", "owl"] and loaded.report() == {"not in train": ["owl"]}


def test_a_picture_without_annotation_is_left_out_and_counted(tmp_path):
    write(tmp_path / "here", {**{f"{number}{ending}": content for number in range(5) for ending, content
                                 in ((".jpg", picture()), (".xml", annotation(("a", 1, 1, 5, 5))))},
                              "extra.png": picture()})

    assert data.load("voc", tmp_path / "here").report() == {"no annotation": ["extra.png"]}


@pytest.mark.parametrize("changed, said", [
    ({"Annotations/train1.xml": "<html/>"}, "Annotations/train1.xml in .*here: expected an annotation of Pascal VOC"),
    ({"ImageSets/Main/train.txt": "train0\nnowhere\n"}, "train.txt in .* lists 1 pictures without an annotation: now"),
    ({"Annotations/train9.xml": annotation(), "ImageSets/Main/train.txt": "train0\ntrain9\n"},
     "1 annotations have no picture: train9.xml"),
    ({"ImageSets/Main/train.txt": ""}, "the training part of voc has no picture")])
def test_what_does_not_fit_is_a_sentence_that_names_the_file(tmp_path, changed, said):
    devkit(tmp_path / "here", **changed)

    with pytest.raises(errors.DataError, match=said):
        data.load("voc", tmp_path / "here")


def test_a_file_without_any_object_is_a_sentence(tmp_path):
    write(tmp_path / "here", {"0.jpg": picture(), "0.xml": annotation(), "1.jpg": picture(), "1.xml": annotation()})

    with pytest.raises(errors.DataError, match="expected objects with a class; no annotation has one"):
        data.load("voc", tmp_path / "here")


def test_two_years_in_one_folder_are_a_sentence(tmp_path):
    for year in ("VOC2007", "VOC2012"):
        devkit(tmp_path / "here" / year)

    with pytest.raises(errors.DataError, match="holds several years of Pascal VOC"):
        data.load("voc", tmp_path / "here")


@pytest.mark.parametrize("content", [
    picture(mode="L", value=70), picture(mode="RGBA", value=(70, 70, 70, 255), form="PNG"),
    picture(mode="I;16", value=70 * 256 + 9, form="PNG"), picture(mode="CMYK", value=(0, 0, 0, 185))],
    ids=["gray", "alpha", "16 bits", "CMYK"])
def test_pictures_of_all_kinds_become_rgb_bytes(tmp_path, content):
    devkit(tmp_path / "here", **{"JPEGImages/train0.jpg": content})

    image = data.load("voc", tmp_path / "here").split("train").image(0)

    assert image.dtype == np.uint8 and image.shape == (10, 20, 3)
    assert np.abs(image.astype(int) - 70).max() <= 2


@pytest.mark.parametrize("content, said", [
    (picture(200, 100)[:400], "train0.jpg in .* is not a whole picture"), (b"", "the file is empty"),
    (b"no picture", "is not a whole picture"),
    (picture(10, 20), "train0.jpg has 20 x 10 pixels, its annotation says 10 x 20. Replace the picture or mend")])
def test_a_broken_picture_is_a_sentence_when_it_is_asked_for(tmp_path, content, said):
    devkit(tmp_path / "here", **{"JPEGImages/train0.jpg": content})
    loaded = data.load("voc", tmp_path / "here")

    with pytest.raises(errors.DataError, match=said):
        loaded.split("train").image(0)


def test_a_size_that_the_annotation_lacks_is_that_of_the_picture(tmp_path):
    devkit(tmp_path / "here", **{"Annotations/train0.xml": annotation(("cat", 1, 1, 5, 5), width=0, height=0)})

    assert data.load("voc", tmp_path / "here").split("train").sizes[0].tolist() == [10, 20]


def test_a_picture_of_one_pixel_is_one(tmp_path):
    devkit(tmp_path / "here", **{"JPEGImages/train0.jpg": picture(1, 1),
                                 "Annotations/train0.xml": annotation(("cat", 1, 1, 1, 1), width=1, height=1)})

    loaded = data.load("voc", tmp_path / "here")

    assert loaded.split("train").image(0).shape == (1, 1, 3) and len(loaded.split("train").objects(0)) == 0
    assert loaded.batches("dev", 1, 16)
