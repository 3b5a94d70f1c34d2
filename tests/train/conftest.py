"""A training small enough to be done many times: a few random pictures, a network with dropout."""
import numpy as np
import pytest
import tensorflow as tf

import npfl_kit
from npfl_kit.data.batches import TrainBatches, in_order
from npfl_kit.train.lab_parser import LabParser

LAYERS = tf.keras.layers


def build_model(args, classes):
    return tf.keras.Sequential([
        LAYERS.Input([4, 4, 1]), LAYERS.Flatten(), LAYERS.Dense(6, activation="relu"), LAYERS.BatchNormalization(),
        LAYERS.Dropout(0.5), LAYERS.Dense(classes, name="logits")])


@pytest.fixture
def parser():
    parser = LabParser("Some lab.", lab="some_lab", dataset="glyphs", batch_size=8, epochs=4)
    parser.add_argument("--learning_rate", default=0.01, type=float)
    return parser


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, [30, 4, 4, 1], np.uint8), rng.integers(0, 3, [30], np.int32)


@pytest.fixture
def train_lab(parser, pictures):
    """Run the small lab with the given flags; returns its Run and the trained model."""
    images, labels = pictures

    def main(*flags):
        run = npfl_kit.startup(parser.parse_args(list(flags)))
        model = run.build(build_model, classes=3)
        model.compile(tf.keras.optimizers.Adam(run.args.learning_rate),
                      tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        run.fit(model, TrainBatches(images, labels, run.args.batch_size, run.args.seed, None),
                in_order(images, labels, run.args.batch_size))
        return run, model

    return main


@pytest.fixture(autouse=True)
def usual_tensorflow():
    """Leave no lab's precision or eager mode to the next test."""
    yield
    tf.keras.mixed_precision.set_global_policy("float32")
    tf.config.run_functions_eagerly(False)
