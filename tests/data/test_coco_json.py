"""Annotation files of COCO: what they say, what is survived, and what is refused."""
import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data import coco_json

IMAGES = [{"id": 7, "file_name": "a.jpg", "height": 10, "width": 20}, {"id": 3, "file_name": "b.jpg"}]
CATEGORIES = [{"id": 5, "name": "dog"}, {"id": 2, "name": "cat"}]


def an_annotation(**changed):
    return {"id": 1, "image_id": 7, "category_id": 5, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0, **changed}


def parse(*annotations, report=None, **changed):
    content = {"images": IMAGES, "annotations": list(annotations), "categories": CATEGORIES, **changed}
    return coco_json.parse(json.dumps(content).encode(), "a.json", {} if report is None else report)


def objects(*annotations, size=(10, 20), points=0, report=None):
    return coco_json.objects(annotations, size, "a.jpg", {2: 0, 5: 1}, points, {} if report is None else report)


def test_a_file_is_its_pictures_its_sorted_classes_and_the_objects_of_each_picture():
    file = parse(an_annotation(), an_annotation(id=2, image_id=3), an_annotation(id=9))

    assert [each["id"] for each in file.images] == [7, 3]
    assert [each["name"] for each in file.categories] == ["cat", "dog"]
    assert {image: [each["id"] for each in found] for image, found in file.annotations.items()} == {7: [1, 9], 3: [2]}
    assert file.keypoints == []


def test_left_top_width_height_becomes_top_left_bottom_right():
    found, _ = objects(an_annotation(), an_annotation(category_id=2, bbox=[0.5, 0, 1.25, 2], area=9.5))

    assert found.boxes.tolist() == [[2, 1, 6, 4], [0, 0.5, 2, 1.75]]
    assert found.labels.tolist() == [1, 0] and found.area.tolist() == [12, 9.5]
    assert found.masks is None and found.keypoints is None


def test_no_annotation_is_no_object():
    found, kept = objects()

    assert len(found) == 0 and found.boxes.shape == (0, 4) and kept == []


def test_odd_boxes_are_left_out_and_counted():
    report = {}

    found, kept = objects(*(an_annotation(id=number, bbox=box) for number, box in enumerate(
        ([1, 1, 0, 4], [1, 1, -2, 4], [float("nan"), 1, 2, 3], [40, 1, 5, 5], [-9, 0, 12, 5], [1, 1, 2, 2]))),
        an_annotation(id=9, iscrowd=1), report=report)

    assert report == {"no number": ["a.jpg"], "no area": ["a.jpg"] * 2, "outside": ["a.jpg"], "cut": ["a.jpg"],
                      "crowd": ["a.jpg"]}
    assert [each["id"] for each in kept] == [4, 5, 9]
    assert found.crowd.tolist() == [False, False, True]


@pytest.mark.parametrize("area", [None, "large", float("nan"), float("inf"), {}])
def test_an_area_that_is_none_is_that_of_the_box(area):
    assert objects(an_annotation(area=area))[0].area.tolist() == [12]


