"""The RoIAlign layer: the pure function, kept by files and by half precision."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import roi
from npfl_kit.layers.roi_align import RoIAlign

FEATURES = np.random.default_rng(42).normal(size=[2, 6, 9, 3]).astype(np.float32)
BOXES, IMAGES = np.float32([[3, 5, 30, 60], [0, 0, 48, 72], [-9, 2, 20, 9]]), np.int32([1, 0, 1])


@pytest.mark.parametrize("options", [{}, {"samples": None}, {"samples": 3, "aligned": False}, {"xla": True}])
def test_it_is_the_pure_function_in_a_saved_model_too(options, tmp_path):
    inputs = [tf.keras.layers.Input([None, None, 3], 2), tf.keras.layers.Input([4], None),
              tf.keras.layers.Input([], None, dtype=tf.int32)]
    model = tf.keras.Model(inputs, RoIAlign(4, 8, name="crops", **options)(inputs))

    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")

    assert loaded.get_layer("crops").get_config() == model.get_layer("crops").get_config()
    assert model.output_shape == (None, 4, 4, 3)
    expected = roi.roi_align(FEATURES, BOXES, IMAGES, 4, 8, **options)
    np.testing.assert_allclose(loaded([FEATURES, BOXES, IMAGES]), expected, atol=1e-5)


def test_half_precision_keeps_exact_boxes():
    layer = RoIAlign(2, 1, dtype=tf.keras.mixed_precision.Policy("mixed_float16"))
    ramp = np.tile(np.arange(4000, dtype=np.float32) % 8, [1, 4, 1])[..., None]
    boxes = np.float32([[0, 3002, 4, 3006]])

    crops = layer([ramp, boxes, [0]])

    assert crops.dtype == tf.float16
    np.testing.assert_array_equal(crops[0, 0, :, 0], [2.5, 4.5])


@pytest.mark.parametrize("given", [{"output_size": 0}, {"stride": 0}, {"samples": 0}])
def test_sizes_are_positive(given):
    with pytest.raises(ValueError, match="RoIAlign needs"):
        RoIAlign(**{"output_size": 7, "stride": 8, **given})
