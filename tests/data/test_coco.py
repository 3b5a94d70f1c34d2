"""Folders and archives with annotations in COCO format, whole and damaged."""
import io
import json
import shutil

import pytest
from PIL import Image

from npfl_kit import data, errors

CATEGORIES = [{"id": 3, "name": "cat"}, {"id": 8, "name": "dog"}]


def picture(width=20, height=10):
    stream = io.BytesIO()
    Image.new("RGB", (width, height)).save(stream, "PNG")
    return stream.getvalue()


def content(first, count, sides=True, objects=2, categories=CATEGORIES, **changed):
    """A COCO file of pictures `{first}.png` ... with objects of alternating classes."""
    size = {"height": 10, "width": 20} if sides else {}
    return {"images": [{"id": image, "file_name": f"{image}.png", **size} for image in range(first, first + count)],
            "annotations": [{"id": 100 * image + number, "image_id": image, "category_id": [3, 8][number % 2],
                             "bbox": [1, 2, 3 + number % 9, 4], "area": 7, "iscrowd": 0}
                            for image in range(first, first + count) for number in range(objects)],
            "categories": categories, **changed}


def write(folder, files, parts=(("train2017", 1, 4), ("val2017", 51, 2))):
    for part, first, count in parts:
        (folder / part).mkdir(parents=True, exist_ok=True)
        for image in range(first, first + count):
            (folder / part / f"{image}.png").write_bytes(picture())
    for name, what in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(what))
    return folder


def coco(folder, train=None, val=None):
    """A folder like COCO 2017: 4 pictures of train, 2 of val."""
    return write(folder, {"annotations/instances_train2017.json": content(1, 4) if train is None else train,
                          "annotations/instances_val2017.json": content(51, 2) if val is None else val,
                          "annotations/captions_val2017.json": {}})


def sizes(loaded):
    return [len(loaded.split(name)) for name in ("train", "dev", "test")]


@pytest.mark.parametrize("form", ["folder", "zip", "gztar"])
def test_coco_2017_is_read_as_published(tmp_path, form):
    place = coco(tmp_path / "here")
    if form != "folder":
        place = shutil.make_archive(str(tmp_path / "coco"), form, place)

    loaded = data.load("coco", place)

    assert sizes(loaded) == [3, 1, 2] and loaded.classes == ["cat", "dog"] and loaded.category_ids == [3, 8]
    test = loaded.split("test")
    assert test.names == ["51.png", "52.png"] and test.image_ids == [51, 52]
    assert test.objects(0).boxes.tolist() == [[2, 1, 6, 4], [2, 1, 6, 5]] and test.objects(0).labels.tolist() == [0, 1]
    assert test.image(0).shape == (10, 20, 3) and loaded.report() == {}


def test_one_file_beside_the_pictures_of_each_part(tmp_path):
    parts = (("train", 1, 4), ("valid", 51, 2), ("test", 61, 3))
    write(tmp_path, {f"{part}/_annotations.coco.json": content(first, count) for part, first, count in parts}, parts)

    assert sizes(data.load("coco", tmp_path)) == [4, 2, 3]


def test_one_file_for_all_is_split(tmp_path):
    write(tmp_path, {"labels.json": content(1, 20)}, [("images", 1, 20)])

    assert sizes(data.load("coco", tmp_path)) == [16, 2, 2]


def test_pictures_of_one_name_are_told_apart_by_the_folder_of_their_part(tmp_path):
    parts = (("train", 1, 3), ("val", 1, 3))
    write(tmp_path, {f"annotations/instances_{part}.json": content(1, 3) for part, *_ in parts}, parts)
    (tmp_path / "val" / "2.png").write_bytes(picture(8, 6))

    loaded = data.load("coco", tmp_path)

    with pytest.raises(errors.DataError, match="2.png has 6 x 8 pixels, its annotation says 10 x 20"):
        loaded.split("test").image(1)
    assert loaded.split("train").image(0).shape == (10, 20, 3)


def test_a_name_that_may_be_two_pictures_is_a_sentence(tmp_path):
    write(tmp_path, {"labels.json": content(1, 3)}, [("one", 1, 3), ("two", 2, 1)])

    with pytest.raises(errors.DataError, match="2.png may be one/2.png or two/2.png. Give it as file_name with its"):
        data.load("coco", tmp_path)


def test_sizes_that_the_file_lacks_are_those_of_the_pictures(tmp_path):
    loaded = data.load("coco", coco(tmp_path, train=content(1, 4, sides=False)))

    assert loaded.split("train").sizes.tolist() == [[10, 20]] * 3


def test_pictures_without_objects_and_with_five_hundred_are_ordinary(tmp_path):
    crowded = data.load("coco", coco(tmp_path / "many", train=content(1, 4, objects=500)))
    empty = data.load("coco", coco(tmp_path / "none", train=content(1, 4, objects=0)))

    assert len(crowded.split("train").objects(0)) == 500
    assert len(empty.split("train").objects(0)) == 0 and empty.report() == {"not in train": ["cat", "dog"]}


def test_the_gold_has_the_ids_of_the_file_and_no_unusable_object(tmp_path):
    val = content(51, 2)
    val["annotations"][1]["bbox"] = [1, 1, 0, 5]
    val["annotations"][2]["segmentation"] = [[1, 2, 3, 2, 3, 5]]

    gold = data.load("coco", coco(tmp_path, val=val)).gold("test")

    assert gold["categories"] == [{"id": 3, "name": "cat"}, {"id": 8, "name": "dog"}]
    assert gold["images"][0] == {"id": 51, "file_name": "51.png", "height": 10, "width": 20}
    assert gold["annotations"] == [val["annotations"][0], *val["annotations"][2:]]


@pytest.mark.parametrize("changed, said", [
    (dict(train=content(1, 5)), "lists 5 pictures, and 1 of them are not there: 5.png. Add them, or delete them"),
    (dict(train=content(1, 4, categories=[])), "not among the categories"),
    (dict(train=content(1, 4, objects=0, categories=[]), val=content(51, 2, objects=0, categories=[])),
     "expected at least one entry in categories; found none"),
    (dict(val=content(51, 2, categories=[{"id": 3, "name": "dog"}, {"id": 8, "name": "cat"}])),
     "category 3 is 'dog' in test and 'cat' elsewhere|category 3 is 'dog' in dev and 'cat' elsewhere"),
    (dict(train={"images": []}), "instances_train2017.json in .*: expected a file in COCO format"),
    (dict(train=content(1, 0)), "found too few|has no picture")])
def test_what_does_not_fit_is_a_sentence(tmp_path, changed, said):
    with pytest.raises(errors.DataError, match=said):
        data.load("coco", coco(tmp_path, **changed))


def test_a_test_part_without_pictures_is_empty(tmp_path):
    loaded = data.load("coco", coco(tmp_path, val=content(51, 0)))

    assert len(loaded.split("test")) == 0 and list(loaded.batches("test", 4, 32)) == []
    assert loaded.gold("test")["images"] == []


def test_two_files_for_one_part_are_a_sentence(tmp_path):
    shutil.copy(coco(tmp_path) / "annotations/instances_val2017.json", tmp_path / "instances_val2014.json")

    with pytest.raises(errors.DataError, match="holds several annotation files for dev: .*Keep one for each part"):
        data.load("coco", tmp_path)


def test_a_file_name_cannot_leave_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(picture())
    train = content(1, 4)
    train["images"][0]["file_name"] = "../secret.png"

    with pytest.raises(errors.DataError, match="1 of them are not there: ../secret.png"):
        data.load("coco", coco(tmp_path / "here", train=train))
