"""Pictures of a detector show what they are given, whole, without a warning, whatever the classes are called."""
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.colors import to_hex
from PIL import Image

from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring import coco
from npfl_kit.train import detection_plots, plots
from npfl_kit.train.detection_plots import ANCHOR, CROWD, FOUND, LOST, OBJECT

SIZES = [(30, 40), (64, 20), (16, 16)]      # the last picture has no object
OBJECTS = [Objects.of([[2, 3, 12, 23], [10, 10, 30, 40], [0, 0, 8, 8]], [0, 1, 1], crowd=[False, False, True]),
           Objects.of([[5, 0, 60, 20]], [2]), Objects.of([], [])]
ODD = ["$cost$", "中文 \\frac", "W" * 300]


def data_of(classes=("cat", "dog", "bird"), objects=OBJECTS):
    def split():
        return DetectionSplit(list("abc"), SIZES, lambda index: np.full([*SIZES[index], 3], 90, np.uint8),
                              lambda index: objects[index], image_ids=[7, 8, 9])
    return ObjectDetection("toys", classes, {"train": split(), "dev": split(), "test": split()}, "memory",
                           category_ids=[3, 5, 9], image_size=32)


def boxes_in(axes):
    """Boxes drawn in a frame: tlbr, by their color."""
    found = {}
    for patch in axes.patches:
        left, top = patch.get_xy()
        found.setdefault(to_hex(patch.get_edgecolor()), []).append(
            [top + 0.5, left + 0.5, top + 0.5 + patch.get_height(), left + 0.5 + patch.get_width()])
    return found


def color(look):
    return to_hex(look["edgecolor"])


def pixels(figure, tmp_path):
    plots.save(figure, tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        return np.asarray(picture.convert("RGB"))


def assert_whole(figure, tmp_path):
    """Nothing is cut: the border of the picture is white, and the frames are not squeezed to nothing."""
    found = pixels(figure, tmp_path)
    assert (np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]]) == 255).all()
    assert min(size for axes in figure.axes for size in axes.get_position().size) > 0.1


def batch_of(count=3):
    boxes = np.zeros([3, 2, 4], np.float32)
    boxes[0], boxes[1, 0] = [[2, 2, 12, 12], [20, 20, 24, 24]], [0, 0, 32, 10]
    batch = {"image": np.full([3, 32, 32, 3], 0.5, np.float32), "boxes": boxes, "count": np.array([2, 1, 0]),
             "labels": np.array([[0, 1], [2, -1], [-1, -1]])}
    return {name: tf.constant(value[:count]) for name, value in batch.items()}


ANCHORS = np.array([[0, 0, 10, 10], [4, 4, 14, 14], [0, 0, 30, 12], [30, 30, 40, 40]], np.float32)
MATCHED = np.array([[0, 0, -2, -1], [-1, -1, 0, -2], [-1, -1, -1, -1]])


def test_assigned_anchors_are_drawn_and_an_object_without_one_stands_out():
    figure = detection_plots.assigned(batch_of(), ANCHORS, MATCHED, ["cat", "dog", "bird"])

    first, second, third = map(boxes_in, figure.axes)
    assert first == {color(ANCHOR): ANCHORS[:2].tolist(), color(OBJECT): [[2, 2, 12, 12]],
                     color(LOST): [[20, 20, 24, 24]]}
    assert second == {color(ANCHOR): [[0, 0, 30, 12]], color(OBJECT): [[0, 0, 32, 10]]} and third == {}
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [["cat", "dog"], ["bird"], []]


def test_detections_are_drawn_in_their_own_picture_from_a_score_on():
    data = data_of()
    results = [*data.results("test", 0, np.array([[1, 2, 3, 14.], [0, 0, 5, 5]]), np.array([0.3, 0.29]),
                             np.array([2, 1])),
               *data.results("test", 2, np.array([[4, 4, 16, 16.]]), np.array([0.987]), np.array([0]))]

    figure = detection_plots.detections(data.split("test"), [0, 2], results, data)

    first, second = figure.axes
    assert boxes_in(first)[color(FOUND)] == [[1, 2, 3, 14]] and boxes_in(second) == {color(FOUND): [[4, 4, 16, 16]]}
    assert [text.get_text() for text in (*first.texts, *second.texts)] == ["bird 0.30", "cat 0.99"]
    solid = [patch for patch in first.patches if patch.get_linestyle() == "solid"]
    assert color(CROWD) == color(OBJECT) and len(solid) == 3 and len(first.patches) == 4
    assert "crowd or difficult, not scored" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert boxes_in(first)[color(OBJECT)] == [[0, 0, 8, 8], [2, 3, 12, 23], [10, 10, 30, 40]]


