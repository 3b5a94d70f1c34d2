import itertools
import types

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import augment

STEPS = {
    "flip": augment.flip, "crop": augment.crop(2), "crop zero": augment.crop(2, "zero"),
    "affine": augment.affine(20, 0.1, 0.2), "cutout": augment.cutout(4, [0.1, 0.2, 0.3]),
    "chain": augment.chain(augment.crop(2), None, augment.flip, augment.cutout(3)),
}


def pictures(count=6, height=8, width=7, channels=3, seed=42):
    return np.random.default_rng(seed).uniform(size=[count, height, width, channels]).astype(np.float32)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_eager_equals_inside_tf_data(step):
    images, seed = pictures(), tf.constant([1, 2])

    eager = step(tf.constant(images), seed)
    pipeline = tf.data.Dataset.from_tensors((images, seed)).map(step, num_parallel_calls=2)

    np.testing.assert_allclose(next(iter(pipeline)), eager, atol=1e-6)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_same_seed_same_pictures_and_another_seed_others(step):
    images = tf.constant(pictures(count=32))

    first, again, other = step(images, [1, 2]), step(images, [1, 2]), step(images, [1, 3])

    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    assert first.shape == images.shape and first.dtype == images.dtype


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_no_step_has_state(step):
    graph = tf.function(step).get_concrete_function(tf.TensorSpec([None, 8, 7, 3]), tf.TensorSpec([2], tf.int32)).graph

    assert not [op.name for op in graph.get_operations() if op.op_def.is_stateful]


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_an_empty_batch_stays_empty(step):
    assert step(tf.zeros([0, 8, 7, 3]), [1, 2]).shape == (0, 8, 7, 3)


def test_flip_mirrors_every_second_picture():
    images = pictures(count=4000, height=2, width=3)

    flipped = augment.flip(tf.constant(images), [3, 4]).numpy()

    mirrored = np.all(flipped == images[:, :, ::-1], (1, 2, 3))
    assert np.all(mirrored | np.all(flipped == images, (1, 2, 3)))
    assert abs(mirrored.mean() - 0.5) < 0.03  # 3.8 standard deviations


@pytest.mark.parametrize("padding, mode", [("reflect", "reflect"), ("zero", "constant")])
def test_crop_is_one_of_all_windows_of_the_padded_picture(padding, mode):
    pixels, images = 2, pictures(count=800, height=5, width=4)

    cropped = augment.crop(pixels, padding)(tf.constant(images), [5, 6]).numpy()

    padded = np.pad(images, [(0, 0), (pixels, pixels), (pixels, pixels), (0, 0)], mode)
    counts = {}
    for top, left in itertools.product(range(2 * pixels + 1), repeat=2):
        window = padded[:, top:top + 5, left:left + 4]
        counts[top, left] = np.all(np.abs(window - cropped) < 1e-6, (1, 2, 3)).sum()
    assert sum(counts.values()) == 800
    assert min(counts.values()) > 10 and max(counts.values()) < 60  # 32 expected, standard deviation 5.5


def test_crop_by_nothing_is_the_identity():
    images = pictures()

    np.testing.assert_array_equal(augment.crop(0)(tf.constant(images), [1, 2]), images)


@pytest.mark.parametrize("arguments, message", [((-1,), "pixels >= 0"), ((1, "wrap"), "reflect or zero")])
def test_impossible_crop_is_a_usage_error(arguments, message):
    with pytest.raises(errors.UsageError, match=message):
        augment.crop(*arguments)


def test_crop_wider_than_the_picture_is_a_usage_error():
    with pytest.raises(errors.UsageError, match="needs pictures larger than 7 pixels, got 8 x 7"):
        augment.crop(7)(tf.constant(pictures()), [1, 2])


def test_affine_by_nothing_is_the_identity():
    images = pictures()

    np.testing.assert_array_equal(augment.affine()(tf.constant(images), [1, 2]), images)


def test_affine_of_an_even_picture_is_the_identity():
    images = np.full([20, 8, 8, 1], 0.3, np.float32)

    np.testing.assert_allclose(augment.affine(90, 0.4, 1.0)(tf.constant(images), [1, 2]), images, atol=1e-6)


