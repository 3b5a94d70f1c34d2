import pathlib
import runpy

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import boxes
from npfl_kit.scoring import coco, run_lengths

CASES = runpy.run_path(str(pathlib.Path(__file__).parents[2] / "benchmarks" / "coco_cases.py"))
NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
KEYPOINT_NAMES = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"]
# Ground truth, results, kind, and what pycocotools 2.0.11 gives.
GOLDEN = [
    ("instances_val2014_100", "instances_val2014_fakebbox100_results", "bbox",
     [.504580698725, .696972724730, .572981666990, .585625720941, .519399694804, .501397898635,
      .386812779646, .593679576284, .595352982878, .639810962611, .566420597899, .564290598291]),
    ("instances_val2014_100", "instances_val2014_fakesegm100_results", "segm",
     [.319545275858, .562288397252, .298926534121, .387374031600, .310182724034, .326933907101,
      .268229722571, .415448681149, .416839499220, .469449862275, .376759226662, .381471509972]),
    ("keypoints_gt", "keypoints_dt", "keypoints",
     [.504884488449, .722772277228, .633663366337, .466336633663, .750495049505,
      .518181818182, .727272727273, .636363636364, .466666666667, .75]),
    ("small_gt", "small_dt", "bbox",
     [.694719471947, .694719471947, .694719471947, -1, .792079207921, 0,
      .666666666667, .75, .75, -1, .791666666667, 0]),
    ("small_gt", "small_dt", "segm",
     [.694719471947, .694719471947, .694719471947, -1, .792079207921, 0,
      .666666666667, .75, .75, -1, .791666666667, 0])]


@pytest.mark.parametrize("gold, found, kind, expected", GOLDEN)
def test_fixtures_give_the_numbers_of_pycocotools(shared, gold, found, kind, expected):
    folder = shared / "data" / "coco_eval_fixtures"

    numbers = coco.evaluate(folder / f"{gold}.json", folder / f"{found}.json", kind)

    assert list(numbers) == (KEYPOINT_NAMES if kind == "keypoints" else NAMES)
    np.testing.assert_allclose(list(numbers.values()), expected, atol=1e-12)


def overlap_of(kind, found, gold, size):
    """The overlap of one detection and one annotation, each from its definition."""
    if kind == "keypoints":
        x, y, seen = np.array(gold["keypoints"]).reshape(-1, 3).T
        own_x, own_y, _ = np.array(found["keypoints"]).reshape(-1, 3).T
        if seen.any():
            away = (own_x - x)**2 + (own_y - y)**2
        else:
            left, top, width, height = gold["bbox"]
            away = sum(np.maximum(0, np.maximum(low - side, side - high))**2 for low, side, high in [
                (left - width, own_x, left + 2 * width), (top - height, own_y, top + 2 * height)])
        sigma = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
        values = np.exp(-away / (8 * sigma**2 * (gold["area"] + np.spacing(1))))
        return values[seen > 0].mean() if seen.any() else values.mean()
    if kind == "segm":
        mine, theirs = (run_lengths.mask(each["segmentation"], *size) for each in (found, gold))
        shared, own, union = (mine & theirs).sum(), mine.sum(), (mine | theirs).sum()
    else:
        (left, top, width, height), (x, y, wide, high) = found["bbox"], gold["bbox"]
        sides = min(left + width, x + wide) - max(left, x), min(top + height, y + high) - max(top, y)
        shared, own = max(sides[0], 0) * max(sides[1], 0), width * height
        union = own + wide * high - shared
    return shared / max(own if gold["iscrowd"] else union, 1e-300)


def area_of(kind, found):
    if kind == "segm":
        return sum(found["segmentation"]["counts"][1::2])
    return found["bbox"][2] * found["bbox"][3]


def oracle(gold, predictions, kind, threshold, area, top):
    """AP and recall, meant over classes, by loops over everything that COCO's description names."""
    low, high = {"all": (0, 1e10), "small": (0, 1024), "medium": (1024, 9216), "large": (9216, 1e10)}[area]
    averages, recalls = [], []
    for category in gold["categories"]:
        outcomes, present = [], 0
        for image in sorted(gold["images"], key=lambda each: each["id"]):
            here = lambda each: (each["image_id"], each["category_id"]) == (image["id"], category["id"])
            objects = [{**each, "free": True, "off": bool(each["iscrowd"]) or each.get("num_keypoints") == 0
                        or not low <= each["area"] <= high} for each in gold["annotations"] if here(each)]
            present += sum(not each["off"] for each in objects)
            ranked = sorted(filter(here, predictions), key=lambda each: -each["score"])[:top]
            for found in ranked:
                size = image["height"], image["width"]
                candidates = [(not each["off"], overlap_of(kind, found, each, size), place)
                              for place, each in enumerate(objects) if each["free"] or each["iscrowd"]]
                candidates = [each for each in candidates if each[1] >= threshold]
                if candidates:
                    chosen = objects[max(candidates)[2]]
                    chosen["free"] = False
                    outcomes += [(found["score"], True)] * (not chosen["off"])
                elif low <= area_of(kind, found) <= high:
                    outcomes.append((found["score"], False))
        if present:
            right = np.cumsum([each[1] for each in sorted(outcomes, key=lambda each: -each[0])])
            precision, recall = right / np.arange(1, len(right) + 1), right / present
            averages.append(np.mean([max(precision[recall >= each], default=0) for each in np.linspace(0, 1, 101)]))
            recalls.append(recall[-1] if len(recall) else 0)
    return (np.mean(averages), np.mean(recalls)) if averages else (-1, -1)


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
@pytest.mark.parametrize("seed", range(12))
def test_random_cases_agree_with_plain_loops(seed, kind):
    gold, predictions, _ = CASES["case"](seed, kind)
    top = 20 if kind == "keypoints" else 100

    numbers = coco.evaluate(gold, predictions, kind)

    half, strict, large = (oracle(gold, predictions, kind, *each, top) for each in
                           [(.5, "all"), (.75, "all"), (.5, "large")])
    assert (numbers["AP50"], numbers["AP75"]) == pytest.approx((half[0], strict[0]), abs=1e-12)
    names, curves = coco.curves(gold, predictions, kind)
    large_recall = curves.recall[-1, 0, :, -1]
    assert large[1] == pytest.approx(large_recall[large_recall >= 0].mean() if (large_recall >= 0).any() else -1)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_pictures_classes_and_objects_does_not_matter(seed):
    gold, predictions, kind = CASES["case"](seed, "bbox")
    rng = np.random.default_rng(seed)
    predictions = [{**each, "score": float(rng.random())} for each in predictions]
    shuffled = {key: [gold[key][place] for place in rng.permutation(len(gold[key]))] for key in gold}

    again = coco.evaluate(shuffled, [predictions[place] for place in rng.permutation(len(predictions))])

    assert again == pytest.approx(coco.evaluate(gold, predictions), abs=1e-12)


