"""The one-line language: counts by hand, both dialects, and errors that point at the step."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones, errors

DIGITS = [28, 28, 1]
COUNTS = {      # trainable weights, by hand
    "F": 784 * 10 + 10,
    "F,H-100": 784 * 100 + 100 + 100 * 10 + 10,
    "C-8-3-2-valid,F": 9 * 8 + 8 + 13 * 13 * 8 * 10 + 10,
    "CB-8-3-2-same,F": 9 * 8 + 2 * 8 + 14 * 14 * 8 * 10 + 10,
    "C-4-1-1-same,M-3-2,F": 4 + 4 + 13 * 13 * 4 * 10 + 10,
    "CB-8-5-2-same,R-[CB-8-3-1-same,C-8-3-1-same],M-2-2,F,D-0.5":
        25 * 8 + 16 + 9 * 8 * 8 + 16 + 9 * 8 * 8 + 8 + 7 * 7 * 8 * 10 + 10,
}


def build(text, image_shape=DIGITS):
    return backbones.from_grammar(text, image_shape, 10)


def described(model):
    """Class and configuration of every layer, without names, which Keras and positions give."""
    configs = [(type(layer).__name__, layer.get_config()) for layer in model.layers]
    return [(kind, {key: value for key, value in config.items() if key != "name"}) for kind, config in configs]


@pytest.mark.parametrize("text, count", COUNTS.items())
def test_counts_by_hand(text, count):
    model = build(text)

    assert sum(weight.shape.num_elements() for weight in model.trainable_weights) == count
    assert model.output_shape == (None, 10) and model(np.zeros([1, *DIGITS], np.float32)).dtype == tf.float32


def test_both_dialects_of_d_are_one_language():
    old, new = build("C-4-3-2-same,F,D-100"), build("C-4-3-2-same,F,H-100")

    assert described(old) == described(new)
    assert [layer.name for layer in old.layers] == [layer.name for layer in new.layers]


@pytest.mark.parametrize("text, kind, value", [
    ("D-0.5", tf.keras.layers.Dropout, 0.5), ("D-.25", tf.keras.layers.Dropout, 0.25),
    ("D-0", tf.keras.layers.Dropout, 0),
    ("D-1", tf.keras.layers.Dense, 1), ("D-20", tf.keras.layers.Dense, 20), ("D-20.0", tf.keras.layers.Dense, 20)])
def test_d_below_one_is_dropout_and_from_one_on_a_dense_layer(text, kind, value):
    layer = build(f"F,{text}").layers[2]

    assert type(layer) is kind and (layer.rate if kind is tf.keras.layers.Dropout else layer.units) == value


def test_spaces_between_steps_do_not_count():
    assert described(build(" C-4-3-2-same , R-[ C-4-3-1-same , D-0.5 ] , F ")) == described(
        build("C-4-3-2-same,R-[C-4-3-1-same,D-0.5],F"))


@pytest.mark.parametrize("text", ["F,H-65536,D-0.99", "C-1-1024-1024-same,F", "C-2-1-1-same,M-1-1024,F", "F,D-0.0"])
def test_the_largest_numbers_are_built(text):
    assert build(text).output_shape == (None, 10)


@pytest.mark.slow
def test_a_network_may_be_deeper_than_pythons_stack():
    assert len(build("F" + ",D-0.1" * 999).layers) == 1 + 1000 + 1


def test_a_residual_step_adds_its_input_behind_the_last_relu():
    tf.keras.utils.set_random_seed(42)
    model = build("C-4-3-1-same,R-[C-4-3-1-same],F")
    inside = tf.keras.Model(model.input, [model.get_layer(name).output
                                          for name in ("layer1_relu", "layer2_1_relu", "layer2_add")])

    before, branch, after = inside(np.random.default_rng(42).random([2, *DIGITS], np.float32))

    np.testing.assert_allclose(after, before + branch, rtol=1e-6)


def test_weights_start_as_keras_starts_them():
    model = build("CB-4-3-1-same,F,H-10")

    assert {type(layer.kernel_initializer).__name__ for layer in model.layers if hasattr(layer, "kernel")} == {
        "GlorotUniform"}
    assert model.get_layer("layer1_norm").momentum == 0.99 and model.get_layer("layer1_norm").epsilon == 0.001


def test_one_seed_gives_one_network():
    def weights():
        tf.keras.utils.set_random_seed(42)
        return build("CB-4-3-2-same,F,H-10").get_weights()

    for one, two in zip(weights(), weights()):
        np.testing.assert_array_equal(one, two)


ERRORS = [      # text, the marked part, what is said
    ("", "", "A step is expected here"),
    ("F,,H-10", "", "A step is expected here"),
    ("F,", "", "A step is expected here"),
    ("C-10-3-1-same", "", "F, which flattens .* missing"),
    ("F,F", "F", "exactly once"),
    ("C-10-3,F", "C-10-3", "C-filters-kernel-stride-padding"),
    ("C-10-3-1-full,F", "C-10-3-1-full", "C-filters-kernel-stride-padding"),
    ("CB-0-3-1-same,F", "CB-0-3-1-same", "CB-filters-kernel-stride-padding"),
    ("M-3,F", "M-3", "M-size-stride"),
    ("F,H", "H", "H-units"),
    ("F,H-0", "H-0", "H-units"),
    ("F,H-1.5", "H-1.5", "H-units"),
    ("F,D--1", "D--1", "D-rate"),
    ("F,D-1.5", "D-1.5", "D-rate"),
    ("F-1", "F-1", "F alone"),
    ("F,Q-1", "Q", "No step is called 'Q'; expected one of C, CB, M, R, F, H, D"),
    ("c-10-3-1-same,F", "c", "No step is called 'c'"),
    ("R-C-1-1-1-same,F", "R-C-1-1-1-same", "R-\\[steps\\]"),
    ("R-[],F", "", "A step is expected here"),
    ("R-[R-[C-1-1-1-same]],F", "R-[C-1-1-1-same]", "no R inside"),
    ("R-[F],H-1", "F", "no F inside"),
    ("R-[C-1-1-1-same,F", "R-[C-1-1-1-same,F", "not closed"),
    ("F],H-1", "]", "closes nothing"),
    ("F,C-1-1-1-same", "C-1-1-1-same", "expected H or D behind F"),
    ("H-10,F", "H-10", "expected F somewhere before"),
    ("D-10,F", "D-10", "expected F somewhere before"),
    ("M-30-2,F", "M-30-2", "30 x 30 does not fit .* 28 x 28"),
    ("M-9-9,C-1-5-1-valid,F", "C-1-5-1-valid", "5 x 5 does not fit .* 3 x 3"),
    ("R-[C-16-3-2-same],F", "R-[C-16-3-2-same]", "28 x 28 x 1 .* 14 x 14 x 16"),
    ("C-65537-3-1-same,F", "65537", "filters <= 65,536"),
    ("F,H-1" + "0" * 30, "1" + "0" * 30, "units <= 65,536"),
    ("F,D-" + "9" * 5000, "9" * 5000, "units <= 65,536"),
    ("CB-10-1025-1-same,F", "1025", "kernel <= 1,024"),
    ("CB-10-3-1025-same,F", "1025", "strides <= 1,024"),
    ("C-1-1-1-same,R-[M-" + "9" * 20 + "-1],F", "9" * 20, "size <= 1,024"),
    ("M-2-" + "9" * 20 + ",F", "9" * 20, "strides <= 1,024"),
    ("F,D-0." + "9" * 30, "0." + "9" * 30, "below 1"),
    ("F,H--5", "H--5", "H-units"),
    ("C--5-3-1-same,F", "C--5-3-1-same", "C-filters"),
    ("F,H-1\N{ARABIC-INDIC DIGIT THREE}", "H-1\N{ARABIC-INDIC DIGIT THREE}", "H-units"),
    ("C-65536-3-1-same,C-65536-3-1-same,F", "C-65536-3-1-same", "38,654,705,664 weights"),
    ("F" + ",D-0.1" * 1000, "D-0.1", "at most 1,000 steps; these are 1,001"),
]


@pytest.mark.parametrize("text, marked, said", ERRORS)
def test_an_error_shows_the_text_and_marks_the_step(text, marked, said):
    with pytest.raises(errors.UsageError, match=said) as caught:
        build(text)

    _, shown, mark = str(caught.value).split("\n")
    assert shown == f"    {text}" and mark.strip(" ~") == "^"
    position = mark.index("^")
    assert shown[position:position + len(mark.strip())] == marked or not marked


@pytest.mark.parametrize("text, position", [("F,,H-10", 2), ("F,F", 2), ("C-1-1-1-same", 12), ("F, H-0", 3),
                                            ("R-[C-1-1-1-same,X],F", 16)])
def test_the_caret_stands_under_the_step(text, position):
    with pytest.raises(errors.UsageError) as caught:
        build(text)

    assert str(caught.value).split("\n")[2].index("^") == 4 + position