def test_affine_turns_about_the_middle():
    image = np.zeros([200, 9, 9, 1], np.float32)
    image[:, 4, 4] = 1

    turned = augment.affine(degrees=180)(tf.constant(image), [1, 2]).numpy()

    np.testing.assert_allclose(turned[:, 4, 4], 1, atol=1e-5)


def test_affine_shifts_and_scales_within_its_bounds():
    images = np.zeros([2000, 33, 33, 1], np.float32)
    images[:, 14:19, 14:19] = 1  # 5 x 5 about the middle, 16

    moved = augment.affine(shift=0.1, scale=0.5)(tf.constant(images), [7, 8]).numpy()[..., 0]

    area, ticks = moved.sum((1, 2)), np.arange(33)
    middle_y, middle_x = ((moved.sum(axis) * ticks).sum(1) / area for axis in (2, 1))
    for middle in (middle_y, middle_x):
        assert 12.5 < middle.min() < 13.2 and 18.8 < middle.max() < 19.5  # 16 +- 3.3
        assert abs(middle.mean() - 16) < 0.2
    assert 25 / 2.25 * 0.8 < area.min() < 25 / 2.25 * 1.2
    assert 25 * 2.25 * 0.8 < area.max() < 25 * 2.25 * 1.2
    assert abs(np.median(area) - 25) < 1.5  # as often larger as smaller


@pytest.mark.parametrize("size", [1, 4, 5])
def test_cutout_hides_a_square_about_a_pixel_chosen_uniformly(size):
    images = np.ones([6000, 6, 5, 1], np.float32)

    hidden = augment.cutout(size, fill=0.25)(tf.constant(images), [9, 1]).numpy()[..., 0] == 0.25

    counts = np.zeros([6, 5], int)
    for row, column in itertools.product(range(6), range(5)):
        square = np.zeros([6, 5], bool)
        top, left = row - size // 2, column - size // 2
        square[max(0, top):top + size, max(0, left):left + size] = True
        counts[row, column] = np.all(hidden == square, (1, 2)).sum()
    assert counts.sum() == 6000, "every picture hides the square of one middle"
    assert counts.min() > 140 and counts.max() < 265  # 200 expected, standard deviation 14


def test_cutout_fills_with_the_mean_and_leaves_the_rest():
    images, mean = pictures(count=50), [0.1, 0.2, 0.3]

    cut = augment.cutout(3, mean)(tf.constant(images), [1, 2]).numpy()

    hidden = np.any(cut != images, -1)
    np.testing.assert_allclose(cut[hidden], np.broadcast_to(np.float32(mean), cut[hidden].shape))
    assert hidden.any((1, 2)).all()


def test_cutout_of_no_size_is_the_identity():
    np.testing.assert_array_equal(augment.cutout(0)(tf.constant(pictures()), [1, 2]), pictures())


def test_steps_of_a_chain_draw_different_numbers():
    images = tf.constant(pictures(count=200))

    twice = augment.chain(augment.flip, augment.flip)(images, [1, 2]).numpy()

    unchanged = np.all(twice == images.numpy(), (1, 2, 3)).mean()
    assert 0.3 < unchanged < 0.7  # with one seed for both it would be 1


def data_set(auto):
    return types.SimpleNamespace(image_shape=(32, 32, 3), auto_augment=auto)


def test_none_is_none():
    assert augment.by_name("none", data_set("affine")) is None


@pytest.mark.parametrize("auto", ["affine", "crop_flip"])
def test_auto_is_what_the_data_set_says(auto):
    images = tf.constant(pictures(height=32, width=32))

    np.testing.assert_array_equal(augment.by_name("auto", data_set(auto))(images, [1, 2]),
                                  augment.by_name(auto, data_set("none"))(images, [1, 2]))


def test_unknown_name_is_a_usage_error_with_the_nearest():
    with pytest.raises(errors.UsageError, match="There is no augmentation 'crops'; did you mean crop"):
        augment.by_name("crops", data_set("affine"))
