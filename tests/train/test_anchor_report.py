"""The anchor report: the shares of a plain loop, and advice that helps when it is followed."""
import re

import numpy as np
import pytest

from npfl_kit.core import anchors
from npfl_kit.train import anchor_report
from npfl_kit.train.anchor_report import Coverage, advice, coverage, lines, report, resized

SIDE = 96


def objects_of(count, low, high, seed=0, side=SIDE, ratio=1.0):
    """Boxes with sides around so many pixels, inside of the picture, float32 [G, 4]."""
    generator = np.random.default_rng(seed)
    sizes = generator.uniform(low, high, [count, 1]) * np.array([ratio ** 0.5, ratio ** -0.5])
    corner = generator.uniform(0, 1, [count, 2]) * (side - sizes)
    return np.concatenate([corner, corner + sizes], axis=1).astype(np.float32)


def oracle(objects, grid, threshold):
    """The share of objects with an anchor, by loops."""
    def iou(box, other):
        height = min(box[2], other[2]) - max(box[0], other[0])
        width = min(box[3], other[3]) - max(box[1], other[1])
        common = max(0.0, height) * max(0.0, width)
        return common / (sum((each[2] - each[0]) * (each[3] - each[1]) for each in (box, other)) - common)
    return np.mean([max(iou(box, anchor) for anchor in grid.tolist()) >= threshold for box in objects.tolist()])


@pytest.mark.parametrize("seed, threshold", [(0, 0.5), (1, 0.6), (2, 0.7)])
def test_coverage_is_that_of_a_plain_loop(seed, threshold, monkeypatch):
    monkeypatch.setattr(anchor_report, "CHUNK", 7)
    grid, objects = anchors.pyramid(48, 48, base=2.0), objects_of(25, 4, 30, seed, side=48)

    found = coverage(objects, grid, threshold)

    assert found.covered == oracle(objects, grid, threshold)
    assert 0 < found.covered < 1
    np.testing.assert_allclose(found.sides ** 2, (objects[:, 2:] - objects[:, :2]).prod(-1), rtol=1e-5)


def test_objects_that_are_anchors_are_covered_and_pictures_without_objects_count_nothing():
    grid = anchors.pyramid(SIDE, SIDE)

    assert coverage(grid[::50], grid).best.min() == pytest.approx(1)
    assert coverage(np.zeros([0, 4], np.float32), grid).covered == 1
    assert report([np.zeros([0, 4], np.float32)] * 3, grid, 4.0) == report([], grid, 4.0) == [
        "Anchors: the pictures have no objects to compare them with."]
    assert report([grid[:2], np.zeros([0, 4]), grid[5:6]], grid, 4.0)[0] == (
        "Anchors: 100.0% of 3 objects have one with IoU 0.5.")


def test_each_size_that_occurs_has_a_line():
    found = Coverage(np.array([7.9, 8, 130, 1000]), np.array([0.9, 0.5, 0.8, 0.7]), threshold=0.5)

    assert [re.sub(" +", " ", line) for line in lines(found)[1:]] == [
        " 0-8 px 1 objects 100.0%", " 8-16 px 1 objects 100.0%", " 128 px and more 2 objects 100.0%"]


@pytest.mark.parametrize("base, size, direction", [(4.0, (9, 14), "Lower"), (4.0, (14, 20), "Lower"),
                                                   (0.25, (9, 14), "Raise"), (1.0, (40, 90), "Raise"),
                                                   (16.0, (9, 90), "Lower")])
def test_the_warning_names_the_flag_and_the_direction_and_following_it_helps(base, size, direction):
    objects = [objects_of(5, *size, seed) for seed in range(20)]
    grid = anchors.pyramid(SIDE, SIDE, base=base)

    warning = report(objects, grid, base)[-1]

    before = coverage(np.concatenate(objects), grid).covered
    told = re.fullmatch(r"Warning: (\d+)% of the objects have no anchor, .* (Raise|Lower) --anchor_base: with (\S+) "
                        r"instead of (\S+), about (\d+)% have none(; raise --image_size, too)?\.", warning)
    assert told, warning
    after = coverage(np.concatenate(objects), anchors.pyramid(SIDE, SIDE, base=float(told[3]))).covered
    assert (told[2], float(told[4])) == (direction, base) and int(told[1]) == round(100 * (1 - before))
    assert after > before + 0.05 and int(told[5]) == pytest.approx(100 * (1 - after), abs=3)
    assert bool(told[6]) == (after < 0.8)


def test_the_warning_comes_above_a_fifth_only():
    grid = anchors.pyramid(SIDE, SIDE, base=2.0)
    fits, tiny = grid[:10], np.array([[10, 10, 11, 11.]], np.float32)

    assert "Warning" not in report([*[fits] * 4, *[tiny] * 10], grid, 2.0)[-1]          # 20 %
    assert "Warning: 22% of the objects" in report([*[fits] * 4, *[tiny] * 11], grid, 2.0)[-1]


def test_where_no_size_of_anchors_helps_larger_pictures_are_recommended():
    needles = [objects_of(20, 16, 16, ratio=1 / 16)]
    grid = anchors.pyramid(SIDE, SIDE, base=2.0)

    assert report(needles, grid, 2.0)[-1].endswith("No --anchor_base is better; raise --image_size.")


@pytest.mark.parametrize("base, levels, sizes, hint", [
    (4.0, (3, 4, 5), [(50, 60), (9, 12)], "few: lower --anchor_base, or raise --image_size"),
    (3.0, (3,), [(24, 31), (70, 80)], "few: raise --anchor_base")])
def test_a_rare_size_without_anchors_does_not_hide_behind_the_others(base, levels, sizes, hint):
    """With the paper's anchors, 93 % of the cells of BCCD are covered, and not one of the small platelets."""
    objects = np.concatenate([objects_of(90, *sizes[0]), objects_of(10, *sizes[1])])
    grid = anchors.pyramid(SIDE, SIDE, levels, base=base)

    text = report([objects], grid, base)

    pointed = [line for line in text if "few:" in line]
    assert len(pointed) == 1 and hint in pointed[0] and "Warning" not in text[-1]


def test_advice_tries_a_sample_of_all_objects():
    """The first objects of a set are often of one kind."""
    large, small = objects_of(5_000, 30, 40), objects_of(20_000, 9, 12)
    grid, every = anchors.pyramid(SIDE, SIDE, base=6.0), np.concatenate([large, small])

    told = re.search(r"Lower --anchor_base: with (\S+) instead", advice(coverage(every[::50], grid), every, grid, 6.0))

    assert float(told[1]) < 2


def test_resized_anchors_are_those_of_the_other_base():
    np.testing.assert_allclose(resized(anchors.pyramid(SIDE, 40, base=4.0), 0.25), anchors.pyramid(SIDE, 40, base=1.0),
                               atol=1e-4)
