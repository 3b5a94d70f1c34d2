"""Areas, overlaps and regression targets: reference numbers, laws, and boxes that are none."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import anchors, boxes

DEGENERATE = np.float32([[3, 3, 3, 3], [2, 5, 2, 9], [5, 2, 9, 2], [9, 9, 1, 1], [0, 0, 0, 0], [4, 0, 1, 9]])
PROPER = np.float32([[0, 0, 10, 10], [2, 5, 3, 9], [-4, -4, 20, 30], [3, 3, 3.5, 3.25], [1, 1, 9, 9], [1, 1, 9, 9]])
NAN = np.float32([np.nan, 0, 1, 1])


def draw(seed, *shape, dtype=np.float32):
    """Proper boxes in a picture of some 100 pixels."""
    generator = np.random.default_rng(seed)
    corner = generator.uniform(-20, 80, [*shape, 2])
    return np.concatenate([corner, corner + generator.uniform(1, 60, [*shape, 2])], axis=-1).astype(dtype)


def tlbr(xyxy):
    return boxes.convert(xyxy, "xyxy", "tlbr")


@pytest.fixture(scope="module")
def golden(shared):
    return {name: np.load(shared / "golden" / f"{name}.npz") for name in ("nms", "box_coder")}


@pytest.mark.parametrize("function, name", [(boxes.pairwise_iou, "iou"), (boxes.pairwise_giou, "giou")])
def test_overlaps_are_torchvisions(run, golden, function, name):
    given = tlbr(golden["nms"]["boxes_xyxy"])

    found = run(function, given[:50], given[50:120])

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, golden["nms"][name], atol=1e-6)


@pytest.mark.parametrize("name, weights", [("w1", (1, 1, 1, 1)), ("w10", (10, 10, 5, 5))])
def test_targets_and_decoded_boxes_are_torchvisions(run, golden, name, weights):
    coder, y_first = golden["box_coder"], [1, 0, 3, 2]
    grid = tlbr(coder["anchors_xyxy"])

    encoded = run(lambda given, grid: boxes.encode(given, grid, weights), tlbr(coder["boxes_xyxy"]), grid)
    decoded = run(lambda deltas, grid: boxes.decode(deltas, grid, weights), coder[f"deltas_{name}"][:, y_first], grid)

    assert encoded.dtype == decoded.dtype == np.float32
    np.testing.assert_allclose(encoded, coder[f"encoded_{name}"][:, y_first], atol=1e-4, rtol=1e-5)
    np.testing.assert_allclose(decoded, tlbr(coder[f"decoded_{name}"]), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_decode_inverts_encode(run, seed):
    given, grid = draw(seed, 2, 7), draw(seed + 10, 7)

    again = run(lambda given, grid: boxes.decode(boxes.encode(given, grid), grid), given, grid)

    np.testing.assert_allclose(again, given, atol=1e-4)


def test_targets_of_the_course_by_hand(run):
    # anchor 10 x 10 around (5, 14); box 3 x 6 around (3.5, 13): -1.5 / 10, -1 / 10, ln 0.3, ln 0.6
    encoded = run(boxes.encode, np.float32([[2, 10, 5, 16]]), np.float32([[0, 9, 10, 19]]))

    np.testing.assert_allclose(encoded, [[-0.15, -0.1, -1.20397, -0.51083]], atol=1e-5)


def test_a_decoded_box_is_at_most_62_anchors_high(run):
    decoded = run(boxes.decode, np.float32([[0, 0, 50, 1e30]]), np.float32([[0, 0, 16, 32]]))

    np.testing.assert_allclose(decoded, [[-492, -984, 508, 1016]], rtol=1e-5)


@pytest.mark.parametrize("function, low", [(boxes.pairwise_iou, 0), (boxes.pairwise_giou, -1)])
@pytest.mark.parametrize("seed", range(3))
def test_overlap_is_symmetric_bounded_one_on_itself_and_unmoved_by_shifts(function, low, seed):
    some, others = draw(seed, 9, dtype=np.float64), draw(seed + 10, 8, dtype=np.float64)

    found = function(some, others)

    np.testing.assert_allclose(found, function(others, some).T, atol=1e-12)
    np.testing.assert_allclose(found, function(some + [3, -7, 3, -7], others + [3, -7, 3, -7]), atol=1e-12)
    np.testing.assert_allclose(np.diag(function(some, some)), 1, atol=1e-12)
    assert low <= found.min() and found.max() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_iou_counts_the_cells_that_both_cover(seed):
    corner = np.random.default_rng(seed).integers(0, 12, [2, 20, 2])
    whole = np.concatenate([corner, corner + np.random.default_rng(seed + 9).integers(1, 9, [2, 20, 2])], axis=-1)

    def cells(box):
        return {(y, x) for y in range(box[0], box[2]) for x in range(box[1], box[3])}
    counted = [len(cells(a) & cells(b)) / len(cells(a) | cells(b)) for a, b in zip(*whole)]
    inside = [len(cells(a) & cells(b)) / len(cells(a)) for a, b in zip(*whole)]

    np.testing.assert_allclose(boxes.iou(*whole), counted)
    np.testing.assert_allclose(np.diag(boxes.pairwise_inside(*whole)), inside)


def test_pairs_have_leading_dimensions_and_broadcast(run):
    some, others = draw(0, 2, 3), draw(1, 5)

    found = run(boxes.pairwise_iou, some, others)

    assert found.shape == (2, 3, 5)
    np.testing.assert_allclose(found[1, 2], [boxes.iou(some[1, 2], other) for other in others], rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_are_equal_to_the_last_bit_in_xla(seed):
    # matching breaks ties by them, and anchors of one shape around a small object are all tied
    some, grid = draw(seed, 40), anchors.pyramid(128, 128)

    compiled = tf.function(boxes.pairwise_iou, jit_compile=True)(some, tf.constant(grid))

    np.testing.assert_array_equal(compiled, boxes.pairwise_iou(some, grid))


@pytest.mark.parametrize("function", [boxes.pairwise_iou, boxes.pairwise_inside])
def test_a_box_without_area_overlaps_nothing_not_even_itself(run, function):
    empty = np.concatenate([DEGENERATE, [NAN]])

    assert not np.any(run(function, empty, np.concatenate([PROPER, empty])))
    assert not np.any(run(boxes.area, empty))


def test_giou_of_empty_boxes_is_finite_and_still_tells_the_distance(run):
    found = run(boxes.giou, DEGENERATE, PROPER)
    by_hand = run(boxes.giou, np.float32([[5, 5, 5, 5], [5, 5, 5, 5], [0, 0, 0, 0]]),
                  np.float32([[0, 0, 10, 10], [0, 0, 5, 4], [0, 0, 0, 0]]))

    assert np.isfinite(found).all() and (-1 <= found).all() and (found <= 0).all()
    np.testing.assert_allclose(by_hand, [0, -0.2, 0], atol=1e-6)        # the hull is 5 x 5, 20 of it are covered


def losses():
    yield "iou", boxes.iou
    yield "giou", boxes.giou
    yield "area", lambda given, others: boxes.area(given) + boxes.area(others)
    yield "inside", lambda given, others: boxes.pairwise_inside(given, others)
    yield "encode", boxes.encode
    yield "decode", lambda given, others: boxes.decode(given, others)
    yield "clip", lambda given, others: boxes.clip(given, 5, 5) + boxes.clip(others, 5, 5)


@pytest.mark.parametrize("given", [DEGENERATE, PROPER, PROPER * 1e3, PROPER * 1e-12, np.zeros([0, 4], np.float32)],
                         ids=["degenerate", "proper", "large", "tiny", "none"])
@pytest.mark.parametrize("others", ["degenerate", "proper", "same"])
@pytest.mark.parametrize("function", [function for _, function in losses()], ids=[name for name, _ in losses()])
def test_values_and_gradients_are_always_finite(function, given, others):
    given = tf.constant(given)
    others = {"degenerate": tf.constant(DEGENERATE), "proper": tf.constant(PROPER), "same": given}[others][:len(given)]

    with tf.GradientTape() as tape:
        tape.watch([given, others])
        value = function(given, others)
    gradients = tape.gradient(value, [given, others], unconnected_gradients="zero")

    for each in (value, *gradients):
        assert each.dtype == tf.float32 and np.isfinite(each).all()


def test_the_gradient_of_giou_follows_small_differences():
    given, others, step = draw(0, 6, dtype=np.float64), draw(1, 6, dtype=np.float64), 1e-5
    given_tensor = tf.constant(given)
    with tf.GradientTape() as tape:
        tape.watch(given_tensor)
        value = boxes.giou(given_tensor, others)

    gradient = tape.gradient(value, given_tensor)

    for side, moved in enumerate(step * np.eye(4)):
        slope = (boxes.giou(given + moved, others) - boxes.giou(given - moved, others)) / (2 * step)
        np.testing.assert_allclose(gradient[:, side], slope, atol=1e-6)


def test_clip_cuts_to_each_picture(run):
    given = np.float32([[[-5, -6, 7, 8], [30, 30, 40, 40]], [[1, 2, 3, 4], [-9, -9, -1, 99]]])

    cut = run(lambda given, size: boxes.clip(given, size[:, :1], size[:, 1:]), given, np.int32([[6, 8], [20, 30]]))

    np.testing.assert_array_equal(cut, [[[0, 0, 6, 8], [6, 8, 6, 8]], [[1, 2, 3, 4], [0, 0, 0, 30]]])
    assert cut.dtype == np.float32


def test_float64_stays_float64(run):
    given = draw(0, 3, dtype=np.float64)

    for function in (boxes.pairwise_iou, boxes.pairwise_giou, boxes.encode, boxes.decode):
        assert run(function, given, given).dtype == np.float64
