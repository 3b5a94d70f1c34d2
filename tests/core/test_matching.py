"""Matching: golden matches, rules of ties against a slow oracle, padding, crowds, and the sampling of regions."""
import time
import tracemalloc

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import anchors, array_library, boxes, matching
from npfl_kit.core.matching import BACKGROUND, IGNORE

QUARTERS = np.float32([[0, 0, 10, 10], [0, 10, 10, 20], [10, 0, 20, 10], [10, 10, 20, 20]])
SETTINGS = {"retinanet": {"foreground_iou": 0.5, "background_iou": 0.4, "force": "best_anchors"},
            "rpn": {"foreground_iou": 0.7, "background_iou": 0.3, "force": "best_anchors"},
            "head": {"foreground_iou": 0.5, "background_iou": 0.5}}


def oracle(iou, foreground, background, force):
    """The rules, one anchor and one object after the other."""
    result, highest = [], [max(row, default=0) for row in iou]
    for anchor in range(iou.shape[1]):
        best = max(range(len(iou)), key=lambda gold: (iou[gold, anchor], -gold), default=None)
        value = -1 if best is None else iou[best, anchor]
        result.append(best if value >= foreground else IGNORE if value >= background else BACKGROUND)
        if force == "best_anchors" and any(row[anchor] == high > 0 for row, high in zip(iou, highest)):
            result[-1] = best
    if force == "one_per_gold" and iou.shape[1]:
        for gold in reversed(range(len(iou))):
            result[list(iou[gold]).index(highest[gold])] = gold
    return result


def random_iou(seed, golds, count):
    """Overlaps of few different values, so that most are tied."""
    return np.random.default_rng(seed).choice(np.float32([0, 0, 0.1, 0.4, 0.45, 0.5, 0.9]), [golds, count])


def draw(seed, count, picture=100, largest=60):
    generator = np.random.default_rng(seed)
    corner = generator.uniform(0, picture - 1, [count, 2])
    return np.concatenate([corner, corner + generator.uniform(1, largest, [count, 2])], axis=-1).astype(np.float32)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_golden_matches_are_torchvisions(run, shared, setting):
    golden = np.load(shared / "golden" / "matcher.npz")

    matched = run(lambda iou: matching.match_iou(iou, **SETTINGS[setting]), golden["iou"])

    assert matched.dtype == np.int32
    np.testing.assert_array_equal(matched, golden[setting])


@pytest.mark.parametrize("force", matching.FORCES)
@pytest.mark.parametrize("seed, golds, count", [(0, 4, 60), (1, 12, 6), (2, 0, 4), (3, 3, 0)])
def test_ties_fall_as_in_the_slow_oracle(run, force, seed, golds, count):
    iou = random_iou(seed, golds, count)

    thresholds = (0.5, 0.4), (0.5, 0.5), (0.7, 0.3), (0.0, 0.0)

    matched = run(lambda iou: tuple(matching.match_iou(iou, None, *pair, force) for pair in thresholds), iou)

    for one, pair in zip(matched, thresholds):
        np.testing.assert_array_equal(one, oracle(iou, *pair, force))


@pytest.mark.parametrize("force", matching.FORCES)
@pytest.mark.parametrize("seed", range(2))
def test_boxes_are_matched_by_their_overlaps(run, force, seed):
    grid, gold = anchors.pyramid(64, 64, levels=(3, 4), base=2.0), draw(seed, 7, picture=64, largest=40)

    matched = run(lambda grid, gold: matching.match(grid, gold, force=force), grid, gold)

    np.testing.assert_array_equal(matched, oracle(boxes.pairwise_iou(gold, grid), 0.5, 0.4, force))
    assert {BACKGROUND, IGNORE} < set(matched)


@pytest.mark.parametrize("gold, threshold, classes", [
    ([[14, 14, 16, 16]], 0.5, [0, 0, 0, 1]), ([[0, 0, 20, 20]], 0.26, [1, 0, 0, 0]), ([[0, 0, 20, 20]], 0.24, [1] * 4),
    ([[3, 3, 20, 18], [10, 1, 18, 21]], 0.5, [0, 0, 0, 1]), ([[3, 3, 20, 18], [10, 1, 18, 21]], 0.3, [0, 0, 2, 1]),
    ([[3, 3, 20, 18], [10, 1, 18, 21]], 0.17, [0, 1, 2, 1])])
