"""What moves the pixels moves the boxes, and each picture of a batch by its own chance."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import data, errors
from npfl_kit.data import detection_augment as augment

SIDE = 64
SEEDS = [[1, 2], [3, 4], [5, 6]]


def a_batch(boxes, labels=None, ignored=(), side=SIDE, size=None):
    """Black pictures `[B]` with a white rectangle in every box; `boxes` is `[B][G][4]`."""
    most = max(1, max(map(len, boxes)))
    result = {"image": np.zeros([len(boxes), side, side, 3], np.float32), "boxes": np.zeros([len(boxes), most, 4]),
              "labels": np.full([len(boxes), most], -1), "count": np.array([len(each) for each in boxes])}
    for row, each in enumerate(boxes):
        result["boxes"][row, :len(each)] = np.reshape(each, [-1, 4])
        result["labels"][row, :len(each)] = np.arange(len(each)) if labels is None else labels[row]
        for top, left, bottom, right in each:
            result["image"][row, top:bottom, left:right] = 1
    result["ignored"] = np.array([list(ignored) or [[0, 0, 0, 0]]] * len(boxes))
    result["ignored_count"] = np.full(len(boxes), len(ignored))
    result["scale"], result["size"] = np.ones(len(boxes)), np.array([size or [side, side]] * len(boxes))
    result["index"] = np.arange(len(boxes))
    floats = ("image", "boxes", "ignored", "scale")
    return {name: tf.constant(value, tf.float32 if name in floats else tf.int32) for name, value in result.items()}


def steps():
    return {"flip": augment.flip, "zoom": augment.zoom(0.7, 1.4, 0.1), "far": augment.zoom(0.5, 2.5, 0.3),
            "turn": augment.turn, "color": augment.color(0.0, 0.0, 0.3),
            "all": augment.chain(augment.zoom(0.8, 1.25), augment.color(0.05, 0.1, 0.3), augment.flip)}


def bright_box(image):
    """The box of what is white, between pixels: the sum of the light along an edge tells the share of a pixel."""
    light = image.mean(-1)
    light = (light - light.min()) / (light.max() - light.min())
    rows, columns = light.max(1), light.max(0)
    top, left = rows.argmax(), columns.argmax()
    inside_rows, inside_columns = np.flatnonzero(rows > 0.5), np.flatnonzero(columns > 0.5)
    assert top >= inside_rows[0] and left >= inside_columns[0]
    return np.array([inside_rows[0], inside_columns[0], inside_rows[-1] + 1, inside_columns[-1] + 1])


@pytest.mark.parametrize("name", sorted(steps()))
@pytest.mark.parametrize("seed", SEEDS)
def test_the_box_of_a_bright_rectangle_is_around_it_afterwards(name, seed):
    boxes = [[[8, 10, 40, 30]], [[20, 20, 44, 52]], [[0, 0, 30, 30]], [[30, 34, 64, 64]], [[5, 40, 25, 60]]]

    found = {key: value.numpy() for key, value in steps()[name](a_batch(boxes), tf.constant(seed)).items()}

    checked = 0
    for row in range(len(boxes)):
        if found["count"][row]:
            np.testing.assert_allclose(found["boxes"][row, 0], bright_box(found["image"][row]), atol=1.01)
            checked += 1
    assert checked >= 2


def turned(batch, *which):
    return augment.turned(batch, *(tf.constant(each) for each in which))


@pytest.mark.parametrize("seed", range(3))
def test_turned_and_turned_back_is_the_same(seed):
    generator = np.random.default_rng(seed)
    boxes = np.sort(generator.integers(0, SIDE, [4, 3, 2, 2]), axis=2).reshape(4, 3, 4).tolist()
    batch, (transposed, upside_down, mirrored) = a_batch(boxes, ignored=[[1, 2, 3, 9]]), generator.random([3, 4]) < 0.5
    no = [False] * 4

    twice = turned(turned(batch, transposed, upside_down, mirrored), no, upside_down, mirrored)
    twice = turned(twice, transposed, no, no)

    for name in batch:
        np.testing.assert_array_equal(twice[name], batch[name], err_msg=name)


def test_a_mirrored_box_has_its_right_edge_where_the_left_was():
    batch = a_batch([[[1, 2, 3, 10]], [[1, 2, 3, 10]]], ignored=[[0, 60, 4, 64]])

    found = turned(batch, [False, False], [False, False], [True, False])

    assert found["boxes"][:, 0].numpy().tolist() == [[1, 54, 3, 62], [1, 2, 3, 10]]
    assert found["ignored"][:, 0].numpy().tolist() == [[0, 0, 4, 4], [0, 60, 4, 64]]
    np.testing.assert_array_equal(found["image"][0], batch["image"][0].numpy()[:, ::-1])
    np.testing.assert_array_equal(found["image"][1], batch["image"][1])


def test_a_quarter_turn_is_a_transposition_put_upside_down():
    batch = a_batch([[[1, 2, 3, 10]]], ignored=[[0, 60, 4, 64]], size=[48, 64])

    found = turned(batch, [True], [True], [False])

    np.testing.assert_array_equal(found["image"][0], np.rot90(batch["image"][0]))
    assert found["boxes"][0].numpy().tolist() == [[54, 1, 62, 3]]
    assert found["ignored"][0].numpy().tolist() == [[0, 0, 4, 4]]
    assert found["size"].numpy().tolist() == [[64, 48]]


def test_padding_is_not_turned():
    found = turned(a_batch([[[1, 2, 3, 10]], []]), [True, True], [True, True], [True, True])

    assert found["boxes"][1].numpy().tolist() == [[0, 0, 0, 0]] and found["labels"][1].numpy().tolist() == [-1]


def test_turn_gives_each_of_eight_views_equally_often():
    found = augment.turn(a_batch([[[0, 1, 2, 4]]] * 800, side=8), tf.constant([7, 7]))

    views, times = np.unique(found["boxes"][:, 0].numpy(), axis=0, return_counts=True)
    assert len(views) == 8 and 60 < times.min() and times.max() < 140


def test_flip_mirrors_about_half_of_the_pictures():
    found = augment.flip(a_batch([[[0, 0, 1, 1]]] * 200, side=8), tf.constant([7, 7]))

    assert 70 < int((found["boxes"][:, 0, 1] > 0).numpy().sum()) < 130


def test_nothing_moved_is_the_same():
    batch = a_batch([[[8, 10, 40, 30]], []])

    found = augment.moved(batch, tf.ones(2), tf.zeros([2, 2]), tf.constant([0.2, 0.5, 0.8]))

    for name in ("boxes", "labels", "count"):
        np.testing.assert_array_equal(found[name], batch[name])
    np.testing.assert_allclose(found["image"], batch["image"], atol=1e-6)


@pytest.mark.parametrize("shift", [(5, 0), (0, -7), (11, 3), (-9, -2)])
def test_a_whole_shift_moves_pixels_exactly_and_fills_the_rest(shift):
    image = np.random.default_rng(42).random([1, SIDE, SIDE, 3]).astype(np.float32)
    fill = np.array([0.2, 0.5, 0.8], np.float32)

    found = augment.moved(dict(a_batch([[[20, 20, 40, 40]]]), image=tf.constant(image)), tf.ones(1),
                          tf.constant([shift], tf.float32), tf.constant(fill))

    dy, dx = shift
    expected = np.tile(fill, [SIDE, SIDE, 1])
    expected[max(0, dy):SIDE + min(0, dy), max(0, dx):SIDE + min(0, dx)] = image[
        0, max(0, -dy):SIDE - max(0, dy), max(0, -dx):SIDE - max(0, dx)]
    inner = np.s_[max(1, dy + 1):SIDE + min(0, dy) - 1, max(1, dx + 1):SIDE + min(0, dx) - 1]
    np.testing.assert_allclose(found["image"][0].numpy()[inner], expected[inner], atol=1e-3)
    outside = np.ones([SIDE, SIDE], bool)
    outside[max(0, dy):SIDE + min(0, dy), max(0, dx):SIDE + min(0, dx)] = False
    np.testing.assert_allclose(found["image"][0].numpy()[outside], expected[outside], atol=1e-6)
    assert found["boxes"][0, 0].numpy().tolist() == [20 + dy, 20 + dx, 40 + dy, 40 + dx]


@pytest.mark.parametrize("shift, state", [(-10, "taught"), (-27, "taught"), (-29, "ignored"), (-39, "ignored"),
                                          (-41, "gone")])
def test_an_object_cut_to_pieces_is_ignored_and_one_that_left_is_gone(shift, state):
    batch = a_batch([[[0, 0, 40, 40], [50, 50, 60, 60]]], labels=[[3, 4]])     # 0.3 of 40 pixels are 12

    found = augment.moved(batch, tf.ones(1), tf.constant([[shift, 0.0]]), tf.zeros(3))

    taught = found["boxes"][0, :found["count"][0]].numpy().tolist()
    ignored = found["ignored"][0, :found["ignored_count"][0]].numpy().tolist()
    whole, rest = [50 + shift, 50, 60 + shift, 60], [0, 0, 40 + shift, 40]
    assert taught == ([rest, whole] if state == "taught" else [whole])
    assert ignored == ([rest] if state == "ignored" else [])
    assert found["labels"][0].numpy().tolist() == ([3, 4] if state == "taught" else [4, -1])


def test_crowds_move_too_and_stay_ignored():
    batch = a_batch([[]], ignored=[[10, 10, 30, 30], [0, 0, 4, 4]])

    found = augment.moved(batch, tf.constant([2.0]), tf.constant([[-10.0, 0.0]]), tf.zeros(3))

    assert found["ignored_count"].numpy().tolist() == [1] and found["count"].numpy().tolist() == [0]
    assert found["ignored"][0, 0].numpy().tolist() == [10, 20, 50, 60]


def test_a_smaller_picture_stays_inside_and_its_letterbox_may_be_left():
    batch = a_batch([[[0, 0, 32, 64]]] * 50, size=[32, 64])

    found = augment.zoom(0.5, 0.9, shift=0.0)(batch, tf.constant([1, 2]))

    boxes = found["boxes"][:, 0].numpy()
    assert found["count"].numpy().min() == 1 and (boxes >= 0).all() and (boxes <= SIDE).all()
    np.testing.assert_allclose((boxes[:, 3] - boxes[:, 1]) / (boxes[:, 2] - boxes[:, 0]), 2, rtol=1e-4)   # uncut
    assert boxes[:, 0].max() > 20


@pytest.mark.parametrize("name", sorted(steps()))
def test_a_batch_without_objects_is_ordinary(name):
    found = steps()[name](a_batch([[], []]), tf.constant([1, 2]))

    assert found["count"].numpy().tolist() == [0, 0] and not found["boxes"].numpy().any()
    assert (found["labels"].numpy() == -1).all() and np.isfinite(found["image"]).all()


@pytest.mark.parametrize("name", sorted(steps()))
def test_five_hundred_objects_and_pictures_of_one_pixel(name):
    many = steps()[name](a_batch([[[4, 4, 40, 40]] * 500]), tf.constant([1, 2]))
    tiny = steps()[name](a_batch([[[0, 0, 1, 1]]], side=1), tf.constant([1, 2]))

    assert many["count"].numpy()[0] + many["ignored_count"].numpy()[0] == 500
    assert np.isfinite(tiny["image"]).all()


@pytest.mark.parametrize("name", sorted(steps()))
def test_the_same_seed_gives_the_same_batch_eagerly_and_in_a_graph_and_another_seed_another(name):
    batch, step = a_batch([[[8, 10, 40, 30]]] * 8), steps()[name]
    batch["image"] = tf.constant(np.random.default_rng(1).random(batch["image"].shape).astype(np.float32))

    first, second = step(batch, tf.constant([1, 2])), tf.function(step)(batch, tf.constant([1, 2]))
    other = step(batch, tf.constant([1, 3]))

    for key in first:
        np.testing.assert_allclose(first[key], second[key], atol=1e-4, err_msg=key)
        assert first[key].dtype == batch[key].dtype
    assert np.abs(first["image"] - other["image"]).max() > 0.01


def test_color_of_no_strength_changes_nothing_and_of_some_the_light():
    batch = a_batch([[]])
    batch["image"] = tf.constant(np.random.default_rng(1).uniform(0.3, 0.7, batch["image"].shape).astype(np.float32))
    gray = dict(batch, image=tf.tile(batch["image"][..., :1], [1, 1, 1, 3]))

    np.testing.assert_allclose(augment.color(0, 0, 0)(batch, tf.constant([1, 2]))["image"], batch["image"], atol=1e-6)
    np.testing.assert_allclose(augment.color(0, 0, 3)(gray, tf.constant([1, 2]))["image"], gray["image"], atol=1e-6)
    contrast = augment.color(0, 0.5, 0)(batch, tf.constant([1, 2]))["image"].numpy()
    np.testing.assert_allclose(contrast.mean(), batch["image"].numpy().mean(), atol=1e-4)
    assert abs(contrast.std() / batch["image"].numpy().std() - 1) > 0.01
    bright = augment.color(0.2, 0, 0)(batch, tf.constant([1, 2]))["image"].numpy() - batch["image"].numpy()
    np.testing.assert_allclose(bright, bright.mean(), atol=1e-5)


def test_colors_stay_between_0_and_1():
    batch = a_batch([[[0, 0, 32, 32]]] * 9)

    found = augment.color(0.9, 3, 3)(batch, tf.constant([1, 2]))["image"].numpy()

    assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("arguments", [(0, 1), (-1, 1), (1.5, 1), (1, 1, 1), (1, 1, -0.1), (float("nan"), 1)])
def test_impossible_zooms_are_a_usage_error(arguments):
    with pytest.raises(errors.UsageError, match="zoom needs 0 < low <= high and a shift"):
        augment.zoom(*arguments)


def test_names_give_steps_and_characters_are_not_mirrored():
    scenes = data.load("glyph_scenes", train_size=4)
    batch = a_batch([[[30, 2, 34, 6]]] * 40)

    assert augment.by_name("none", scenes) is None and augment.by_name("flip", scenes) is augment.flip
    left = augment.by_name("auto", scenes)(batch, tf.constant([1, 2]))["boxes"][:, 0, 1].numpy()
    assert (left < 32).all()
    scenes.auto_augment = "photo"
    left = augment.by_name("auto", scenes)(batch, tf.constant([1, 2]))["boxes"][:, 0, 1].numpy()
    assert 5 < (left > 32).sum() < 35
    scenes.auto_augment = "microscope"
    top = augment.by_name("auto", scenes)(batch, tf.constant([1, 2]))["boxes"][:, 0, 0].numpy()
    assert (top < 20).any() and (top > 44).any()
    with pytest.raises(errors.UsageError, match="no augmentation 'autos'; did you mean auto"):
        augment.by_name("autos", scenes)
