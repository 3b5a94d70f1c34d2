import numpy as np
import pytest

from npfl_kit import data, errors
from npfl_kit.data import glyph_masks, glyphs


def test_pictures_are_a_function_of_seed_and_stream():
    first = glyphs.render(60, seed=1, stream=0)

    np.testing.assert_array_equal(first, glyphs.render(60, seed=1, stream=0))
    for other in (glyphs.render(60, seed=2, stream=0), glyphs.render(60, seed=1, stream=1)):
        assert np.mean(first == other) < 0.05


@pytest.mark.parametrize("count", [1, 49, 50, 51])
def test_fewer_pictures_are_the_first_of_more(count):
    np.testing.assert_array_equal(glyphs.render(count, 3, 0), glyphs.render(120, 3, 0)[:count])


@pytest.mark.parametrize("size, channels", [(28, 1), (40, 3), (64, 3)])
def test_size_and_channels(size, channels):
    assert glyphs.render(3, 1, 0, size, channels).shape == (3, size, size, channels)


def test_splits_and_classes():
    loaded = data.load("glyphs")

    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [12000, 2000, 2000]
    assert len(loaded.classes) == 34 and not set("IO") & set(loaded.classes)
    for name in ("train", "dev", "test"):
        counts = np.bincount(loaded.split(name).labels, minlength=34)
        expected = counts.sum() / 34
        assert np.all(np.abs(counts - expected) < 4.5 * expected**0.5)


def test_classes_beside_the_pictures_are_theirs():
    """Undo what can be undone: an upright, sharp drawing of the labelled character is the nearest of all."""
    generator = glyphs._generator(5, 0, 0)
    labels = glyphs.labels(glyphs.BLOCK, 5, 0)

    shape, _ = glyphs._shapes(generator, 32)

    masks = glyph_masks.masks(32)[:, :, 8:40, 8:40] / 255.0                                # [F, K, 32, 32]
    scores = [max(range(34), key=lambda label: max(
        np.corrcoef(np.roll(mask, (y, x), (0, 1)).ravel(), one.ravel())[0, 1]
        for mask in masks[::7, label] for y in (-3, 0, 3) for x in (-3, 0, 3))) for one in shape[:8]]
    assert np.mean(scores == labels[:8]) > 0.6  # 1 of 34 by chance


@pytest.mark.parametrize("channels", [1, 3])
def test_every_character_stands_out(channels):
    generator = np.random.default_rng(1)

    behind, before, _ = glyphs._colors(generator, channels)

    assert np.abs(before - behind).mean(-1).min() > 0.05 and np.abs(before - behind).mean(-1).mean() > 0.3
    assert before.min() > -0.13 and before.max() < 1.13


def test_light_on_dark_is_as_frequent_as_dark_on_light():
    draws = [glyphs._colors(np.random.default_rng(seed), 1) for seed in range(40)]

    lighter = np.mean([before > behind for behind, before, _ in draws])
    assert abs(lighter - 0.5) < 0.05


def test_every_mask_is_a_whole_character():
    masks = glyph_masks.masks(32)

    assert masks.shape == (21, 34, 48, 48) and masks.dtype == np.uint8
    assert masks.max((2, 3)).min() > 200
    assert not masks[:, :, [0, -1]].any() and not masks[:, :, :, [0, -1]].any()
    flat = masks.reshape(len(masks), 34, -1) / 255.0
    alike = np.array([np.corrcoef(font) - np.eye(34) for font in flat])
    assert alike.max() < 0.97, "no font draws two characters alike"


def test_draw_turns_clockwise_and_moves_right_and_down():
    mask = np.zeros([1, 9, 9], np.uint8)
    mask[0, 4, 6] = 255  # two to the right of the middle
    quarter = np.array([[[0.0, 1.0], [-1.0, 0.0]]])  # takes (0, 2), below the middle, to (2, 0)

    drawn = glyph_masks.draw(mask, np.array([0]), quarter, np.array([[1.0, 0.0]]), 9)[0]

    assert np.argwhere(drawn > 0.5).tolist() == [[6, 5]]


def test_what_lies_outside_of_a_mask_is_empty():
    mask = np.zeros([2, 9, 9], np.uint8)
    mask[1] = 255
    mask[1, [0, -1]] = mask[1, :, [0, -1]] = 0

    drawn = glyph_masks.draw(mask, np.array([0, 1]), np.tile(np.eye(2), [2, 1, 1]), np.full([2, 2], 6.0), 9)

    assert drawn[0].max() == 0 and drawn[1, :4].max() == 0 and drawn[1, -1, -1] == 1


@pytest.mark.parametrize("size", [27, 65])
def test_impossible_size_is_a_usage_error(size):
    with pytest.raises(errors.UsageError, match=f"Glyphs are 28 to 64 pixels wide; got --image_size={size}"):
        data.load("glyphs", image_size=size)
