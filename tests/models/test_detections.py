"""Detections: thresholds, candidates of a level, doubles, padding; and the same eagerly, in a graph and under XLA."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import boxes as box_algebra
from npfl_kit.models.detections import detections

COUNTS, SIDE = [40, 10], 64


def answers(seed, batch=2, classes=3):
    """Scores [B, A, K] and boxes [B, A, 4]."""
    generator = np.random.default_rng(seed)
    corner, size = generator.uniform(-10, 50, [batch, 50, 2]), generator.uniform(5, 30, [batch, 50, 2])
    boxes = np.concatenate([corner, corner + size], axis=-1)
    return generator.random([batch, 50, classes]).astype(np.float32) ** 4, boxes.astype(np.float32)


def oracle(scores, boxes, score_threshold, per_level, iou_threshold, max_boxes):
    """One picture, in loops."""
    candidates, start = [], 0
    for count in COUNTS:
        level = [(-scores[anchor, label], anchor, label) for anchor in range(start, start + count)
                 for label in range(scores.shape[1]) if scores[anchor, label] > score_threshold]
        candidates, start = candidates + sorted(level)[:per_level], start + count
    kept = []
    for minus, anchor, label in sorted(candidates):
        box = box_algebra.clip(boxes[anchor], SIDE, SIDE)
        if all(label != other or box_algebra.iou(box, theirs) <= iou_threshold for _, theirs, other in kept):
            kept.append((-minus, box, label))
    return kept[:max_boxes]


@pytest.mark.parametrize("how", ["eager", "graph", "xla"])
@pytest.mark.parametrize("limits", [(0.05, 1000, 0.5, 100), (0.3, 7, 0.2, 100), (0.05, 1000, 0.9, 5)])
@pytest.mark.parametrize("seed", [0, 1])
def test_detections_are_those_of_the_plain_loops(how, limits, seed):
    scores, boxes = answers(seed)

    def detect(scores, boxes):
        return detections(scores, boxes, COUNTS, SIDE, *limits, xla=how == "xla")
    if how != "eager":
        detect = tf.function(detect, jit_compile=how == "xla")
    found = {name: value.numpy() for name, value in detect(tf.constant(scores), tf.constant(boxes)).items()}

    for row in range(2):
        expected = oracle(scores[row], boxes[row], *limits)
        assert found["count"][row] == len(expected)
        for place, (score, box, label) in enumerate(expected):
            assert found["scores"][row, place] == score and found["labels"][row, place] == label
            np.testing.assert_allclose(found["boxes"][row, place], box, rtol=1e-6)
        for name in ("boxes", "scores", "labels"):
            assert found[name].shape[1] == limits[-1]
            assert not found[name][row, len(expected):].any()


def test_a_picture_in_which_nothing_scores_has_no_detection():
    found = detections(tf.zeros([1, 50, 3]), tf.zeros([1, 50, 4]), COUNTS, SIDE)

    assert found["count"].numpy().tolist() == [0]
    assert not found["boxes"].numpy().any()


def test_boxes_are_cut_at_the_border():
    scores = np.zeros([1, 50, 1], np.float32)
    scores[0, 0] = 0.9

    found = detections(tf.constant(scores), tf.fill([1, 50, 4], 1.0) * [-5.0, -5, 80, 20], COUNTS, SIDE)

    assert found["boxes"][0, 0].numpy().tolist() == [0, 0, 64, 20]