def test_the_courses_examples(gold, threshold, classes):
    matched = matching.match(QUARTERS, np.float32(gold), None, threshold, threshold, force="one_per_gold")

    np.testing.assert_array_equal(matched + 1, classes)


def test_of_objects_with_one_favorite_anchor_the_course_serves_the_first_and_torchvision_the_best():
    iou = [[0.2, 0.1], [0.3, 0.0]]

    assert matching.match_iou(iou, force="one_per_gold").tolist() == [0, BACKGROUND]
    assert matching.match_iou(iou, force="best_anchors").tolist() == [1, BACKGROUND]


def test_an_object_that_touches_no_anchor_forces_the_first_in_the_course_and_none_otherwise():
    assert matching.match_iou([[0.0, 0.0]], force="one_per_gold").tolist() == [0, BACKGROUND]
    assert matching.match_iou([[0.0, 0.0]], force="best_anchors").tolist() == [BACKGROUND, BACKGROUND]


@pytest.mark.parametrize("force", matching.FORCES)
def test_a_match_does_not_depend_on_the_order_of_objects_or_anchors(force):
    generator, grid, gold = np.random.default_rng(0), draw(1, 60), draw(2, 5)
    by_anchor, by_gold = generator.permutation(60), generator.permutation(5)

    first = matching.match(grid, gold, force=force)
    second = matching.match(grid[by_anchor], gold[by_gold], force=force)

    if force == "one_per_gold":     # of objects with one favorite, the order decides; here they are all different
        assert len(set(boxes.pairwise_iou(gold, grid).argmax(axis=1))) == 5
    np.testing.assert_array_equal(np.where(second >= 0, by_gold[second], second), first[by_anchor])


@pytest.mark.parametrize("force", matching.FORCES)
@pytest.mark.parametrize("form", ["count", "mask"])
def test_padding_is_never_matched_whatever_it_holds(run, force, form):
    grid = draw(0, 40)
    gold = np.stack([draw(1, 5), draw(2, 5), draw(3, 5)])                               # [B, G, 4]
    count = np.int32([5, 2, 0])
    given = count if form == "count" else np.arange(5) < count[:, np.newaxis]

    matched = run(lambda grid, gold, given: matching.match(grid, gold, given, force=force), grid, gold, given)

    assert matched.shape == (3, 40)
    for one, boxes_of_one, number in zip(matched, gold, count):
        np.testing.assert_array_equal(one, matching.match(grid, boxes_of_one[:number], force=force))


@pytest.mark.parametrize("force", matching.FORCES)
def test_a_box_that_is_none_is_never_matched(run, force):
    bad = np.float32([[5, 5, 5, 5], [0, 9, 9, 9], [9, 9, 1, 1], [0, 0, 0, 0], [np.nan, 0, 9, 9]])[:, np.newaxis]
    gold = np.concatenate([bad, np.tile(draw(1, 2), [5, 1, 1]), bad], axis=1)           # [B, G, 4]
    grid = np.concatenate([QUARTERS, draw(0, 20)])

    def match(grid, gold):
        return matching.match(grid, gold, None, 0.0, 0.0, force), matching.match(grid, gold[:, :1], force=force)

    with_bad, only_bad = run(match, grid, gold)
    without = matching.match(grid, gold[:1, 1:3], None, 0.0, 0.0, force)
    np.testing.assert_array_equal(np.where(with_bad >= 0, with_bad - 1, with_bad), np.tile(without, [5, 1]))
    np.testing.assert_array_equal(only_bad, np.full([5, 24], BACKGROUND))


@pytest.mark.parametrize("force", matching.FORCES)
def test_a_picture_without_objects_is_all_background(run, force):
    matched = run(lambda grid, gold: matching.match(grid, gold, force=force), QUARTERS, np.zeros([0, 4], np.float32))

    np.testing.assert_array_equal(matched, [BACKGROUND] * 4)


