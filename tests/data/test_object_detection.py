"""A detection data set as a lab sees it."""
import json
import subprocess
import sys

import numpy as np
import pytest

from npfl_kit import data, errors
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection


def a_split(count, value=51):
    return DetectionSplit([f"{index}.jpg" for index in range(count)], [[10, 20]] * count,
                          lambda index: np.full([10, 20, 3], value, np.uint8),
                          lambda index: Objects.of([[1, 2, 5, 9], [0, 0, 9, 9]], [0, 1]))


def a_set(train=4, **options):
    return ObjectDetection("toy", ["cat", "dog"], {"train": a_split(train), "dev": a_split(2), "test": a_split(3)},
                           "here", **options)


def perfect(loaded, split):
    results = []
    for index in range(len(loaded.split(split))):
        objects = loaded.split(split).objects(index)
        results += loaded.results(split, index, objects.boxes, np.ones(len(objects)), objects.labels)
    return results


def test_what_load_gives_for_every_generated_and_every_known_set():
    loaded = data.load("glyph_scenes", train_size=3, image_size=96)

    assert isinstance(loaded, ObjectDetection) and loaded.name == "glyph_scenes" and len(loaded.split("train")) == 3
    assert loaded.image_size == 96 and loaded.image_shape == (96, 96, 3)
    assert set(data.DETECTION) | set(data.CLASSIFICATION) <= set(data.NAMES)


def test_the_mean_pixel_is_that_of_train():
    loaded = a_set()

    assert loaded.mean.dtype == np.float32
    np.testing.assert_allclose(loaded.mean, [0.2] * 3, rtol=1e-6)


def test_train_size_keeps_the_first_pictures():
    assert a_set(train_size=2).split("train").names == ["0.jpg", "1.jpg"]


@pytest.mark.parametrize("size", [0, -1, 5])
def test_an_impossible_train_size_is_a_usage_error(size):
    with pytest.raises(errors.UsageError, match="--train_size must be between 1 and 4, the training pictures of toy"):
        a_set(train_size=size)


def test_an_empty_data_set_is_a_data_error():
    with pytest.raises(errors.DataError, match="here: the training part of toy has no picture"):
        a_set(train=0)


def test_an_unknown_split_offers_the_nearest():
    with pytest.raises(errors.UsageError, match="no split 'tets'; did you mean test"):
        a_set().split("tets")


@pytest.mark.parametrize("ids", [None, [3, 8]])
def test_gold_and_results_have_the_same_ids(ids):
    loaded = a_set(category_ids=ids)

    gold, results = loaded.gold("test"), perfect(loaded, "test")

    told, found = ([(each["image_id"], each["category_id"], each["bbox"]) for each in entries]
                   for entries in (gold["annotations"], results))
    assert told == found
    assert [each["id"] for each in gold["categories"]] == (ids or [1, 2])
    assert json.loads(json.dumps([gold, results])) == [gold, results]


def test_perfect_predictions_score_1_in_memory_and_from_a_file(tmp_path):
    loaded = a_set()
    (tmp_path / "predictions.json").write_text(json.dumps(perfect(loaded, "dev")))

    for predictions in (perfect(loaded, "dev"), tmp_path / "predictions.json"):
        assert loaded.evaluate("dev", predictions)["AP"] == pytest.approx(1)


def test_perfect_masks_of_generated_scenes_score_1():
    loaded = data.load("glyph_scenes", train_size=1)
    loaded._splits["dev"] = loaded.split("dev").chosen(range(4))
    gold = loaded.gold("dev", masks=True)

    results = [{**{key: each[key] for key in ("image_id", "category_id", "segmentation")}, "score": 0.9}
               for each in gold["annotations"]]

    assert loaded.evaluate("dev", results, "segm")["AP"] == pytest.approx(1)


def test_another_judge_takes_the_place_of_coco():
    loaded = a_set(judge=lambda split, predictions: {"accuracy": len(split) / predictions})

    assert loaded.evaluate("test", 6) == {"accuracy": 0.5}


def test_the_report_is_that_of_the_reader():
    report = {"crowd": ["b.jpg"], "no area": ["a.jpg"]}

    assert a_set(report=report).report() == report


def test_sizes_that_differ_are_none():
    loaded = a_set()
    loaded.split("train").sizes[1, 1] = 30

    assert loaded.image_shape == (10, None, 3)


@pytest.mark.parametrize("name", ["bccd", "coco_mini", "glyph_scenes"])
def test_objects_and_gold_need_no_tensorflow(shared, name):
    code = ("import sys; from npfl_kit import data; loaded = data.load(sys.argv[1], sys.argv[2])\n"
            "loaded.split('test').objects(0), loaded.split('test').image(0), loaded.report()\n"
            "sys.exit('tensorflow' in sys.modules)")

    subprocess.run([sys.executable, "-c", code, name, str(shared / "data")], check=True)
