import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import boxes
from npfl_kit.scoring import voc


def truth(*objects):
    return {"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
            "annotations": [{"id": 10 + number, "image_id": 1, "category_id": 3, **each}
                            for number, each in enumerate(objects)]}


def found(*boxes, **more):
    return [{"image_id": 1, "category_id": 3, "score": .9 - .1 * number, "bbox": box, **more}
            for number, box in enumerate(boxes)]


@pytest.mark.parametrize("points", ["11", "all"])
def test_the_example_of_the_lecture_gives_the_published_numbers(points):
    right = [each == "1" for each in "101000000101110000000010"]
    gold = truth(*({"bbox": [20 * number, 0, 10, 10]} for number in range(15)))
    places = iter(range(15))
    predictions = [{"image_id": 1, "category_id": 3, "score": 1 - rank / 99,
                    "bbox": [20 * next(places), 0, 10, 10] if is_right else [0, 50, 9, 9]}
                   for rank, is_right in enumerate(right)]

    scores = voc.evaluate(gold, predictions, points=points)

    assert scores == {"mAP": pytest.approx({"11": .268398, "all": .245687}[points], abs=1e-6), "cat": scores["mAP"]}


def test_a_second_one_is_wrong_even_if_another_object_is_near():
    gold = truth({"bbox": [0, 0, 10, 10]}, {"bbox": [0, 2, 10, 10]})

    assert voc.evaluate(gold, found([0, 0, 10, 10], [0, .5, 10, 10]))["mAP"] == pytest.approx(.5)


def test_difficult_objects_neither_help_nor_hurt():
    gold = truth({"bbox": [0, 0, 10, 10]}, {"bbox": [50, 50, 10, 10], "iscrowd": 1})

    assert voc.evaluate(gold, found([50, 50, 10, 10], [50, 50, 10, 9], [0, 0, 10, 10]))["mAP"] == 1
    assert voc.evaluate(gold, found([50, 50, 3, 3], [0, 0, 10, 10]))["mAP"] == .5       # inside, and yet not on it


def test_nothing_to_find_is_zero():
    assert voc.evaluate(truth(), found([0, 0, 10, 10])) == {"mAP": 0.0}


@pytest.mark.parametrize("seed", range(6))
def test_outcomes_agree_with_a_loop(seed):
    rng = np.random.default_rng(seed)
    gold = truth(*({"bbox": [float(x), 0, 10, 10], "iscrowd": int(rng.random() < .2)} for x in rng.integers(0, 40, 8)))
    predictions = found(*([float(x), 0, 10, float(rng.integers(6, 12))] for x in rng.integers(0, 40, 30)))
    present = sum(not each["iscrowd"] for each in gold["annotations"])

    taken, right, wrong, area = set(), 0, 0, []
    for each in predictions:
        overlaps = boxes.iou(*(boxes.convert(np.array(box, np.float64), "xywh", "tlbr") for box in
                               (each["bbox"], [other["bbox"] for other in gold["annotations"]])))
        best = int(np.argmax(overlaps))
        if overlaps[best] >= .5 and gold["annotations"][best]["iscrowd"]:
            continue
        is_right = overlaps[best] >= .5 and best not in taken
        taken.add(best if is_right else None)
        right, wrong = right + is_right, wrong + (not is_right)
        area.append((right / present, right / (right + wrong)))
    expected = np.mean([max((p for r, p in area if r >= k / 10), default=0) for k in range(11)])

    assert voc.evaluate(gold, predictions, points="11")["mAP"] == pytest.approx(expected)


@pytest.mark.parametrize("settings", [{"points": "12"}, {"overlap": 0}, {"overlap": 2}])
def test_impossible_settings_are_a_usage_error(settings):
    with pytest.raises(errors.UsageError):
        voc.evaluate(truth(), [], **settings)
