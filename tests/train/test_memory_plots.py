"""Pictures of memory: what is drawn, and that extreme numbers leave a picture."""
import pytest

from npfl_kit.train import memory_plots, plots


def labels(axes):
    return [line.get_label() for line in axes.get_lines()]


def test_every_curve_is_drawn_and_named_and_a_cell_has_one_color():
    norms = {"basic": [1, 0.5, 0.2], "LSTM": [1, 0.9, 0.8]}

    figure = memory_plots.gradients_and_losses(norms, {"basic": [1, 0.7, 0.5]}, [50, 100],
                                               {"LSTM": [0.3, 0.1]}, 0.25, "Remember")

    left, right = figure.axes
    assert labels(left) == ["basic", "LSTM", "bound of basic"] and labels(right) == ["LSTM", "guessing, 0.250"]
    assert left.get_lines()[0].get_color() == left.get_lines()[2].get_color()
    assert left.get_lines()[1].get_color() == right.get_lines()[0].get_color() != left.get_lines()[0].get_color()
    assert left.get_yscale() == "log" and right.get_title() == "Remember"
    assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_legend() for axes in (left, right))
    assert right.get_ylim()[0] == 0 and right.get_ylim()[1] > 0.3


@pytest.mark.parametrize("values", [[1, 0, 0], [1, 1e200, 1e300], [1, 1e-320, 0], [1, 1, 1]], ids=str)
def test_any_norms_can_be_drawn(tmp_path, values):
    figure = memory_plots.gradients_and_losses({"cell": values}, {}, [1], {"cell": [0.2]}, 0.3, "task")

    low, high = figure.axes[0].get_ylim()
    assert 0 < low < high < 1e16
    assert plots.save(figure, tmp_path / "picture.png").stat().st_size > 5_000
