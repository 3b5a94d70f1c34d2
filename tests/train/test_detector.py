"""A run of a detection lab around a detector that knows the answers: each picture has its own shade of gray."""
import json

import numpy as np
import pytest
import tensorflow as tf

import npfl_kit
from npfl_kit import errors
from npfl_kit.core import anchors, matching
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring import coco, svhn
from npfl_kit.train import detector as module
from npfl_kit.train import weights
from npfl_kit.train.detector import Detector, filled
from npfl_kit.train.lab_parser import LabParser

SIDE = 32
SIZES = [(20, 40), (64, 48), (32, 32), (100, 10), (48, 64)]     # height and width of a file, the same in each split
CLASSES, IDS = ["cat", "dog"], [4, 9]
GRID = anchors.pyramid(SIDE, SIDE, base=1.0)
NOTHING = Objects.of([], [])


def objects_of(split, index):
    """Two objects and a crowd in each picture, but for the third one, which is empty."""
    if index == 2:
        return NOTHING
    height, width = SIZES[index]
    ends = np.array([height, width, height, width])
    boxes = np.array([[0.1, 0.2, 0.55, 0.7], [0.5, 0.3, 1.0, 0.9], [0, 0, 0.2, 0.3]]) * ends
    return Objects.of(boxes, [0, (index + split) % 2, 1], crowd=[False, False, True])


def shade(split, index):
    return 20 + 60 * split + 10 * index


def data_of(objects=objects_of, splits=("train", "dev", "test"), judge=None):
    return ObjectDetection("toys", CLASSES, {
        name: DetectionSplit([f"{name}{index}.png" for index in range(len(SIZES))], SIZES,
                             lambda index, split=split: np.full([*SIZES[index], 3], shade(split, index), np.uint8),
                             lambda index, split=split: objects(split, index),
                             image_ids=[100 + index for index in range(len(SIZES))])
        for split, name in enumerate(splits)}, "memory", category_ids=IDS, image_size=SIDE, judge=judge)


