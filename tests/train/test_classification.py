"""The end of a classification run: what is counted, what is written, and what is typed next."""
import argparse
import json
import shlex

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.cli import main
from npfl_kit.data.image_classification import ImageClassification, Split
from npfl_kit.train import classification
from npfl_kit.train.run import Run

CLASSES = ["ant", "bee", "cow"]
LABELS = {"train": [0, 1, 2], "dev": [0, 1, 2, 0], "test": [2, 1, 0, 2, 1]}
HISTORY = [{"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}]


@pytest.fixture(params=[1, 3], ids=["grey", "RGB"])
def data(request):
    """A picture of class k has the brightness 50 k."""
    def split(labels):
        images = np.ones([1, 4, 4, request.param], np.uint8) * 50 * np.array(labels, np.uint8)[:, None, None, None]
        return Split(labels, lambda count: images[:count])

    return ImageClassification("three", CLASSES, {name: split(labels) for name, labels in LABELS.items()}, "here")


@pytest.fixture
def make_run(tmp_path):
    def make(**flags):
        usual = {"lab": "some_lab", "logdir": tmp_path / "run", "batch_size": 2, "predict": False, "weights": None,
                 "data_dir": None}
        return Run(argparse.Namespace(**{**usual, **flags}))
    return make


def answering(*logits):
    """A model that gives these logits, by the class of the picture."""
    table = tf.constant(logits, tf.float32)
    image = tf.keras.layers.Input([4, 4, None])
    return tf.keras.Model(image, tf.keras.layers.Lambda(
        lambda x: tf.gather(table, tf.cast(tf.round(x[:, 0, 0, 0] * 255 / 50), tf.int32)))(image))


def naive_crossentropy(labels, logits):
    """By the definition, in float64, one example after the other."""
    shares = [np.exp(each - each.max()) / np.exp(each - each.max()).sum() for each in np.asarray(logits, np.float64)]
    return np.mean([-np.log(share[label]) for label, share in zip(labels, shares)])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_crossentropy_is_that_of_the_definition(seed, kind):
    generator = np.random.default_rng(seed)
    labels, logits = generator.integers(0, 5, [30]), generator.normal(0, 3, [30, 5]).astype(kind)

    np.testing.assert_allclose(classification.crossentropy(labels, logits), naive_crossentropy(labels, logits), 1e-12)


def test_crossentropy_of_huge_logits_is_finite_and_unmoved_by_a_shift():
    logits = np.array([[1e4, -1e4, 0.0], [0.0, 0.0, -3e38]], np.float32)

    np.testing.assert_allclose(classification.crossentropy(np.array([1, 0]), logits), (2e4 + np.log(2)) / 2)
    small = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(classification.crossentropy(np.array([2]), small + 1e6),
                               classification.crossentropy(np.array([2]), small), 1e-9)


def test_predictions_metrics_and_pictures_are_those_of_the_answers(make_run, data):
    run = make_run()
    run.history = HISTORY
    model = answering([2, 0, 0], [0, 2, 0], [2, 0, 0])     # a cow is taken for an ant

    metrics = classification.report_classification(run, model, data)

    assert (run.folder / "predictions.txt").read_text() == "0\n1\n0\n0\n1\n"
    assert (run.folder / "predictions_dev.txt").read_text() == "0\n1\n0\n0\n"
    right, wrong = np.log(1 + 2 * np.exp(-2)), np.log(np.exp(2) + 2)
    expected = {"val_accuracy": 3 / 4, "val_loss": (3 * right + wrong) / 4,
                "test_accuracy": 3 / 5, "test_loss": (3 * right + 2 * wrong) / 5}
    assert metrics == pytest.approx(expected, rel=1e-6)
    assert json.loads((run.folder / "results.json").read_text())["metrics"] == metrics
    assert sorted(path.name for path in (run.folder / "plots").iterdir()) == [
        "confusion_matrix.png", "learning_curves.png", "worst_mistakes.png"]


def test_without_mistakes_and_without_history_there_are_still_pictures(make_run, data):
    run = make_run(predict=True, weights="w.safetensors")

    metrics = classification.report_classification(run, answering([9, 0, 0], [0, 9, 0], [0, 0, 9]), data)

    assert metrics["test_accuracy"] == metrics["val_accuracy"] == 1
    assert sorted(path.name for path in (run.folder / "plots").iterdir()) == ["confusion_matrix.png",
                                                                              "worst_mistakes.png"]


def test_of_equal_logits_the_first_class_is_the_answer(make_run, data):
    run = make_run()

    classification.report_classification(run, answering([1, 1, 1], [0, 1, 1], [0, 0, 0]), data)

    assert (run.folder / "predictions.txt").read_text() == "0\n1\n0\n0\n1\n"


def test_the_worst_mistakes_are_the_most_confident_ones(make_run, data, monkeypatch):
    shown = []
    monkeypatch.setattr(classification.plots, "worst_mistakes", lambda *args: shown.append(args))
    monkeypatch.setattr(classification.plots, "save", lambda *args: None)
    logits = np.array([[3, 0, 0], [0, 1, 0], [0, 4, 0], [0, 0, 1], [9, 0, 0]], np.float32)

    classification.draw(make_run(), data, logits)

    images, gold, predicted, confidence = shown[0]
    assert (gold, predicted) == (["bee", "ant", "cow"], ["ant", "bee", "ant"])
    np.testing.assert_allclose(confidence, [np.exp(top) / (np.exp(top) + 2) for top in (9, 4, 3)], 1e-6)
    assert [int(image.max()) for image in images] == [50, 0, 100]


def test_logits_that_are_no_numbers_stop_the_run_without_results(make_run, data):
    run = make_run()

    with pytest.raises(errors.TrainingError, match="val_loss is nan"):
        classification.report_classification(run, answering([np.nan] * 3, [0, 1, 0], [0, 0, 1]), data)

    assert not (run.folder / "results.json").exists()


def test_the_commands_to_type_next_hold_the_data_and_survive_a_shell(make_run, data, tmp_path):
    run = make_run(logdir=tmp_path / "my run", data_dir=tmp_path / "my data")

    lines = classification.summary(run, data, {"val_accuracy": 0.5, "test_accuracy": 0.25}).splitlines()

    assert lines[0] == "Accuracy 50.00% on dev, 25.00% on test (5 examples of three)."
    evaluate, predict, board = (shlex.split(line) for line in lines[-3:])
    assert evaluate == ["npfl-kit", "evaluate", "--dataset=three", f"--data_dir={tmp_path / 'my data'}",
                        "--split=test", str(tmp_path / "my run" / "predictions.txt")]
    assert predict == ["npfl-kit", "run", "some_lab", "--predict", f"--weights={tmp_path}/my run/weights.safetensors",
                       f"--data_dir={tmp_path}/my data"]
    assert board == ["tensorboard", f"--logdir={tmp_path}"]
    assert main.build_parser().parse_args(evaluate[1:]).split == "test"


def test_after_predicting_the_weights_named_are_those_that_were_given(make_run, data):
    run = make_run(predict=True, weights="other/w.safetensors")

    assert "--weights=other/w.safetensors" in classification.summary(
        run, data, {"val_accuracy": 1, "test_accuracy": 1})
