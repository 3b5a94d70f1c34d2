"""The pyramid: the size of every level, what flows from above, and where P6 comes from."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.core import anchors
from npfl_kit.models.feature_pyramid import feature_pyramid

CHANNELS = {"C2": 2, "C3": 3, "C4": 4, "C5": 5}


def pyramid_of(height, width, known=True, channels=6, **options):
    """A model from the stages of a picture of that size, or of any, to its pyramid."""
    stages = {name: tf.keras.layers.Input([*(cells(height, width, int(name[1])) if known else (None, None)), depth],
                                          name=name) for name, depth in CHANNELS.items()}
    return tf.keras.Model(stages, feature_pyramid(stages, channels, **options))


def cells(height, width, level):
    return -(-height // 2 ** level), -(-width // 2 ** level)


def stages_of(height, width, seed=0, batch=2):
    generator = np.random.default_rng(seed)
    return {name: tf.constant(generator.normal(size=[batch, *cells(height, width, int(name[1])), depth]), tf.float32)
            for name, depth in CHANNELS.items()}


@pytest.fixture(scope="module")
def of_any_size():
    return pyramid_of(None, None, known=False)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [(256, 128), (257, 100), (1, 33)])
def test_each_level_has_the_cells_that_anchors_are_laid_on(size, known, of_any_size):
    model = pyramid_of(*size) if known else of_any_size

    maps = model(stages_of(*size))

    assert list(maps) == ["P3", "P4", "P5", "P6", "P7"]
    for level, x in maps.items():
        assert x.shape == (2, *cells(*size, int(level[1])), 6)
        assert not known or model.output[level].shape[1:] == x.shape[1:]
    assert [x.shape[1] * x.shape[2] for x in maps.values()] == anchors.counts(*size, per_cell=1)


def test_unknown_sizes_give_the_values_of_known_ones(of_any_size):
    known = pyramid_of(100, 57)
    for layer in known.layers:
        if layer.weights:
            layer.set_weights(of_any_size.get_layer(layer.name).get_weights())

    for level, x in of_any_size(stages_of(100, 57)).items():
        np.testing.assert_allclose(x, known(stages_of(100, 57))[level], rtol=1e-5, atol=1e-6)


def identity(model):
    """Convolutions that hand their first input channel on, in every output channel, from the middle of the kernel."""
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.Conv2D):
            kernel = np.zeros(layer.kernel.shape, np.float32)
            kernel[kernel.shape[0] // 2, kernel.shape[1] // 2, 0] = 1
            layer.set_weights([kernel, np.zeros(layer.bias.shape)])
    return model


def test_a_level_is_its_own_map_plus_the_nearest_cells_of_all_levels_above():
    model, stages = identity(pyramid_of(88, 36)), stages_of(88, 36)

    maps = model(stages)

    c3, c4, c5 = (stages[name].numpy()[..., 0] for name in ("C3", "C4", "C5"))
    rows, columns = np.meshgrid(np.arange(11), np.arange(5), indexing="ij")
    above = c4[:, rows // 2, columns // 2] + c5[:, rows // 4, columns // 4]
    np.testing.assert_allclose(maps["P5"][..., 0], c5, rtol=1e-5)
    np.testing.assert_allclose(maps["P3"][..., 0], c3 + above, rtol=1e-4, atol=1e-5)


def test_p6_and_p7_see_every_second_cell_beginning_with_the_first_and_p7_what_is_positive():
    model, stages = identity(pyramid_of(352, 160)), stages_of(352, 160)

    maps = model(stages)

    c5 = stages["C5"].numpy()[..., 0]
    np.testing.assert_allclose(maps["P6"][..., 0], c5[:, ::2, ::2], rtol=1e-5)
    np.testing.assert_allclose(maps["P7"][..., 0], np.maximum(0, c5[:, ::4, ::4]), rtol=1e-5)


def test_p6_comes_from_where_it_is_told():
    stages = stages_of(64, 64)
    deeper = {**stages, "C4": stages["C4"] + 1}     # is seen in P4 and P3, never in P5
    for source in ("C5", "P5"):
        model = pyramid_of(64, 64, p6_from=source)
        kernel = model.get_layer("fpn_output6").kernel
        before = model(stages)
        model.get_layer("fpn_output5").bias.assign_add(np.ones(6))      # changes P5, and not C5
        after = model(stages)

        assert kernel.shape[2] == {"C5": CHANNELS["C5"], "P5": 6}[source]
        assert np.array_equal(before["P6"], after["P6"]) == (source == "C5")
        assert not np.array_equal(before["P5"], after["P5"])
        np.testing.assert_array_equal(model(deeper)["P5"], after["P5"])
    assert list(pyramid_of(64, 64, p6_from="none", lowest=2).output) == ["P2", "P3", "P4", "P5"]


def test_the_pyramid_is_saved_and_loaded(tmp_path, of_any_size):
    model = of_any_size
    model.save(tmp_path / "pyramid.keras")

    loaded = tf.keras.models.load_model(tmp_path / "pyramid.keras")

    for level, x in loaded(stages_of(100, 57)).items():
        np.testing.assert_allclose(x, model(stages_of(100, 57))[level], rtol=1e-5, atol=1e-6)


def test_another_source_of_p6_is_a_sentence():
    with pytest.raises(errors.UsageError, match="no source of P6 'C4'.*Known: C5, P5, none"):
        pyramid_of(64, 64, p6_from="C4")
