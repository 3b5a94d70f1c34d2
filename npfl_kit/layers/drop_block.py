"""DropBlock: dropout for convolutional features, which drops whole squares."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf


def drop_block(features: tf.Tensor, noise: tf.Tensor, rate: float, block_size: int) -> tf.Tensor:
    """Zero random squares of every feature map, and scale the rest up so that the average stays.

    Neighbors in a feature map say nearly the same, so single zeros hide nothing; a square of 7 x 7 does. A square is
    placed only where it fits, hence corners are dropped less than the center: of a 14 x 14 map with squares of 7 and
    rate 0.1, the dropped part is 9.3 % (squares overlap), 26 % at the center and 0.7 % in a corner.

    Args:
      features: float `[B, H, W, C]`; H and W may be unknown until the graph runs.
      noise: float32 `[B, H, W, C]`, uniform in `[0, 1)`; the only source of chance.
      rate: float in `[0, 1]`, the part of the units that would be dropped if squares never overlapped.
      block_size: int >= 1, side of a square; it shrinks to the map where the map is smaller.
    Returns: float `[B, H, W, C]`; all zeros for an example whose every unit was dropped.
    Source: Ghiasi et al. 2018, DropBlock, Algorithm 1 and Eq. 1, with a mask per channel as the paper prefers. The
      paper scales by count / kept for "a layer"; here one example is one layer, so that neighbors in a batch do not
      change each other (their TPU code takes the whole batch).

    >>> noise = tf.constant([0., 1, 1, 1])[tf.newaxis, tf.newaxis, :, tf.newaxis]      # [1, 1, 4, 1]
    >>> drop_block(tf.ones([1, 1, 4, 1]), noise, 0.1, block_size=2)[0, 0, :, 0].numpy().tolist()
    [0.0, 0.0, 2.0, 2.0]
    """
    height, width = tf.shape(features)[1], tf.shape(features)[2]
    block_height, block_width = tf.minimum(block_size, height), tf.minimum(block_size, width)
    rows, columns = height - block_height + 1, width - block_width + 1                 # places of a square
    units, area, places = (tf.cast(a * b, tf.float32) for a, b in
                           ((height, width), (block_height, block_width), (rows, columns)))
    gamma = rate / area * units / places
    seeds = tf.cast(noise[:, :rows, :columns] < gamma, tf.float32)                     # [B, rows, columns, C], corners
    margin = [block_size - 1] * 2
    padded = tf.pad(seeds, [[0, 0], margin, margin, [0, 0]])
    dropped = tf.nn.max_pool2d(padded, block_size, strides=1, padding="VALID")[:, :height, :width]  # [B, H, W, C]
    kept = 1.0 - dropped
    kept_part = tf.reduce_mean(kept, axis=[1, 2, 3], keepdims=True)                    # [B, 1, 1, 1]
    scaled = tf.math.divide_no_nan(kept, kept_part)
    return features * tf.cast(tf.ensure_shape(scaled, features.shape), features.dtype)


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class DropBlock(tf.keras.__internal__.layers.BaseRandomLayer):
    """Zero random squares of the feature maps in training, and do nothing otherwise.

    Args:
      rate: float in `[0, 1)`, the dropped part; the paper ends at 0.1.
      block_size: int >= 1, side of a square in units of the map; the paper uses 7.
      seed: optional int, fixes the draws of this layer.
    Call arguments:
      features: float `[B, H, W, C]`.
      training: bool.
    Returns: float `[B, H, W, C]`, see `drop_block`.
    Raises: ValueError for a rate or size out of range.
    Source: Ghiasi et al. 2018, DropBlock, Algorithm 1.
    """

    def __init__(self, rate: float, block_size: int = 7, seed: Optional[int] = None, **kwargs: Any) -> None:
        if not 0 <= rate < 1 or block_size < 1:
            raise ValueError(f"DropBlock needs 0 <= rate < 1 and block_size >= 1, got {rate=}, {block_size=}.")
        super().__init__(seed=seed, rng_type="stateful", **kwargs)
        self.rate, self.block_size, self.seed = rate, block_size, seed

    def call(self, features: tf.Tensor, training: Optional[bool] = None) -> tf.Tensor:
        if self.rate == 0:
            return features
        if training is None:
            training = tf.keras.backend.learning_phase()
        return tf.keras.backend.in_train_phase(lambda: self._drop(features), lambda: tf.identity(features), training)

    def _drop(self, features: tf.Tensor) -> tf.Tensor:
        noise = self._random_generator.random_uniform(tf.shape(features), dtype=tf.float32)
        return drop_block(features, noise, self.rate, self.block_size)

    def get_config(self) -> dict[str, Any]:
        own = {"rate": self.rate, "block_size": self.block_size, "seed": self.seed}
        return {**super().get_config(), **own}
