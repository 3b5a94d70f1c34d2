"""Generated scenes: what is on them is where they say, the same in every run, and quick."""
import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from npfl_kit import data, errors
from npfl_kit.data import glyph_scenes

SIDES = [96, 128, 256]


def scenes(count, side=128, **options):
    return [glyph_scenes.scene(index, side, **options) for index in range(count)]


@pytest.mark.parametrize("side", SIDES)
def test_boxes_masks_and_areas_agree(side):
    for image, objects in scenes(12, side):
        masks = objects.masks()
        assert image.shape == (side, side, 3) and image.dtype == np.uint8
        assert masks.shape == (len(objects), side, side) and masks.dtype == bool
        assert masks.sum(0).max() <= 1                              # a pixel belongs to one object
        for mask, box, area in zip(masks, objects.boxes, objects.area):
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            assert box.tolist() == [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
            assert area == mask.sum() > 0


def test_a_scene_has_one_to_eight_objects_of_all_classes_with_much_variety():
    found = [objects for _, objects in scenes(300)]
    counts = np.bincount([len(objects) for objects in found], minlength=9)
    labels = np.bincount(np.concatenate([objects.labels for objects in found]), minlength=10)

    assert counts[0] == 0 and len(counts) == 9 and counts[1:].min() > 10
    assert labels.shape == (10,) and labels.min() > 0.06 * labels.sum()
    assert not any(objects.crowd.any() for objects in found)


@pytest.mark.parametrize("side", SIDES)
def test_an_object_stands_out_from_the_ground_around_it(side):
    contrasts = []
    for image, objects in scenes(10, side):
        taken = objects.masks().any(0)
        for mask, (top, left, bottom, right) in zip(objects.masks(), objects.boxes.astype(int)):
            window = np.s_[top:bottom, left:right]
            ground = image[window][~taken[window]]
            contrasts.append(abs(image[window][mask[window]].mean() - ground.mean()) / 255)

    assert np.median(contrasts) > 0.25 and np.mean(np.array(contrasts) > 0.12) > 0.95


def test_objects_overlap_a_little_and_no_one_is_mostly_hidden():
    pairs, overlapping = 0, 0
    for _, objects in scenes(150):
        frames = np.concatenate([objects.keypoints[:, :4, :2].min(1), objects.keypoints[:, :4, :2].max(1)], axis=1)
        overlap = glyph_scenes._overlap(frames, frames)[~np.eye(len(objects), dtype=bool)]
        assert overlap.max(initial=0) <= glyph_scenes.MAX_OVERLAP + 1e-5
        pairs, overlapping = pairs + overlap.size, overlapping + int((overlap > 0.02).sum())
        shares = (objects.boxes[:, 2:] - objects.boxes[:, :2]).prod(-1) / (frames[:, 2:] - frames[:, :2]).prod(-1)
        assert shares.min() > 0.4

    assert 0.01 < overlapping / pairs < 0.3


def test_keypoints_frame_the_object():
    for _, objects in scenes(40):
        points = objects.keypoints
        assert points.shape == (len(objects), len(glyph_scenes.KEYPOINTS), 3) and points.dtype == np.float32
        assert (points[..., :2] >= 0).all() and (points[..., :2] <= 128).all()
        np.testing.assert_allclose(points[:, :4, :2].mean(1), points[:, 4, :2], atol=1e-3)      # the middle
        assert (points[:, 0, 0] < points[:, 2, 0]).all() and (points[:, 0, 1] < points[:, 1, 1]).all()
        assert set(points[..., 2].reshape(-1).tolist()) <= {1, 2}
        assert (objects.boxes[:, :2] >= points[:, :4, :2].min(1) - 2).all()
        assert (objects.boxes[:, 2:] <= points[:, :4, :2].max(1) + 2).all()


def test_some_keypoints_are_hidden():
    seen = np.concatenate([objects.keypoints[..., 2].reshape(-1) for _, objects in scenes(60)])

    assert 0.002 < (seen == 1).mean() < 0.1


@pytest.mark.parametrize("side", SIDES)
def test_a_scene_is_a_function_of_its_arguments(side):
    first, second = glyph_scenes.scene(3, side), glyph_scenes.scene(3, side)

    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1].boxes, second[1].boxes)
    for other in (dict(index=4), dict(index=3, stream=1), dict(index=3, seed=43)):
        assert not np.array_equal(first[0], glyph_scenes.scene(**{"side": side, **other})[0])


def test_another_process_draws_the_same_scene():
    code = ("import hashlib; from npfl_kit.data import glyph_scenes; "
            "print(hashlib.sha256(glyph_scenes.scene(5)[0].tobytes()).hexdigest())")

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    assert found == hashlib.sha256(glyph_scenes.scene(5)[0].tobytes()).hexdigest()


def test_the_set_draws_when_it_is_asked_and_keeps_what_it_drew(monkeypatch):
    loaded = data.load("glyph_scenes")
    drawn = []
    scene = glyph_scenes.scene
    monkeypatch.setattr(glyph_scenes, "scene", lambda index, *rest: drawn.append(index) or scene(index, *rest))

    dev = loaded.split("dev")
    assert [len(loaded.split(name)) for name in ("train", "dev", "test")] == [2400, 300, 300] and not drawn
    assert dev.image(7) is dev.image(7) and len(dev.objects(7)) and drawn == [7]


def test_an_object_wholly_hidden_by_others_is_none():
    owners = np.zeros([16, 16], np.uint8)
    owners[2:6, 3:9], owners[8:9, 8:12] = 1, 3
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    shapes = [glyph_scenes.glyph_shapes.Shape(0, 16, np.eye(2), corners)] * 3

    objects = glyph_scenes._objects(owners, [4, 5, 6], shapes, [np.array([5.0, 5])] * 3)

    assert objects.labels.tolist() == [4, 6] and objects.boxes.tolist() == [[2, 3, 6, 9], [8, 8, 9, 12]]
    assert objects.masks().sum((1, 2)).tolist() == objects.area.tolist() == [24, 4]


@pytest.mark.parametrize("size", [95, 257, 1])
def test_an_impossible_size_is_a_usage_error(size):
    with pytest.raises(errors.UsageError, match=f"96 to 256 pixels wide; got --image_size={size}"):
        data.load("glyph_scenes", image_size=size)


def test_a_scene_is_drawn_quickly():
    glyph_scenes.scene(0)
    start = time.process_time()

    scenes(60)

    assert (time.process_time() - start) / 60 < 0.02     # 3.5 ms on an idle core
