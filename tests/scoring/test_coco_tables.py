import copy
import json

import pytest

from npfl_kit import errors
from npfl_kit.scoring import coco

NAN, HUGE = float("nan"), 10**400
GOLD = {"images": [{"id": 1, "height": 20, "width": 20}, {"id": 2, "height": 20, "width": 20}],
        "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0,
                         "segmentation": [[0, 0, 9, 0, 9, 9, 0, 9]], "keypoints": [1, 1, 2] * 17, "num_keypoints": 17},
                        {"id": 2, "image_id": 2, "category_id": 4, "bbox": [0, 0, 5, 9], "area": 45, "iscrowd": 1,
                         "segmentation": {"size": [20, 20], "counts": [0, 100, 300]}, "keypoints": [1, 1, 2] * 17,
                         "num_keypoints": 17}]}
FOUND = [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "score": .5, "keypoints": [1, 1, 2] * 17},
         {"image_id": 2, "category_id": 4, "bbox": [0, 0, 5, 9], "score": .25, "keypoints": [1, 1, 2] * 17}]
ABSENT = object()


def changed(entries, field, value):
    """A copy in which the second entry has another value in a field, or none."""
    entries = copy.deepcopy(entries)
    entries[1][field] = value
    if value is ABSENT:
        del entries[1][field]
    return entries


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_files_and_their_content_give_the_same(tmp_path, kind):
    for name, content in (("gold", GOLD), ("found", FOUND)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    numbers = coco.evaluate(tmp_path / "gold.json", str(tmp_path / "found.json"), kind)

    assert numbers == coco.evaluate(GOLD, FOUND, kind)
    assert numbers["AP"] > 0


@pytest.mark.parametrize("field, value, problem", [
    ("score", NAN, "its score is nan; expected a finite number"), ("score", ABSENT, "it has no score"),
    ("score", "0.5", "'0.5'; expected a finite number"), ("score", None, "None"), ("score", True, "True"),
    ("score", HUGE, "its score is 1000000"), ("score", [.5], "0.5"), ("image_id", 7, "image_id 7 is not among"),
    ("image_id", "1", "'1'; expected a whole number"), ("image_id", 2.0, "2.0"),
    ("image_id", ABSENT, "it has no image_id"),
    ("image_id", HUGE, "64 bits"), ("category_id", 0, "category_id 0 is not among the categories.*: 3, 4"),
    ("category_id", None, "None"), ("bbox", [0, 0, 5], r"\[0, 0, 5\]; expected 4 finite numbers"),
    ("bbox", [0, 0, 5, NAN], "nan"), ("bbox", [0, 0, 5, "9"], "'9'"), ("bbox", 4, "its bbox is 4"),
    ("bbox", None, "None"), ("bbox", "abcd", "'abcd'"), ("bbox", {"x": 1}, "'x'"), ("bbox", [0, 0, 5, HUGE], "bbox"),
    ("bbox", [0, 0, 5, [9]], r"\[9\]"), ("bbox", [0, 0, 5, 1e999], "inf")])
def test_a_wrong_detection_is_named(field, value, problem):
    with pytest.raises(errors.PredictionsError, match=f"detection 2 of 2: .*{problem}"):
        coco.evaluate(GOLD, changed(FOUND, field, value))


@pytest.mark.parametrize("field, value, problem", [
    ("id", 1, "the id 1 is there before"), ("id", ABSENT, "it has no id"), ("id", "2", "'2'"),
    ("image_id", 7, "image_id 7 is not among the images: 1, 2"), ("category_id", 9, "category_id 9 is not among"),
    ("bbox", [0, 0, NAN, 1], "nan"), ("area", "45", "'45'"), ("area", NAN, "nan"), ("area", ABSENT, "it has no area"),
    ("iscrowd", 2.5, "2.5; expected 0 or 1"), ("iscrowd", None, "None")])
def test_a_wrong_annotation_is_named(field, value, problem):
    gold = {**GOLD, "annotations": changed(GOLD["annotations"], field, value)}

    with pytest.raises(errors.DataError, match=f"annotation 2 of 2.*{problem}"):
        coco.evaluate(gold, FOUND)


@pytest.mark.parametrize("key, kind", [("images", "image"), ("categories", "category")])
@pytest.mark.parametrize("value", [ABSENT, NAN, "x", None])
def test_a_wrong_picture_or_class_is_named(key, kind, value):
    gold = {**GOLD, key: changed(GOLD[key], "id", value)}

    with pytest.raises(errors.DataError, match=f"{kind} 2 of 2"):
        coco.evaluate(gold, FOUND)


@pytest.mark.parametrize("field, value, problem", [
    ("segmentation", {"size": [9, 9], "counts": [81]}, "mask of 20 x 20, the size of its picture"),
    ("segmentation", {"size": [20, 20], "counts": "zzzz"}, "characters"), ("segmentation", [[1, 2]], "polygon"),
    ("segmentation", 5, "expected a mask"), ("bbox", [1, 2], "it has no segmentation, and no bbox"),
    ("bbox", ABSENT, "it has no segmentation, and no bbox")])
def test_a_wrong_mask_is_named(field, value, problem):
    with pytest.raises(errors.PredictionsError, match=f"(?i)detection 2 of 2: .*({problem})"):
        coco.evaluate(GOLD, changed(FOUND, field, value), "segm")


@pytest.mark.parametrize("value", [ABSENT, [1, 1], [NAN, 1, 2] * 17, None])
def test_wrong_keypoints_are_named(value):
    with pytest.raises(errors.PredictionsError, match="detection 2 of 2: .*keypoints"):
        coco.evaluate(GOLD, changed(FOUND, "keypoints", value), "keypoints")
    with pytest.raises(errors.DataError, match="annotation 2 of 2.*keypoints"):
        coco.evaluate({**GOLD, "annotations": changed(GOLD["annotations"], "keypoints", value)}, FOUND, "keypoints")


@pytest.mark.parametrize("gold", [None, 3, [], {}, {**GOLD, "images": None}, {**GOLD, "annotations": {}},
                                  {**GOLD, "categories": [3]}, {**GOLD, "images": [[]]}])
@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_what_is_no_ground_truth_is_a_data_error(gold, kind):
    with pytest.raises(errors.DataError, match="ground truth: .*expected"):
        coco.evaluate(gold, FOUND, kind)


@pytest.mark.parametrize("found", [None, 3, {}, {"annotations": []}, [3], ["x"], [None]])
def test_what_are_no_predictions_is_an_error_of_them(found):
    with pytest.raises(errors.PredictionsError, match="predictions: .*expected"):
        coco.evaluate(GOLD, found)


@pytest.mark.parametrize("content", [b"", b"[", b"\xff\xfe\x00", b"[" * 200_000, b"nonsense", b"[1, 2"])
def test_what_is_no_json_is_named_with_its_file(tmp_path, content):
    (tmp_path / "found.json").write_bytes(content)

    with pytest.raises(errors.PredictionsError, match="found.json: expected JSON"):
        coco.evaluate(GOLD, tmp_path / "found.json")
    with pytest.raises(errors.DataError, match="found.json: expected JSON"):
        coco.evaluate(tmp_path / "found.json", [])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(errors.PredictionsError, match="Cannot read .*nothing.json"):
        coco.evaluate(GOLD, tmp_path / "nothing.json")


def test_the_input_is_left_as_it_was():
    gold, found = copy.deepcopy(GOLD), copy.deepcopy(FOUND)

    coco.evaluate(gold, found, "segm")

    assert (gold, found) == (GOLD, FOUND)
