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


def test_the_confusion_matrix_colors_shares_of_the_gold_class():
    figure = plots.confusion_matrix(np.array([[8, 2], [0, 30]]), ["cat", "dog"])

    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.8, 0.2], [0, 1]])
    assert axes.get_title() == "2 of 40 wrong"
    assert sorted(text.get_text() for text in axes.texts) == ["2", "30", "8"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_worst_mistakes_of_any_number(tmp_path, channels, count):
    images = [np.full([8, 8, channels], 100, np.uint8)] * count
    figure = plots.worst_mistakes(images, ["cat"] * count, ["dog"] * count, [0.75] * count)

    plots.save(figure, tmp_path / "mistakes.png")

    assert sum("dog, 75% sure\nis cat" == axes.get_title() for axes in figure.axes) == count
    with Image.open(tmp_path / "mistakes.png") as picture:
        assert picture.size[0] > 600