@pytest.mark.parametrize("force", matching.FORCES)
def test_an_overlap_that_is_nan_is_none(run, force):
    iou = np.float32([[np.nan, 0.9, 0.1], [0.6, np.nan, np.nan], [np.nan] * 3])

    matched = run(lambda iou: matching.match_iou(iou, force=force), iou)

    np.testing.assert_array_equal(matched, [1, 0, BACKGROUND])


@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_a_threshold_is_reached_by_the_overlap_next_to_it_in_float32(run, threshold):
    exact = np.float32(threshold)
    iou = [[np.nextafter(exact, np.float32(0)), exact]]

    matched = run(lambda iou: matching.match_iou(iou, None, threshold, threshold), iou)

    np.testing.assert_array_equal(matched, [BACKGROUND, 0])


@pytest.mark.parametrize("force", matching.FORCES)
def test_no_anchors_are_no_matches(run, force):
    matched = run(lambda grid, gold: matching.match(grid, gold, force=force), np.zeros([0, 4], np.float32), QUARTERS)

    assert matched.shape == (0,)


@pytest.mark.parametrize("share, half_inside", [(0.5, IGNORE), (0.6, BACKGROUND)])
def test_background_mostly_in_a_crowd_is_ignored_and_objects_stay(run, share, half_inside):
    crowds = np.float32([[0, 0, 0, 0], [-50, -50, 15, 20], [12, 12, 14, 14]])           # the first is padding

    matched = run(lambda grid, gold, crowds: matching.match(grid, gold, ignored=crowds, ignored_share=share),
                  QUARTERS, QUARTERS[:1], crowds)

    np.testing.assert_array_equal(matched, [0, IGNORE, half_inside, half_inside])


def test_no_crowds_change_nothing(run):
    grid, gold, none = draw(0, 30), draw(1, 3), np.zeros([0, 4], np.float32)

    matched = run(lambda grid, gold, none: matching.match(grid, gold, ignored=none), grid, gold, none)

    np.testing.assert_array_equal(matched, matching.match(grid, gold))


def test_mistakes_in_the_setting_are_refused():
    with pytest.raises(errors.UsageError, match="did you mean best_anchors"):
        matching.match(QUARTERS, QUARTERS, force="best_anchor")
    with pytest.raises(ValueError, match="background_iou <= foreground_iou"):
        matching.match(QUARTERS, QUARTERS, foreground_iou=0.3)


@pytest.mark.parametrize("force", ["best_anchors", "one_per_gold"])
def test_500_objects_and_49104_anchors_take_seconds_and_less_than_a_gigabyte(force):
    grid, gold = anchors.pyramid(512, 512), draw(0, 500, picture=450)

    tracemalloc.start()
    start = time.process_time()
    matched = matching.match(grid, gold, force=force)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert matched.shape == (49104,) and seconds < 10 and peak < 2 ** 30


@pytest.mark.parametrize("shape", [[], [4], [2, 3]])
@pytest.mark.parametrize("leading", [[], [2]])
@pytest.mark.parametrize("golds", [0, 3])
def test_gather_brings_what_belongs_to_the_objects(run, shape, leading, golds):
    generator = np.random.default_rng(0)
    values = generator.normal(size=[*leading, golds, *shape]).astype(np.float32)
    matched = generator.integers(-2, golds, size=[*leading, 9]).astype(np.int32)

    found = run(lambda values, matched: matching.gather(values, matched, default=7), values, matched)

    assert found.shape == (*leading, 9, *shape) and found.dtype == np.float32
    for place in np.ndindex(matched.shape):
        right = values[(*place[:-1], matched[place])] if matched[place] >= 0 else np.full(shape, 7)
        np.testing.assert_array_equal(found[place], right)


def test_gather_may_have_a_default_for_each_anchor_and_keeps_integers(run):
    boxes_found = run(lambda values, matched: matching.gather(values, matched, default=QUARTERS),
                      QUARTERS[:1] + 1, np.int32([BACKGROUND, 0, IGNORE, 0]))
    labels = run(lambda values, matched: matching.gather(values, matched, default=-1),
                 np.int32([5, 6]), np.int32([1, BACKGROUND, 0]))

    np.testing.assert_array_equal(boxes_found, [QUARTERS[0], QUARTERS[0] + 1, QUARTERS[2], QUARTERS[0] + 1])
    np.testing.assert_array_equal(labels, [6, -1, 5])
    assert labels.dtype == np.int32


