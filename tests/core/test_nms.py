"""Suppression: torchvision's numbers, one oracle for all routes, ties, padding, and boxes that are none."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.core import boxes as box_algebra, nms

THRESHOLDS = [0.3, 0.5, 0.7]


def draw(seed, count=60):
    """Whole numbers, so that IoUs meet thresholds and scores tie; with boxes of no and of negative size."""
    generator = np.random.default_rng(seed)
    corner, size = generator.integers(0, 12, [2, count, 2])
    boxes = np.concatenate([corner, corner + size - 1], axis=-1).astype(np.float32)
    scores, labels = generator.integers(1, 9, count) / np.float32(8), generator.integers(0, 3, count)
    return boxes, scores.astype(np.float32), labels.astype(np.int32)


def oracle(boxes, scores, labels, threshold, most):
    kept = []
    for candidate in sorted(range(len(scores)), key=lambda index: (-scores[index], index)):
        def doubles(other):
            return labels[other] == labels[candidate] and float(
                box_algebra.iou(boxes[other], boxes[candidate])) > np.float32(threshold)
        if not np.isnan(boxes[candidate]).any() and scores[candidate] > -np.inf and not any(map(doubles, kept)):
            kept.append(candidate)
    return kept[:most]


def batched(xla):
    def keep(boxes, scores, labels, threshold, most):
        def suppress(boxes, scores, labels):
            return nms.nms_batch(boxes[None], scores[None], threshold, most, labels[None], xla=xla)
        specs = [tf.TensorSpec([None] * given.ndim, given.dtype) for given in (boxes, scores, labels)]
        kept, count = tf.function(suppress, jit_compile=xla, input_signature=specs)(boxes, scores, labels)
        assert kept.shape == [1, most] and not np.any(kept[0, count[0]:])
        return kept[0, :count[0]].numpy()
    return keep


ROUTES = {
    "numpy": nms.nms_by_class,
    "tensor": lambda boxes, scores, labels, *rest: nms.nms_by_class(tf.constant(boxes), scores, labels, *rest).numpy(),
    "batch": batched(xla=False),
    "xla": batched(xla=True),
}


@pytest.fixture(params=ROUTES)
def keep(request):
    return ROUTES[request.param]


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_kept_boxes_are_torchvisions(shared, keep, threshold):
    golden = np.load(shared / "golden" / "nms.npz")
    boxes, scores = box_algebra.convert(golden["boxes_xyxy"], "xyxy", "tlbr"), golden["scores"]

    alike = keep(boxes, scores, np.zeros(600, np.int32), threshold, 600)
    by_class = keep(boxes, scores, golden["classes"], threshold, 600)

    np.testing.assert_array_equal(alike, golden[f"keep_{threshold}"])
    np.testing.assert_array_equal(by_class, golden[f"keep_classwise_{threshold}"])


@pytest.mark.parametrize("seed", range(8))
def test_all_routes_are_the_oracle_on_ties_and_whole_numbers(keep, seed):
    boxes, scores, labels = draw(seed)
    threshold = [0.25, 1 / 3, 0.5, 0.6][seed % 4]

    kept = keep(boxes, scores, labels, threshold, 200)

    assert kept.dtype == np.int32
    np.testing.assert_array_equal(kept, oracle(boxes, scores, labels, threshold, 200))
    np.testing.assert_array_equal(keep(boxes, scores, labels, threshold, 7), kept[:7])


@pytest.mark.parametrize("place, value", [("boxes", np.nan), ("scores", np.nan), ("scores", -np.inf)])
def test_what_is_no_box_is_neither_kept_nor_suppresses(keep, place, value):
    boxes, scores, labels = draw(99, 20)
    scores[4] = 10
    spoiled = {"boxes": boxes.copy(), "scores": scores.copy()}
    spoiled[place][4] = value

    kept = keep(spoiled["boxes"], spoiled["scores"], labels, 0.5, 20)

    rest = np.delete(np.arange(20), 4)
    np.testing.assert_array_equal(kept, rest[oracle(boxes[rest], scores[rest], labels[rest], 0.5, 20)])


def test_empty_infinite_and_turned_boxes_are_survived(keep):
    inf = np.inf
    boxes = np.float32([[1, 1, 1, 1], [1, 1, 1, 1], [5, 5, 1, 1], [5, 5, 1, 1], [-inf, 0, inf, 9], [0, 0, inf, inf],
                        [0, 0, 5, 5]])

    kept = keep(boxes, np.float32([7, 6, 5, 4, 3, 2, 1]), np.zeros(7, np.int32), 0.5, 9)

    np.testing.assert_array_equal(kept, range(7))


def test_no_boxes_and_boxes_of_negative_classes(keep):
    none = keep(np.zeros([0, 4], np.float32), np.zeros([0], np.float32), np.zeros([0], np.int32), 0.5, 3)
    background = keep(np.float32([[0, 0, 1, 1]]), np.ones([1], np.float32), np.int32([-1]), 0.5, 3)

    assert len(none) == len(background) == 0


@pytest.mark.parametrize("xla", [False, True])
def test_pictures_of_a_batch_do_not_see_each_other(xla):
    drawn = [draw(seed) for seed in (1, 2, 3)]
    suppress = tf.function(lambda *each: nms.nms_batch(*each[:2], 0.5, 50, each[2], xla=xla), jit_compile=xla)

    kept, count = suppress(*map(np.stack, zip(*drawn)))

    for one, row, number in zip(drawn, kept, count):
        np.testing.assert_array_equal(row[:number], nms.nms_by_class(*one, 0.5, 50))


@pytest.mark.parametrize("seed", range(3))
def test_candidates_are_the_best_of_each_level(run, seed):
    scores = np.random.default_rng(seed).integers(0, 9, [2, 9, 3]).astype(np.float32) / 8    # ties
    counts, most = [6, 2, 1], 5

    best, anchors, labels = run(lambda given: nms.top_per_level(given, counts, most, threshold=0.3), scores)

    assert best.shape == (2, 5 + 5 + 3) and anchors.dtype == labels.dtype == np.int32
    for picture in range(2):
        expected = []
        for first, count in ((0, 6), (6, 2), (8, 1)):
            pairs = sorted((-scores[picture, a, k], a, k) for a in range(first, first + count) for k in range(3))
            expected += [pair if pair[0] < -0.3 else (np.inf,) for pair in pairs[:most]]
        found = [(-score, a, k) if score > 0 else (-score,)
                 for score, a, k in zip(best[picture], anchors[picture], labels[picture])]
        assert found == expected


def decayed(boxes, scores, most, factor):
    left, kept, lowered = dict(enumerate(scores.astype(np.float64))), [], []
    while left and len(kept) < most and max(left.values()) > 0.001:
        best = max(left, key=lambda index: (left[index], -index))
        kept.append(best)
        lowered.append(left.pop(best))
        left = {index: score * factor(float(box_algebra.iou(boxes[best], boxes[index])))
                for index, score in left.items()}
    return kept, lowered


@pytest.mark.parametrize("method, factor", [("linear", lambda iou: 1 - iou if iou > 0.3 else 1),
                                            ("gaussian", lambda iou: np.exp(-iou ** 2 / 0.5))])
def test_soft_suppression_is_its_definition(run, method, factor):
    generator = np.random.default_rng(5)
    corner = generator.uniform(0, 9, [2, 30, 2])
    boxes = np.concatenate([corner, corner + generator.uniform(0, 9, [2, 30, 2])], axis=-1).astype(np.float32)
    scores = generator.uniform(size=[2, 30]).astype(np.float32)
    scores[0, 3], boxes[0, 5] = -np.inf, np.nan

    kept, lowered, count = run(lambda b, s: nms.soft_nms(b, s, 0.3, 40, method), boxes, scores)

    assert kept.shape == lowered.shape == (2, 40) and kept.dtype == count.dtype == np.int32
    scores[0, 5] = -np.inf
    for picture in range(2):
        places, values = decayed(boxes[picture], np.maximum(scores[picture], 0), 40, factor)
        assert count[picture] == len(places) and not np.any(lowered[picture, len(places):])
        np.testing.assert_array_equal(kept[picture, :len(places)], places)
        np.testing.assert_allclose(lowered[picture, :len(places)], values, atol=1e-6)


def test_soft_suppression_of_nothing_and_an_unknown_method(run):
    kept, lowered, count = run(lambda b, s: nms.soft_nms(b, s, 0.5, 3), np.zeros([0, 4], np.float32),
                               np.zeros([0], np.float32))

    assert count == 0 and kept.tolist() == lowered.tolist() == [0, 0, 0]
    with pytest.raises(errors.UsageError, match="linear"):
        nms.soft_nms([[0., 0, 1, 1]], [1.0], 0.5, 1, method="lineal")
