"""RoIAlign and its kin: torchvision's numbers and gradients on every route, laws, and regions that are none."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import boxes as box_algebra, roi

SAMPLES = {"2": 2, "adaptive": None}
STRIDE = 8


@pytest.fixture(scope="module")
def golden(shared):
    loaded = dict(np.load(shared / "golden" / "roi.npz"))
    return {**loaded, "boxes": box_algebra.convert(loaded["boxes_xyxy"], "xyxy", "tlbr")}


def crops_and_gradient(function, features, upstream=None):
    with tf.GradientTape() as tape:
        tape.watch(features)
        crops = function(features)
    return crops, tape.gradient(crops, features, upstream)


def draw(seed, batch=2, height=9, width=7, channels=3, regions=5):
    generator = np.random.default_rng(seed)
    corner = generator.uniform(-8, 60, [regions, 2])
    boxes = np.concatenate([corner, corner + generator.uniform(0, 60, [regions, 2])], axis=-1)
    features = generator.normal(size=[batch, height, width, channels])
    return features.astype(np.float32), boxes.astype(np.float32), generator.integers(0, batch, regions)


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("convention", ["aligned", "legacy"])
@pytest.mark.parametrize("size, samples", [(7, "2"), (7, "adaptive"), (14, "2")])
def test_crops_and_gradients_are_torchvisions(golden, size, samples, convention, xla):
    name = f"align_s{size}_r{samples}_{convention}"

    @tf.function(jit_compile=xla, input_signature=[tf.TensorSpec([None] * 4), tf.TensorSpec([None, 4])])
    def align(features, boxes):
        options = SAMPLES[samples], convention == "aligned", xla
        return crops_and_gradient(
            lambda given: roi.roi_align(given, boxes, golden["image_index"], size, STRIDE, *options), features,
            golden.get(f"{name}_upstream"))

    crops, gradient = align(golden["features"], golden["boxes"])

    np.testing.assert_allclose(crops, golden[name], atol=1e-4)
    if f"{name}_grad" in golden:
        np.testing.assert_allclose(gradient, golden[f"{name}_grad"], atol=1e-4)


@pytest.mark.parametrize("xla", [False, True])
def test_eager_crops_and_gradients_are_torchvisions_to_the_last_digits(golden, xla):
    crops, gradient = crops_and_gradient(
        lambda given: roi.roi_align(given, golden["boxes"], golden["image_index"], 7, STRIDE, xla=xla),
        tf.constant(golden["features"]), golden["align_s7_r2_aligned_upstream"])

    np.testing.assert_allclose(crops, golden["align_s7_r2_aligned"], atol=2e-6)
    np.testing.assert_allclose(gradient, golden["align_s7_r2_aligned_grad"], atol=5e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_pooling_is_torchvisions(golden, jit_compile):
    pool = tf.function(lambda features: roi.roi_pool(features, golden["boxes"], golden["image_index"], 7, STRIDE),
                       jit_compile=jit_compile)

    np.testing.assert_array_equal(pool(golden["features"]), golden["pool_s7"])


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("samples", [1, 2, 3, None])
def test_a_ramp_is_read_where_the_bins_are(xla, samples):
    cells = np.arange(20, dtype=np.float32) + 0.5                          # the pixels at the centers of cells
    ramp = np.stack(np.broadcast_arrays(cells[:, None], cells), axis=-1)[None] * STRIDE
    boxes = np.float32([[16, 40, 128, 96], [17, 20, 31, 21]])

    crops = roi.roi_align(ramp, boxes, [0, 0], 4, STRIDE, samples, xla=xla)

    centers = (np.arange(4) + 0.5) / 4
    for crop, (top, left, bottom, right) in zip(crops, boxes):
        np.testing.assert_allclose(crop[:, 0, 0], top + centers * (bottom - top), rtol=1e-5)
        np.testing.assert_allclose(crop[0, :, 1], left + centers * (right - left), rtol=1e-5)


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_the_transposed_map(xla, seed):
    features, boxes, images = draw(seed)
    upstream = np.random.default_rng(seed).normal(size=[5, 3, 3, 3]).astype(np.float32)
    samples = [2, 3, None][seed]

    crops, gradient = crops_and_gradient(
        lambda given: roi.roi_align(given, boxes, images, 3, STRIDE, samples, xla=xla),
        tf.constant(features), upstream)

    np.testing.assert_allclose(np.sum(crops * upstream), np.sum(features * gradient), rtol=1e-4)


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("samples", [2, None])
def test_regions_that_are_none_give_zeros_and_spoil_no_others(xla, samples):
    features, boxes, images = draw(7, regions=8)
    expected = roi.roi_align(features, boxes, images, 3, STRIDE, samples).numpy()
    boxes[1:5] = [[np.nan, 0, 9, 9], [0, 0, np.inf, 9], [900, 900, 950, 950], [-1e9, -1e9, 1e9, 1e9]]
    images[5:7] = -1, 2

    crops, gradient = crops_and_gradient(
        lambda given: roi.roi_align(given, boxes, images, 3, STRIDE, samples, xla=xla), tf.constant(features))

    assert not np.any(crops[1:4]) and not np.any(crops[5:7]) and np.isfinite(gradient).all()
    np.testing.assert_allclose(crops.numpy()[[0, 7]], expected[[0, 7]], atol=1e-6)


@pytest.mark.parametrize("function", [roi.roi_pool, roi.roi_align, lambda *given: roi.roi_align(*given, xla=True)])
def test_no_regions_give_no_crops_and_a_gradient_of_zeros(function):
    features = tf.constant(draw(1)[0])

    crops, gradient = crops_and_gradient(
        lambda given: function(given, np.zeros([0, 4], np.float32), np.zeros([0], np.int32), 3, STRIDE), features)

    assert crops.shape == [0, 3, 3, 3]
    np.testing.assert_array_equal(gradient, np.zeros_like(features))


@pytest.mark.parametrize("samples", [2, None])
def test_half_and_double_precision_stay_themselves(samples):
    features, boxes, images = draw(3)
    crops = {dtype: roi.roi_align(tf.cast(features, dtype), boxes, images, 3, STRIDE, samples)
             for dtype in (tf.float16, tf.float32, tf.float64)}

    for dtype, crop in crops.items():
        assert crop.dtype == dtype
        np.testing.assert_allclose(crop, crops[tf.float64], atol=5e-3 if dtype == tf.float16 else 1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_pooling_takes_the_maximum_of_whole_cells_and_its_gradient_goes_there(seed):
    features, boxes, images = draw(seed, regions=6)
    boxes[4], images[5] = np.nan, -1

    crops, gradient = crops_and_gradient(lambda given: roi.roi_pool(given, boxes, images, 3, STRIDE),
                                         tf.constant(features))

    expected, counts = np.zeros([6, 3, 3, 3], np.float32), np.zeros_like(features)
    for region in range(4):
        top, left, bottom, right = np.floor(boxes[region] / STRIDE + 0.5).astype(int)
        for i, j in np.ndindex(3, 3):
            rows, columns = (slice(max(start + part * size // 3, 0), max(start - (-(part + 1) * size // 3), 0))
                             for start, part, size in ((top, i, bottom - top + 1), (left, j, right - left + 1)))
            patch = features[images[region], rows, columns]
            if patch.size:
                expected[region, i, j] = patch.max(axis=(0, 1))
                counts[images[region], rows, columns] += patch == expected[region, i, j]
    np.testing.assert_array_equal(crops, expected)
    np.testing.assert_array_equal(gradient, counts)


def test_levels_are_those_of_the_paper(run):
    sides = np.float32([0, 1, 55, 56, 111.9, 112, 223.9, 224, 447, 448, 900])
    boxes = np.stack([sides * 0 + 7, sides * 0 + 3, 7 + sides * 2, 3 + sides / 2], axis=-1)[None]

    level = run(roi.level_of, boxes)

    assert level.dtype == np.int32
    assert level.tolist() == [[2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5]]


@pytest.mark.parametrize("xla", [False, True])
def test_a_pyramid_is_each_box_on_its_own_level(xla):
    generator = np.random.default_rng(8)
    maps = [generator.normal(size=[2, 256 >> level, 128 >> level, 3]).astype(np.float32) for level in (2, 3, 4)]
    boxes, images = np.float32([[0, 0, 250, 120], [9, 5, 20, 30], [3, 10, 130, 127], [80, 2, 99, 9]]), [1, 0, 1, 1]
    align = tf.function(lambda *maps: crops_and_gradient(
        lambda first: roi.pyramid_roi_align([first, *maps[1:]], boxes, images, 4, (2, 3, 4), xla=xla), maps[0]),
        jit_compile=xla)

    crops, gradient = align(*maps)

    assert roi.level_of(boxes, (2, 3, 4)).tolist() == [3, 2, 3, 2]
    for crop, box, image, level in zip(crops, boxes, images, [3, 2, 3, 2]):
        alone = roi.roi_align(maps[level - 2], box[None], [image], 4, 2 ** level)
        np.testing.assert_allclose(crop, alone[0], atol=2e-5)
    assert np.any(gradient[0]) and np.any(gradient[1])


def test_the_gradient_is_whole_and_the_same_each_time_when_regions_crowd():
    features, upstream = tf.zeros([1, 8, 8, 16]), tf.ones([400, 2, 2, 16])
    boxes, images = np.tile(np.float32([[10, 10, 40, 40]]), [400, 1]), np.zeros([400], np.int32)

    gradients = [crops_and_gradient(
        lambda given: roi.roi_align(given, boxes, images, 2, STRIDE), features, upstream)[1] for _ in range(3)]

    np.testing.assert_allclose(np.sum(gradients[0]), 400 * 4 * 16, rtol=1e-4)
    np.testing.assert_array_equal(gradients[0], gradients[1])
    np.testing.assert_array_equal(gradients[0], gradients[2])
