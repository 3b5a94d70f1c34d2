"""Stages of a backbone: their strides and shapes, the scale of the picture, and what is frozen."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import backbones, errors
from npfl_kit.backbones import feature_stages

LEVELS = (2, 3, 4, 5)


def sizes(height, width):
    """What each of C2 to C5 has to measure."""
    return {f"C{level}": (-(-height // 2 ** level), -(-width // 2 ** level)) for level in LEVELS}


@pytest.mark.parametrize("name, channels, shape", [
    ("tiny", (32, 64, 96, 128), (65, 34)), ("tiny", (32, 64, 96, 128), (1, 31)),
    ("resnet18", (64, 128, 256, 512), (65, 34)), ("mobilenetv2-0.35", (48, 96, 192, 1280), (65, 31))])
def test_level_l_has_stride_2_to_the_l_for_any_size(undrawn, name, channels, shape):
    model = backbones.stages(name, [*shape, 3])

    assert {level: x.shape[1:3] for level, x in model.output.items()} == sizes(*shape)
    assert tuple(model.output[f"C{level}"].shape[-1] for level in LEVELS) == channels
    assert model.name == name and model.input.shape == (None, *shape, 3)


@pytest.mark.parametrize("name, shapes", [("tiny", [(33, 70), (64, 32)]), ("resnet18", [(33, 70), (64, 32)]),
                                          ("mobilenetv2-0.35", [(64, 32), (96, 160)])])
def test_sides_may_be_unknown_until_pictures_come(name, shapes):
    model = backbones.stages(name, [None, None, 3])

    for shape in shapes:
        assert {level: x.shape[1:3] for level, x in model(tf.zeros([1, *shape, 3])).items()} == sizes(*shape)


def test_the_levels_of_the_networks_of_keras_are_complete_and_their_weights_in_the_published_order(monkeypatch):
    """A file of Keras goes by the order of the layers alone; many arrays have equal shapes, so none would notice."""
    networks = []
    for name in ("EfficientNetV2B0", "ResNet50"):
        monkeypatch.setattr(tf.keras.applications, name, kept(getattr(tf.keras.applications, name), networks))
    monkeypatch.setattr(tf.keras.initializers.VarianceScaling, "__call__",
                        lambda self, shape, dtype=None, **kwargs: tf.zeros(shape, dtype or tf.float32))

    for name, trainable in [("efficientnetv2b0", 5_858_704), ("resnet50-imagenet", 23_534_592)]:
        model = backbones.stages(name, [65, 33, 3])

        assert {level: x.shape[1:3] for level, x in model.output.items()} == sizes(65, 33)
        assert [weight.name for weight in model.weights] == [weight.name for weight in networks[-1].weights]
        assert sum(weight.shape.num_elements() for weight in model.trainable_weights) == trainable


def kept(build, networks):
    def builder(**options):
        networks.append(build(**options))
        return networks[-1]
    return builder


@pytest.mark.parametrize("family, preprocess", [
    ("mobilenetv2", tf.keras.applications.mobilenet_v2.preprocess_input),
    ("resnet50", tf.keras.applications.resnet.preprocess_input)])
def test_pictures_are_scaled_as_keras_trained_the_family(family, preprocess):
    pixels = np.random.default_rng(0).integers(0, 256, [2, 4, 5, 3]).astype(np.float32)

    scaled = feature_stages.scaled(family, tf.constant(pixels / 255))

    np.testing.assert_allclose(scaled, preprocess(pixels.copy()), rtol=1e-5, atol=1e-4)


def test_efficientnet_gets_what_its_own_preprocessing_layers_would_give():
    """Keras's `efficientnet_v2.preprocess_input` changes nothing: the network begins with these two layers."""
    pixels = np.random.default_rng(0).integers(0, 256, [2, 4, 5, 3]).astype(np.float32)
    mean, variance = [0.485, 0.456, 0.406], [0.229 ** 2, 0.224 ** 2, 0.225 ** 2]
    keras = tf.keras.layers.Normalization(mean=mean, variance=variance)(tf.keras.layers.Rescaling(1 / 255)(pixels))

    scaled = feature_stages.scaled("efficientnetv2b0", tf.constant(pixels / 255))

    np.testing.assert_allclose(scaled, keras, rtol=1e-5, atol=1e-5)