def truth(*objects, **image):
    return {"images": [{"id": 1, "height": 200, "width": 200, **image}], "categories": [{"id": 3, "name": "cat"}],
            "annotations": [{"image_id": 1, "category_id": 3, **each} for each in objects]}


def test_answers_that_are_the_truth_get_everything():
    gold = truth({"id": 0, "bbox": [0, 0, 50, 50]}, {"id": 1, "bbox": [9.3, 9.1, 20.7, 30.3]})

    numbers = coco.evaluate(gold, [{**each, "score": .5} for each in gold["annotations"]])

    assert [numbers[name] for name in ("AP", "AR100", "AR1", "APl")] == pytest.approx([1, 1, .5, -1])


def test_an_object_with_the_id_zero_is_found():
    gold = truth({"id": 0, "bbox": [0, 0, 50, 50]})

    numbers = coco.evaluate(gold, [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 50, 50], "score": 1}])

    assert numbers["AP"] == pytest.approx(1)


def test_of_objects_met_equally_the_later_one_is_taken():
    # Both of the first pair overlap the first detection by 9/11; the second one needs the earlier object.
    gold = truth({"id": 1, "bbox": [0, 0, 10, 10]}, {"id": 2, "bbox": [0, 2, 10, 10]})
    found = [{"image_id": 1, "category_id": 3, "bbox": [0, top, 10, 10], "score": score}
             for top, score in ((1, .9), (-1, .5))]

    _, curves = coco.curves(gold, found)

    assert curves.recall[-1, 5, 0, 0] == 1                                  # at an overlap of 0.75


def test_boxes_have_the_overlap_of_the_box_algebra():
    from npfl_kit.scoring.coco_shapes import Boxes
    rng = np.random.default_rng(0)
    found, gold = np.concatenate([rng.uniform(0, 50, [2, 99, 2]), rng.uniform(-2, 50, [2, 99, 2])], -1)
    tlbr = [boxes.convert(each, "xywh", "tlbr") for each in (found, gold)]
    every = np.arange(99)

    overlap = Boxes(found).overlaps(Boxes(gold), every, every, np.zeros(99, bool))

    np.testing.assert_allclose(overlap, boxes.iou(*tlbr), atol=1e-12)


@pytest.mark.parametrize("kind, numbers", [("bbox", NAMES), ("segm", NAMES), ("keypoints", KEYPOINT_NAMES)])
@pytest.mark.parametrize("gold", [truth(), {"images": [], "annotations": [], "categories": []}])
def test_without_objects_nothing_is_meant(gold, kind, numbers):
    assert coco.evaluate(gold, [], kind) == {name: -1.0 for name in numbers}


def test_without_detections_everything_is_missed():
    numbers = coco.evaluate(truth({"id": 1, "bbox": [0, 0, 50, 50]}), [])

    assert (numbers["AP"], numbers["AR100"], numbers["APm"], numbers["APs"]) == (0, 0, 0, -1)


@pytest.mark.parametrize("box", [[0, 0, 0, 0], [5, 5, -3, 4], [5, 5, -3, -4], [900, 900, 5, 5], [0, 0, 1e200, 1e200]])
def test_strange_boxes_match_nothing_and_stop_nothing(box):
    gold = truth({"id": 1, "bbox": box}, {"id": 2, "bbox": [0, 0, 50, 50]})
    found = [{"image_id": 1, "category_id": 3, "bbox": each, "score": .5} for each in ([0, 0, 50, 50], box)]

    assert coco.evaluate(gold, found)["AR100"] >= .5


def test_500_objects_in_a_picture_are_no_trouble():
    gold = truth(*({"id": number, "bbox": [7 * (number % 25), 9 * (number // 25), 6, 8]} for number in range(500)))

    numbers = coco.evaluate(gold, [{**each, "score": .5} for each in gold["annotations"]])

    assert (numbers["AR100"], numbers["AR10"]) == pytest.approx((.2, .02))


def test_classes_have_their_ap_by_name():
    gold = truth({"id": 1, "bbox": [0, 0, 50, 50]})
    gold["categories"].append({"id": 1, "name": "dog"})

    found = coco.evaluate_classes(gold, [{**gold["annotations"][0], "score": 1}])

    assert found == {"dog": -1.0, "cat": pytest.approx(1)}


def test_an_unknown_kind_is_a_usage_error():
    with pytest.raises(errors.UsageError, match="did you mean bbox"):
        coco.evaluate(truth(), [], "box")
