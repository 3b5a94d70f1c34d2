"""Word masking: words are hidden at random while a network learns, so that it learns what to do with unknown ones."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf

PAD, UNKNOWN = 0, 1


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class WordMasking(tf.keras.__internal__.layers.BaseRandomLayer):
    """Replace words by the unknown word at random; only in training.

    Every word of the training data is known, so without masking the embedding of the unknown word is never trained,
    and a network leans on the words alone. In English web text a tenth of the words of new sentences is unknown.

    Args:
      rate: float in `[0, 1)`, how often a word is hidden.
      seed: optional int, fixes the draws of this layer.
    Call arguments:
      inputs: int `[...]`, numbers of words; 0 is padding and stays.
      training: bool.
    Returns: int `[...]`, in which hidden words are 1.
    Raises: ValueError for a rate outside `[0, 1)`.
    Source: Iyyer et al. 2015, Deep Unordered Composition, Sec. 2.2, word dropout, which leaves the words out instead.
    """

    def __init__(self, rate: float, seed: Optional[int] = None, **kwargs: Any) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"WordMasking needs 0 <= rate < 1, got {rate}.")
        super().__init__(seed=seed, rng_type="stateful", **kwargs)
        self.rate, self.seed = float(rate), seed

    def call(self, inputs: tf.Tensor, training: Optional[bool] = None) -> tf.Tensor:
        if training is None:
            training = tf.keras.backend.learning_phase()
        return tf.keras.backend.in_train_phase(lambda: self._masked(inputs), lambda: tf.identity(inputs), training)

    def _masked(self, inputs: tf.Tensor) -> tf.Tensor:
        drawn = self._random_generator.random_uniform(tf.shape(inputs), dtype=tf.float32)
        return tf.where((drawn < self.rate) & (inputs != PAD), tf.cast(UNKNOWN, inputs.dtype), inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