def test_sample_draws_exactly_so_many_of_each_kind(run):
    there = [(50, 200), (3, 200), (0, 200), (50, 10), (50, 0), (0, 0), (2, 1)]          # with an object, and without
    expected = [(8, 24), (3, 29), (0, 32), (8, 10), (8, 0), (0, 0), (2, 1)]
    matched = np.int32([[4] * some + [BACKGROUND] * none + [IGNORE] * (255 - some - none) for some, none in there])
    matched = np.random.default_rng(0).permuted(matched, axis=1)                        # [B, R]

    all_indices, all_drawn = run(lambda matched: matching.sample(matched, 32, 0.25, seed=7), matched)

    assert all_indices.shape == all_drawn.shape == (7, 32)
    assert all_indices.dtype == np.int32 and all_drawn.dtype == bool
    for one, indices, drawn, (some, none) in zip(matched, all_indices, all_drawn, expected):
        assert one[indices[drawn]].tolist() == [4] * some + [BACKGROUND] * none
        assert len(set(indices[drawn])) == drawn.sum() and not np.any(indices[~drawn])


@pytest.mark.parametrize("regions", [0, 3])
def test_sample_from_fewer_regions_than_wanted_has_its_size_all_the_same(run, regions):
    indices, drawn = run(lambda matched: matching.sample(matched, 5, 0.5, seed=7), np.full(regions, BACKGROUND))

    assert indices.shape == (5,) and drawn.tolist() == [place < regions for place in range(5)]


def test_sample_is_a_function_of_the_seed_equal_in_every_way(run):
    matched = np.random.default_rng(0).choice(np.int32([IGNORE, BACKGROUND, 0, 7]), [2, 100])

    first, other = (run(lambda matched, seed: matching.sample(matched, 16, 0.5, seed), matched, np.int32(seed))[0]
                    for seed in ([1, 0], [1, 2]))

    np.testing.assert_array_equal(first, matching.sample(matched, 16, 0.5, seed=1)[0])
    assert np.any(first != other) and np.any(first[0] != first[1])


@pytest.fixture
def all_tied(monkeypatch):
    """Random numbers that are all equal."""
    monkeypatch.setattr(array_library, "uniform",
                        lambda like, seed: array_library.of(like).zeros_like(like, dtype=np.float32))


def test_equal_random_numbers_fall_to_the_first_regions_in_every_way(run, all_tied):
    # 22 bits are left beside the group: among 2,000 regions, two equal numbers are as likely as not
    matched = np.tile(np.int32([BACKGROUND, 0, IGNORE, 3]), 500)

    indices, _ = run(lambda matched: matching.sample(matched, 200, 0.25, seed=7), matched)

    np.testing.assert_array_equal(indices, np.r_[np.flatnonzero(matched >= 0)[:50],
                                                 np.flatnonzero(matched == BACKGROUND)[:150]])


@pytest.mark.parametrize("seed_of", [lambda step: step, lambda step: [42, step]], ids=["one", "two"])
def test_every_region_has_the_same_chance(seed_of):
    matched = np.int32([0] * 8 + [BACKGROUND] * 12)
    hits = np.zeros(20)

    for step in range(400):
        indices, drawn = matching.sample(matched, 8, 0.5, seed_of(step))
        hits[indices[drawn]] += 1

    np.testing.assert_allclose(hits[:8] / 400, 1 / 2, atol=0.1)         # 4 of 8; the standard deviation is 0.025
    np.testing.assert_allclose(hits[8:] / 400, 1 / 3, atol=0.1)         # 4 of 12


@pytest.mark.parametrize("count, share", [(-1, 0.5), (4, 1.1), (4, -0.1)])
def test_an_impossible_sample_is_refused(count, share):
    with pytest.raises(ValueError, match="count >= 0 and a positive_share"):
        matching.sample(np.zeros(3, np.int32), count, share, seed=0)


def test_a_share_that_floats_hold_badly_is_not_rounded_down_twice():
    # 100 * 0.29 is 28.999999999999996
    assert matching.sample(np.zeros(99, np.int32), 100, 0.29, seed=0)[1].sum() == 29
