"""Pictures are drawn from what they are given, and whole."""
import numpy as np
import pytest
from PIL import Image

from npfl_kit.train import plots

HISTORY = [{"loss": 1.0, "accuracy": 0.5, "val_loss": 1.2, "val_accuracy": 0.4},
           {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.9, "val_accuracy": 0.6}]


def test_learning_curves_show_training_and_dev_of_each_metric():
    figure = plots.learning_curves(HISTORY, best=1)

    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy"]
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), [0.5, 0.75])
    np.testing.assert_array_equal(figure.axes[1].lines[1].get_ydata(), [0.4, 0.6])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1, 2])
    assert figure.axes[0].get_ylabel() == "loss [nats]" and figure.axes[0].get_xlabel() == "epoch"


def test_what_is_measured_on_dev_only_and_in_some_epochs_stands_first_in_one_frame():
    losses = [{"loss": 3.0, "val_loss": 3.5, "logits_loss": 2.0, "val_logits_loss": 2.5}] * 4
    measured = [{}, {"val_ap": 0.2, "val_ap50": 0.4}, {}, {"val_ap": 0.3, "val_ap50": 0.6}]
    history = [{**logs, **more} for logs, more in zip(losses, measured)]

    figure = plots.learning_curves(history, best=3)

    assert [axes.get_title() for axes in figure.axes] == ["AP, AP50 on dev", "loss", "logits_loss"]
    assert figure.axes[1].get_ylabel() == "loss"        # a sum with one of boxes, so not nats
    ap, ap50, kept = figure.axes[0].lines
    np.testing.assert_array_equal(ap.get_xydata(), [[2, 0.2], [4, 0.3]])
    np.testing.assert_array_equal(ap50.get_xydata(), [[2, 0.4], [4, 0.6]])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["AP", "AP50", "kept: epoch 4"]


@pytest.mark.parametrize("metrics, rows", [(1, 1), (3, 1), (4, 2), (5, 3)])
def test_many_metrics_fit_a_screen(tmp_path, metrics, rows):
    history = [{f"{prefix}{name}": 1.0 for name in "abcde"[:metrics] for prefix in ("", "val_")}]

    figure = plots.learning_curves(history, best=0)
    plots.save(figure, tmp_path / "curves.png")

    width, height = figure.get_size_inches()
    assert width <= 15 and height == pytest.approx(3.6 * rows)
    assert sum(axes.axison for axes in figure.axes) == metrics


def test_the_confusion_matrix_colors_shares_of_the_gold_class():
    figure = plots.confusion_matrix(np.array([[8, 2], [0, 30]]), ["cat", "dog"])

    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.8, 0.2], [0, 1]])
    assert axes.get_title() == "2 of 40 wrong"
    assert sorted(text.get_text() for text in axes.texts) == ["2", "30", "8"]


ODD = ["$cost$", "$x_{y$", "100% \\frac", "中文", "שלום", "caf\udce9", "two\nlines\x00", "_under", "", "W" * 300]


def test_any_name_of_a_folder_is_shown_as_it_is_and_short(tmp_path):
    """Neither a formula nor a letter that the font lacks stops the end of a training; a warning is an error here."""
    confusion = plots.confusion_matrix(np.eye(len(ODD), dtype=int), ODD)
    mistakes = plots.worst_mistakes([np.zeros([8, 8, 3], np.uint8)] * len(ODD), ODD, ODD[::-1], [0.5] * len(ODD))

    for figure in (confusion, mistakes):
        plots.save(figure, tmp_path / "picture.png")

    axes = confusion.axes[0]
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert shown == [label.get_text() for label in axes.get_yticklabels()]
    assert shown[:5] == ODD[:5] and shown[5:9] == ["caf?", "two lines", "_under", ""] and 10 < len(shown[9]) < 30
    assert mistakes.axes[0].get_title().endswith("is $cost$")
    assert min(axes.get_position().size) > 0.3


def test_two_classes_of_wide_names_leave_room_for_the_matrix(tmp_path):
    figure = plots.confusion_matrix(np.eye(2, dtype=int), ["W" * 300, "中" * 300])

    plots.save(figure, tmp_path / "picture.png")

    assert min(figure.axes[0].get_position().size) > 0.2


def test_names_that_differ_in_their_ends_are_told_apart():
    figure = plots.confusion_matrix(np.eye(2, dtype=int), ["a long name of a folder, part 1",
                                                           "a long name of a folder, part 2"])

    first, second = (label.get_text() for label in figure.axes[0].get_xticklabels())
    assert first.startswith("a long") and first.endswith("part 1") and second.endswith("part 2")


@pytest.mark.parametrize("classes", [1, 2, 10, 46, 60, 61, 200, 1000])
def test_a_confusion_matrix_of_any_size_fits_a_screen(classes):
    matrix = np.full([classes, classes], 1234)

    figure = plots.confusion_matrix(matrix, [f"class number {number}" for number in range(classes)])

    axes = figure.axes[0]
    assert 4 < min(figure.get_size_inches()) and max(figure.get_size_inches()) <= 20
    is_detailed = classes <= 60
    assert len(axes.texts) == is_detailed * classes ** 2
    assert len(axes.get_xticklabels()) == len(axes.get_yticklabels()) == is_detailed * classes


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_worst_mistakes_of_any_number(tmp_path, channels, count):
    images = [np.full([8, 8, channels], 100, np.uint8)] * count
    figure = plots.worst_mistakes(images, ["cat"] * count, ["dog"] * count, [0.75] * count)

    plots.save(figure, tmp_path / "mistakes.png")

    assert sum("dog, 75% sure\nis cat" == axes.get_title() for axes in figure.axes) == count
    with Image.open(tmp_path / "mistakes.png") as picture:
        assert picture.size[0] > 600
