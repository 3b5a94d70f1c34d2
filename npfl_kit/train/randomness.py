"""Random layers whose draws are a function of the seed and the epoch, so that a resumed run equals an unbroken one."""
from __future__ import annotations

import tensorflow as tf


def set_generators(model: tf.keras.Model, seed: int, epoch: int) -> None:
    """Set the generator of each random layer (dropout and the like) from the seed, the epoch and its position."""
    generators = (layer._random_generator for layer in model._flatten_layers() if hasattr(layer, "_random_generator"))
    for position, random_generator in enumerate(generators):
        random_generator._maybe_init()
        if random_generator._generator is not None:
            state = tf.random.create_rng_state([seed, epoch * 100_003 + position], alg="philox")
            random_generator._generator.state.assign(tf.reshape(state, random_generator._generator.state.shape))


class SetGenerators(tf.keras.callbacks.Callback):
    """Call `set_generators` before each epoch."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        set_generators(self.model, self.seed, epoch)
