import pathlib
import runpy

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import coco, coco_explain

CASES = runpy.run_path(str(pathlib.Path(__file__).parents[2] / "benchmarks" / "coco_cases.py"))


def truth(*objects):
    return {"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 3}, {"id": 4}],
            "annotations": [{"id": 10 + number, "image_id": 1, "category_id": 3, **each}
                            for number, each in enumerate(objects)]}


def verdicts(gold, *found):
    listed = [{"image_id": 1, "category_id": 3, "score": .9 - .1 * number, **each}
              for number, each in enumerate(found)]
    return coco.explain(gold, listed)


@pytest.mark.parametrize("found, verdict, gold_id", [
    ({"bbox": [0, 0, 10, 8]}, "right", 10), ({"bbox": [0, 0, 10, 3]}, "badly placed", 10),
    ({"bbox": [0, 0, 10, 8], "category_id": 4}, "wrong class", 10),
    ({"bbox": [0, 0, 10, 3], "category_id": 4}, "wrong class and place", 10),
    ({"bbox": [0, 0, 10, .5]}, "background", None), ({"bbox": [0, 0, 10, 8], "image_id": 2}, "background", None),
    ({"bbox": [42, 42, 5, 5]}, "ignored", 11)])
def test_a_detection_is_what_it_looks_like(found, verdict, gold_id):
    gold = truth({"bbox": [0, 0, 10, 10]}, {"bbox": [40, 40, 50, 50], "iscrowd": 1})

    one, = verdicts(gold, found).verdicts

    assert (one.verdict, one.gold_id) == (verdict, gold_id)
    assert (one.overlap > 0) == (gold_id is not None)


def test_the_second_on_an_object_is_a_double():
    found = verdicts(truth({"bbox": [0, 0, 10, 10]}), {"bbox": [0, 0, 10, 8]}, {"bbox": [0, 0, 10, 9]})

    assert [(each.verdict, each.gold_id) for each in found.verdicts] == [("right", 10), ("double", 10)]


def test_missed_is_what_nothing_was_on():
    gold = truth(*({"bbox": [20 * number, 0, 10, 10]} for number in range(5)))

    found = verdicts(gold, {"bbox": [0, 0, 10, 10]}, {"bbox": [20, 0, 10, 3]},
                     {"bbox": [40, 0, 10, 9], "category_id": 4}, {"bbox": [60, 0, 10, 3], "category_id": 4})

    assert found.missed == [13, 14]
    assert found.counts() == {**dict.fromkeys(coco_explain.VERDICTS, 0), "right": 1, "badly placed": 1,
                              "wrong class": 1, "wrong class and place": 1, "missed": 2}


def test_a_crowd_is_never_missed():
    assert verdicts(truth({"bbox": [0, 0, 10, 10], "iscrowd": 1})).missed == []


def test_beyond_a_hundred_detections_do_not_count():
    found = verdicts(truth(), *({"bbox": [0, 0, 1, 1]} for _ in range(103)))

    assert [each.verdict for each in found.verdicts] == ["background"] * 100 + ["not counted"] * 3


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
@pytest.mark.parametrize("seed", range(8))
def test_right_verdicts_are_the_recall_of_coco(seed, kind):
    gold, predictions, _ = CASES["case"](seed, kind)

    found = coco.explain(gold, predictions, kind)

    _, curves = coco.curves(gold, predictions, kind)
    areas = {each["id"] for each in gold["annotations"]
             if not each["iscrowd"] and each.get("num_keypoints", 1)}
    classes = sorted(each["id"] for each in gold["categories"])
    for category, recall in zip(classes, curves.recall[-1, 0, :, 0]):
        present = [each["id"] for each in gold["annotations"]
                   if each["category_id"] == category and each["id"] in areas]
        right = [each.gold_id for each in found.verdicts if each.verdict == "right" and each.category_id == category]
        assert len(set(right)) == len(right) and set(right) <= set(present)
        assert recall == pytest.approx(len(right) / len(present) if present else -1)
    assert [each.entry for each in found.verdicts] == list(range(len(predictions)))
    np.testing.assert_array_equal([each.score for each in found.verdicts], [each["score"] for each in predictions])


@pytest.mark.parametrize("well, barely", [(.5, 0), (.1, .5), (1.5, .1), (float("nan"), .1)])
def test_impossible_overlaps_are_a_usage_error(well, barely):
    with pytest.raises(errors.UsageError, match="barely"):
        coco.explain(truth(), [], well=well, barely=barely)