def trained_step(model):
    """One step at a rate that no weight survives unchanged."""
    optimizer = tf.keras.optimizers.SGD(1.0)
    with tf.GradientTape() as tape:
        maps = model(tf.random.stateless_uniform([2, 64, 64, 3], [0, 1]), training=True)
        loss = tf.add_n([tf.reduce_mean(tf.square(x)) + tf.reduce_mean(x) for x in maps.values()])
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))


def statistics(model):
    return {weight.name: weight.numpy() for layer in model.layers
            if isinstance(layer, tf.keras.layers.BatchNormalization) for weight in layer.weights}


def test_frozen_batch_normalization_stays_as_it_came_after_training_saving_and_loading(tmp_path):
    model = backbones.stages("tiny", [64, 64, 3], norm="frozen")
    before, kernel = statistics(model), model.get_layer("stage1_1_conv").kernel.numpy()
    model.save(tmp_path / "stages.keras")
    image = tf.random.stateless_uniform([2, 64, 64, 3], [2, 3])

    for network in (model, tf.keras.models.load_model(tmp_path / "stages.keras")):
        trained_step(network)

        assert len(before) == 4 * 9 and not np.array_equal(kernel, network.get_layer("stage1_1_conv").kernel)
        for name, value in statistics(network).items():
            np.testing.assert_array_equal(value, before[name], err_msg=name)
        for level, x in network(image, training=True).items():
            np.testing.assert_array_equal(x, network(image, training=False)[level])


def test_batch_normalization_that_is_not_frozen_learns():
    model = backbones.stages("tiny", [64, 64, 3], norm="batch")
    before = statistics(model)

    trained_step(model)

    for name, value in statistics(model).items():
        assert not np.array_equal(value, before[name]), name


def test_group_normalization_looks_at_each_picture_alone():
    model = backbones.stages("tiny", [32, 32, 3], norm="group")
    images = tf.random.stateless_uniform([2, 32, 32, 3], [0, 1])

    assert not statistics(model)
    for level, x in model(images, training=True).items():
        np.testing.assert_allclose(x[:1], model(images[:1], training=True)[level], rtol=1e-4, atol=1e-5)


def test_mistakes_are_sentences():
    with pytest.raises(errors.UsageError, match="no backbone 'resnet51'; did you mean resnet50"):
        backbones.stages("resnet51", [64, 64, 3])
    with pytest.raises(errors.UsageError, match="no normalization 'froze'; did you mean frozen"):
        backbones.stages("tiny", [64, 64, 3], norm="froze")
    with pytest.raises(errors.UsageError, match="mobilenetv2-1.0 comes with batch.*--norm=frozen"):
        backbones.stages("mobilenetv2-1.0", [64, 64, 3], norm="group")


@pytest.mark.parametrize("name", feature_stages.NAMES)
def test_every_name_says_what_it_is_built_from(name, monkeypatch):
    """No network is built for this: what would build it is asked how it was called."""
    calls = []
    monkeypatch.setattr(feature_stages, "of_keras", lambda *how: calls.append(("keras", *how[:2])) or maps(how[2]))
    monkeypatch.setattr(feature_stages, "tiny", lambda image, parts: calls.append("tiny") or maps(image))
    monkeypatch.setattr(feature_stages.resnet, "features",
                        lambda image, depth, parts: calls.append(("kit", depth)) or maps(image))

    assert backbones.stages(name, [8, 8, 3]).name == name

    family, _, variant = name.partition("-")
    is_kit = family.startswith("resnet") and not variant
    assert calls == [("kit", name[len("resnet"):]) if is_kit else "tiny" if name == "tiny"
                     else ("keras", family, variant)]
    assert not is_kit or calls[0][1] in feature_stages.resnet.DEPTHS
    assert is_kit or name == "tiny" or family in feature_stages.LAYERS


def maps(image):
    return {f"C{level}": image for level in LEVELS}