class Knowing:
    """A function of images that finds every object in its place, told by the shade of the first pixel.

    Args:
      shift: of the boxes, tlbr in pixels of the square.
      extra: further boxes `[N, 4]` in each picture, of class 0 and score 0.1.
    """

    def __init__(self, data, shift=(0, 0, 0, 0), extra=()):
        self.data, self.shift, self.extra, self.shapes, self.is_blind = data, np.array(shift), list(extra), [], False

    def __call__(self, images):
        self.shapes.append(tuple(images.shape))
        found = {"boxes": np.zeros([len(images), 6, 4], np.float32), "scores": np.zeros([len(images), 6], np.float32),
                 "labels": np.zeros([len(images), 6], np.int32), "count": np.zeros(len(images), np.int32)}
        for row, image in enumerate(images.numpy()):
            split, index = divmod(round(float(image[0, 0, 0]) * 255) - 20, 60)
            if split < 0 or self.is_blind:
                continue
            objects = objects_of(split, index // 10)
            boxes = objects.boxes[~objects.crowd] * SIDE / max(SIZES[index // 10]) + self.shift
            boxes = [*boxes, *self.extra]
            found["count"][row] = len(boxes)
            found["boxes"][row, :len(boxes)] = np.reshape(boxes, [-1, 4])
            found["scores"][row, :len(boxes)] = [*[0.9, 0.8][:len(boxes) - len(self.extra)], *[0.1] * len(self.extra)]
            found["labels"][row, :len(boxes)] = [*objects.labels[~objects.crowd], *[0] * len(self.extra)]
        return {name: tf.constant(value) for name, value in found.items()}


@pytest.fixture
def start():
    """A run of a lab with these flags."""
    def begin(*flags):
        parser = LabParser("A lab.", lab="some_detector", dataset="glyph_scenes", batch_size=2, epochs=5)
        parser.add_argument("--anchor_base", default=1.0, type=float)
        return npfl_kit.startup(parser.parse_args(["--debug", *flags]))
    return begin


def assign(batch):
    return matching.match(tf.constant(GRID), batch["boxes"], batch["count"], ignored=batch["ignored"])


def train(run, detector, data, every, callbacks=()):
    """Teach a network of one weight the brightness of pictures, which is enough for `fit`."""
    image = tf.keras.layers.Input([SIDE, SIDE, 3])
    model = tf.keras.Model(image, tf.keras.layers.Dense(1, name="logits")(
        tf.keras.layers.GlobalAveragePooling2D()(image)))
    model.compile("sgd", "mse")
    batches = [data.batches(name, run.args.batch_size).map(lambda batch: (batch["image"], batch["scale"]))
               for name in ("train", "dev")]
    run.fit(model, *batches, "val_ap", [*callbacks, detector.score_each(every)])
    return model


def tlbr(entry):
    left, top, width, height = entry["bbox"]
    return [top, left, top + height, left + width]


def test_results_are_in_the_pixels_of_the_files(start):
    data = data_of()

    found = Detector(start(), data, Knowing(data)).results("dev")

    assert [each["image_id"] for each in found] == [100, 100, 101, 101, 103, 103, 104, 104]
    for each, (index, row) in zip(found, [(index, row) for index in (0, 1, 3, 4) for row in (0, 1)]):
        objects = objects_of(1, index)
        np.testing.assert_allclose(tlbr(each), objects.boxes[row], atol=1e-4)
        assert each["category_id"] == IDS[objects.labels[row]]
        assert each["score"] == pytest.approx([0.9, 0.8][row])


def test_results_are_cut_at_the_border_of_the_picture_and_not_of_the_square(start):
    """The first picture is 20 x 40 pixels, and 16 x 32 in its square: below it there is padding."""
    data = data_of()
    detect = Knowing(data, extra=[[-5, -3, 40, 50], [17, 0, 30, 30], [15, 31, 16.5, 32]])

    found = [tlbr(each) for each in Detector(start(), data, detect).results("test") if each["image_id"] == 100]

    np.testing.assert_allclose(found[2:], [[0, 0, 20, 40], [18.75, 38.75, 20, 40]], atol=1e-5)


def test_only_one_size_of_batches_reaches_the_network(start):
    """Each other size would be traced anew, which takes longer than a small dev set."""
    data = data_of()
    detect = Knowing(data)

    Detector(start("--batch_size=3"), data, detect).results("dev")

    assert detect.shapes == [(3, SIDE, SIDE, 3)] * 2
    np.testing.assert_array_equal(filled(tf.ones([1, 2, 2, 3]), 2), [np.ones([2, 2, 3]), np.zeros([2, 2, 3])])


def test_perfect_detections_have_average_precision_1_and_shifted_ones_less(start):
    data = data_of()

    perfect = coco.evaluate(data.gold("dev"), Detector(start(), data, Knowing(data)).results("dev"))
    shifted = coco.evaluate(data.gold("dev"), Detector(start(), data, Knowing(data, [0, 2, 0, 2])).results("dev"))

    assert perfect["AP"] == perfect["AP75"] == perfect["AR100"] == 1
    assert 0.1 < shifted["AP"] < 0.7


def test_a_judge_that_knows_no_scores_gets_what_is_sure_enough_on_dev(start, tmp_path):
    """False alarms have a score of 0.1; with them no picture is wholly right."""
    def judge(split, predictions):
        objects = [split.objects(index) for index in range(len(split))]
        gold = [(each.labels[~each.crowd], each.boxes[~each.crowd]) for each in objects]
        return {"accuracy": svhn.evaluate(gold, predictions)}
    run, data = start("--logdir=run", "--epochs=1"), data_of(judge=judge)
    detector = Detector(run, data, Knowing(data, extra=[[1, 1, 9, 9]]))
    train(run, detector, data, 1)

    metrics = detector.report()

    assert metrics["val_accuracy"] == metrics["test_accuracy"] == 1
    pictures = svhn.read(tmp_path / "run" / "predictions.txt", len(SIZES))
    assert [len(labels) for labels, _ in pictures] == [2, 2, 0, 2, 2]
    np.testing.assert_allclose(pictures[0][1], objects_of(2, 0).boxes[:2], atol=1e-4)


@pytest.mark.parametrize("every, scored", [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (5, [5]), (9, [5])])
def test_dev_is_scored_every_so_many_epochs_and_after_the_last(start, every, scored):
    data = data_of()
    callback = Detector(start(), data, Knowing(data)).score_each(every)
    callback.set_params({"epochs": 5})
    history = [{"loss": 1.0} for _ in range(5)]

    for epoch, logs in enumerate(history):
        callback.on_epoch_end(epoch, logs)

    assert [epoch for epoch, logs in enumerate(history, 1) if "val_ap" in logs] == scored
    assert all(logs.get("val_ap", 1) == logs.get("val_ap50", 1) == 1 for logs in history)


def test_the_epoch_with_the_highest_average_precision_is_kept(start, tmp_path):
    run, data = start("--logdir=run", "--epochs=4"), data_of()
    detect = Knowing(data)

    class Blind(tf.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            detect.is_blind = epoch != 2

    train(run, Detector(run, data, detect), data, 1, [Blind()])

    assert [logs["val_ap"] for logs in run.history] == [0, 0, 1, 0]
    assert weights.metadata(tmp_path / "run" / "weights.safetensors")["epoch"] == 3


def test_the_picture_of_the_anchors_is_there_while_the_network_trains(start, tmp_path, capsys):
    run, data = start("--logdir=run", "--epochs=1"), data_of()
    detector = Detector(run, data, Knowing(data))
    seen = []

    detector.report_anchors(GRID, assign)
    assert not (tmp_path / "run").exists()
    assert "Anchors: " in capsys.readouterr().out
    look = tf.keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append((tmp_path / "run" / "plots" / "anchors.png").exists()))
    train(run, detector, data, 1, [look])

    assert seen == [True]


def test_the_report_of_anchors_is_about_the_letterboxed_pictures_without_crowds(start, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(module.anchor_report, "report", lambda *how: seen.append(how) or ["Anchors: fine."])
    data = data_of()

    Detector(start("--anchor_base=1.5"), data, Knowing(data)).report_anchors(GRID, assign)

    objects, grid, base = seen[0]
    assert base == 1.5 and grid is GRID and "Anchors: fine." in capsys.readouterr().out
    for index, boxes in enumerate(objects):
        each = objects_of(0, index)
        np.testing.assert_allclose(boxes, each.boxes[~each.crowd] * SIDE / max(SIZES[index]), rtol=1e-5)


def test_a_run_ends_with_numbers_pictures_and_what_to_type_and_that_predicts_the_same(start, tmp_path, capsys):
    run, data = start("--logdir=run", "--epochs=2"), data_of()
    detector = Detector(run, data, Knowing(data, extra=[[0, 0, 3, 3]]))
    detector.report_anchors(GRID, assign)
    train(run, detector, data, 1)
    capsys.readouterr()

    metrics = detector.report()

    folder, said = tmp_path / "run", capsys.readouterr().out
    assert set(metrics) == {f"{split}_{name}" for split in ("val", "test") for name in ("ap", "ap50", "ap75", "ar100")}
    assert json.loads((folder / "results.json").read_text())["metrics"] == metrics
    for split, prefix, name in [("dev", "val", "predictions_dev.json"), ("test", "test", "predictions.json")]:
        scored = coco.evaluate(data.gold(split), folder / name)
        assert 0.9 < scored["AP"] == metrics[f"{prefix}_ap"] and scored["AR100"] == metrics[f"{prefix}_ar100"]
    assert sorted(path.stem for path in (folder / "plots").iterdir()) == [
        "anchors", "detections", "errors", "learning_curves", "precision_recall"]
    assert f"AP {metrics['val_ap']:.3f} on dev, {metrics['test_ap']:.3f} on test" in said
    assert "5 pictures of toys" in said and "npfl-kit run some_detector --predict --weights=run/weights.saf" in said

    run = start("--logdir=again", "--predict", "--weights=run/weights.safetensors")
    detector = Detector(run, data, detector.detect)
    detector.report_anchors(GRID, assign)
    train(run, detector, data, 1)
    assert detector.report() == metrics

    assert "Anchors: " not in capsys.readouterr().out
    for name in ("predictions.json", "predictions_dev.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sorted(path.stem for path in (tmp_path / "again" / "plots").iterdir()) == [
        "detections", "errors", "precision_recall"]


@pytest.mark.parametrize("objects", [lambda split, index: NOTHING,
                                     lambda split, index: Objects.of([[0, 0, 5, 5]], [0], crowd=[True])])
def test_a_dev_part_without_an_object_to_find_is_a_sentence(start, objects):
    data = data_of(objects)

    with pytest.raises(errors.DataError, match="dev part of toys has no object to find in 5 pictures.*annotate some"):
        Detector(start(), data, Knowing(data)).score_each(1)


def test_training_pictures_without_objects_are_reported_and_drawn(start, capsys):
    data = data_of(lambda split, index: NOTHING)
    detector = Detector(start(), data, Knowing(data))

    detector.report_anchors(GRID, assign)

    assert "Anchors: the pictures have no objects to compare them with." in capsys.readouterr().out
    assert len(detector.pictures["anchors"].axes) == 8       # two rows of four for five pictures


def test_finding_nothing_and_a_test_part_without_objects_end_the_run_all_the_same(start, tmp_path, capsys):
    data = data_of(lambda split, index: NOTHING if split == 2 else objects_of(split, index))
    run, detect = start("--logdir=run", "--epochs=1"), Knowing(data)
    detect.is_blind = True
    detector = Detector(run, data, detect)
    train(run, detector, data, 1)

    metrics = detector.report()

    assert metrics["val_ap"] == 0 and metrics["test_ap"] == -1
    assert json.loads((tmp_path / "run" / "predictions.json").read_text()) == []
    assert "AP 0.000 on dev, n/a (no objects to find) on test" in capsys.readouterr().out
    assert (tmp_path / "run" / "plots" / "precision_recall.png").exists()