def test_keypoints_are_y_x_visibility():
    found, _ = objects(an_annotation(keypoints=[3, 4, 2, 5, 6, 1]), an_annotation(), points=2)

    assert found.keypoints.tolist() == [[[4, 3, 2], [6, 5, 1]], [[0, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("values", [[1, 2, 3], [1, 2, 3, 4, 5, "x"], [[1]], 7, "abc", [1, 2, 2, float("nan"), 0, 0],
                                    [10**400] * 6])
def test_keypoints_that_are_none_are_a_data_error(values):
    with pytest.raises(errors.DataError, match="a.jpg: expected 2 keypoints as 6 numbers in an annotation, found"):
        objects(an_annotation(keypoints=values), points=2)


def test_the_names_of_keypoints_are_those_of_the_first_class_that_has_any():
    assert parse(categories=[{"id": 1, "name": "cup"}, {"id": 2, "name": "hand", "keypoints": ["thumb", "palm"]}]
                 ).keypoints == ["thumb", "palm"]


@pytest.mark.parametrize("second", [1, None, "one", 1.5, True])
def test_an_id_that_stands_twice_or_is_none_is_replaced_and_counted(second):
    report = {}

    file = parse(an_annotation(id=1), an_annotation(id=second), an_annotation(id=8), report=report)

    assert [each["id"] for each in file.annotations[7]] == [1, 9, 8]
    assert report == {"same id": [f"id {second}"]}


def test_an_annotation_of_no_picture_is_left_out_and_counted():
    report = {}

    file = parse(an_annotation(), an_annotation(id=2, image_id=99), report=report)

    assert list(file.annotations) == [7] and report == {"no picture": ["image_id 99"]}


@pytest.mark.parametrize("changed, said", [
    (dict(bbox=None), "annotation 1 has no bbox of four numbers: left, top, width, height"),
    (dict(bbox=[1, 2, 3]), "has no bbox"), (dict(bbox=[1, 2, 3, "4"]), "has no bbox"), (dict(bbox={}), "has no bbox"),
    (dict(bbox=[1, 2, 3, 10**400]), "too large"), (dict(area=10**400), "too large"),
    (dict(category_id=9), r"the category_id 9, which is not among the categories \[2, 5\]"),
    (dict(category_id=0), "the category_id 0"), (dict(category_id=None), "the category_id None"),
    (dict(category_id=[]), "unhashable"),
    (dict(image_id=None), "has the image_id None, expected a whole number"),
    (dict(image_id="7"), "has the image_id '7'")])
def test_an_annotation_that_cannot_be_understood_is_a_data_error(changed, said):
    with pytest.raises(errors.DataError, match=f"a.json: expected a file in COCO format, found something .*{said}"):
        parse(an_annotation(**changed))


@pytest.mark.parametrize("changed, said", [
    (dict(images=[IMAGES[0], IMAGES[0]]), "two of 'images' have the id 7"),
    (dict(categories=[*CATEGORIES, {"id": 2, "name": "cow"}]), "two of 'categories' have the id 2"),
    (dict(images=[{"id": "7", "file_name": "a.jpg"}]), "an entry of 'images' has the id '7', expected a whole number"),
    (dict(images=[{"id": 7}]), "images 7 has no 'file_name'"), (dict(categories=[{"id": 1}]), "has no 'name'"),
    (dict(images=None), "it has no list 'images'"), (dict(annotations={}), "it has no list 'annotations'"),
    (dict(annotations=[3]), "an entry of 'annotations' is no object")])
def test_a_file_that_contradicts_itself_is_a_data_error(changed, said):
    with pytest.raises(errors.DataError, match=said):
        parse(**changed)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe\x00", b"<a/>", b"[" * 100_000,
                                     b'{"images": [], "annotations": []}', b'[{"image_id": 1, "bbox": [1, 2, 3, 4]}]'])
def test_what_is_no_coco_file_is_a_data_error(content):
    with pytest.raises(errors.DataError, match="a.json: expected a file in COCO format, found something else"):
        coco_json.parse(content, "a.json", {})


def test_five_hundred_objects_in_one_picture_are_read():
    file = parse(*(an_annotation(id=number) for number in range(500)))

    found, _ = coco_json.objects(file.annotations[7], (10, 20), "a.jpg", {2: 0, 5: 1}, 0, {})

    assert len(found) == 500 and np.unique(found.boxes, axis=0).tolist() == [[2, 1, 6, 4]]


def test_masks_come_from_polygons_and_run_lengths_and_an_object_without_one_has_an_empty_one():
    found, _ = objects(*(an_annotation(bbox=[0, 0, 1, 1], segmentation=each) for each in (
        [[0, 0, 2, 0, 2, 1, 0, 1]], None, {"size": [2, 3], "counts": [4, 2]})), size=(2, 3))

    assert found.masks().astype(int).tolist() == [[[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]],
                                                  [[0, 0, 1], [0, 0, 1]]]


@pytest.mark.parametrize("segmentation", [{"size": [9, 9], "counts": [81]}, {"size": [2, 3], "counts": "~~"}, "abc",
                                          7, [[1, 2, 3]], {"size": [2, 3], "counts": [7]}, {"counts": [6]}])
def test_a_mask_that_is_none_is_a_data_error_naming_picture_and_annotation(segmentation):
    found, _ = objects(an_annotation(id=33, bbox=[0, 0, 1, 1], segmentation=segmentation), size=(2, 3))

    with pytest.raises(errors.DataError, match="a.jpg, annotation 33: "):
        found.masks()


def test_parts_with_unlike_classes_are_an_error_that_names_them():
    train, test = parse(), parse(categories=[{"id": 2, "name": "cat"}, {"id": 5, "name": "cow"}])

    error = coco_json.same_classes({"train": train, "test": test}, "here")

    assert "here: category 5 is 'cow' in test and 'dog' elsewhere" in str(error)
    assert coco_json.same_classes({"train": train, "test": parse(categories=CATEGORIES[:1])}, "here") is None