@pytest.mark.parametrize("box", [[0, 0, 10, 10], [0, 90, 10, 100], [50, 95, 99, 100], [40, -20, 60, 130.],
                                 [-9, 40, 20, 50], [99, 99, 100, 100]])
def test_a_label_stays_inside_of_its_picture(box, tmp_path):
    figure, (axes,) = detection_plots.album(1, "One", {"object": OBJECT})
    axes.imshow(np.zeros([100, 100, 3], np.uint8))
    detection_plots.label(axes, box, "bird 0.99", OBJECT)

    plots.save(figure, tmp_path / "picture.png")

    text, frame = axes.texts[0].get_window_extent(), axes.get_window_extent()
    assert frame.x0 - 2 <= text.x0 and text.x1 <= frame.x1 + 2 and frame.y0 <= text.y0 and text.y1 <= frame.y1 + 2


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_pictures_and_any_names_are_drawn_whole(count, tmp_path):
    data = data_of(ODD)
    found = data.results("test", 0, np.array([[1, 2, 3, 14.]] * 3), np.full(3, 0.5), np.arange(3))

    for figure in (detection_plots.assigned(batch_of(count), ANCHORS, MATCHED[:count], ODD),
                   detection_plots.detections(data.split("test"), range(count), found, data)):
        assert_whole(figure, tmp_path)
        legend = figure.legends[0].get_window_extent()
        assert 0 <= legend.x0 and legend.x1 <= figure.bbox.x1
        assert all(legend.y0 >= axes.get_window_extent().y1 for axes in figure.axes)


def curves_of(classes, found=()):
    """The curves of one object of each class but the last."""
    gold = {"images": [{"id": 1}], "categories": [{"id": id_, "name": name} for id_, name in enumerate(classes)],
            "annotations": [{"id": id_ + 1, "image_id": 1, "category_id": id_, "bbox": [0, 0, 50, 50], "area": 2500,
                             "iscrowd": 0} for id_ in range(len(classes) - 1)]}
    return coco.curves(gold, [{"image_id": 1, "category_id": id_, "bbox": [0, 0, 50, height], "score": 0.5}
                              for id_, height in found])


@pytest.mark.parametrize("classes", [1, 2, 11, 12])
def test_precision_recall_has_a_curve_for_each_of_a_few_classes_and_their_mean(classes, tmp_path):
    figure = detection_plots.precision_recall(*curves_of([f"class {number}" for number in range(classes)]))

    known = classes - 1
    for axes in figure.axes:
        assert len(axes.lines) == (0 if not known else 1 + (known if known <= 10 else 0))
        assert ("no objects to find" in axes.get_title()) == (not known)
    assert_whole(figure, tmp_path)


def test_precision_recall_says_the_average_precision_of_each_threshold(tmp_path):
    """Two of two found at IoU 0.5, one of two at 0.75; the third class has no object and no curve."""
    figure = detection_plots.precision_recall(*curves_of([*ODD[:2], "absent"], found=[(0, 50), (1, 30)]))

    texts = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]
    assert texts == [["$cost$ 1.00", f"{ODD[1]} 1.00", "mean of 2 classes 1.00"],
                     ["$cost$ 1.00", f"{ODD[1]} 0.00", "mean of 2 classes 0.50"]]
    np.testing.assert_allclose(figure.axes[1].lines[-1].get_ydata(), 0.5)
    assert [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes] == [("recall", "precision")] * 2
    assert_whole(figure, tmp_path)


@pytest.mark.parametrize("right", [0, 5, 1234567])
def test_errors_have_a_bar_with_its_number_for_each_kind(right, tmp_path):
    counts = {**dict.fromkeys(coco.explain({"images": [], "annotations": [], "categories": []}, []).counts(), 0),
              "right": right, "background": 2}

    figure = detection_plots.errors(counts, 12)

    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["right", "double", "wrong class", "badly placed", "wrong class and place", "background",
                     "missed (objects)"]
    assert [bar.get_width() for bar in axes.patches] == [right, 0, 0, 0, 0, 2, 0]
    assert [text.get_text() for text in axes.texts] == [f"{right:,}", "0", "0", "0", "0", "2", "0"]
    assert len({bar.get_facecolor() for bar in axes.patches[1:]}) == 1 != axes.patches[0].get_facecolor()
    assert_whole(figure, tmp_path)


def test_what_does_not_count_is_shown_only_where_there_is_some():
    counts = {"right": 1, "ignored": 2, "not counted": 0, "missed": 0}

    axes = detection_plots.errors(counts, 1).axes[0]

    assert [label.get_text() for label in axes.get_yticklabels()] == ["right", "ignored", "missed (objects)"]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
