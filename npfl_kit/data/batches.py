"""Pictures in memory to `tf.data` batches: in order for evaluation, shuffled and resumable for training."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from npfl_kit.data import epochs
from npfl_kit.data.pictures import Images

Augment = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def examples(images: Images, labels: np.ndarray) -> tf.data.Dataset:
    """Single examples in order: `{"image": uint8 [H, W, C], "label": int32 []}`."""
    gather, targets = _gather(images), _on_host(labels)
    return tf.data.Dataset.range(len(labels)).map(
        lambda index: {"image": gather(index[tf.newaxis])[0], "label": targets[index]}).prefetch(tf.data.AUTOTUNE)


def in_order(images: Images, labels: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Batches in order: float32 `[B, H, W, C]` in [0, 1] and int32 `[B]`; the last one may be smaller."""
    gather, targets = _gather(images), _on_host(labels)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        indices = tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, len(labels)))  # [B]
        return to_float(gather(indices)), tf.gather(targets, indices)

    steps = tf.data.Dataset.range(_steps(len(labels), batch_size))
    return steps.map(batch, num_parallel_calls=2).prefetch(2)


class TrainBatches(epochs.Epochs):
    """Batches for training: float32 `[B, H, W, C]` in [0, 1] and int32 `[B]`.

    The order is a stateless shuffle seeded by `(seed, epoch)`, the augmentation of a batch by `(seed, epoch, step)`.

    Args:
      images: uint8 `[N, H, W, C]`, or `Pictures`.
      labels: int32 `[N]`.
      batch_size: int; the last batch of an epoch may be smaller.
      seed: int.
      augment: function of (float32 `[B, H, W, C]`, seed int32 `[2]`) to pictures of the same shape, or None.
    """

    UNIT = "images"

    def __init__(self, images: Images, labels: np.ndarray, batch_size: int, seed: int,
                 augment: Optional[Augment] = None) -> None:
        super().__init__(len(labels), batch_size, seed)
        self.augment = augment
        self._gather, self._labels = _gather(images), _on_host(labels)

    def epoch(self, number: tf.Tensor) -> tf.data.Dataset:
        seed, order = self.shuffled(number)

        def batch(step: tf.Tensor) -> Any:
            indices = order[step * self.batch_size:(step + 1) * self.batch_size]                      # [B]
            images = to_float(self._gather(indices))                                                  # [B, H, W, C]
            if self.augment is not None:
                step_seed = tf.random.experimental.stateless_fold_in(seed, step + 1)
                images = tf.ensure_shape(self.augment(images, step_seed), images.shape)
            return self.mapped((images, tf.gather(self._labels, indices)))

        steps = tf.data.Dataset.range(len(self))
        return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def to_float(images: tf.Tensor) -> tf.Tensor:
    """Bytes to float32 in [0, 1].

    >>> to_float(tf.constant([0, 255], tf.uint8)).numpy().tolist()
    [0.0, 1.0]
    """
    return tf.cast(images, tf.float32) / 255.0


def _steps(count: int, batch_size: int) -> int:
    return -(-count // batch_size)


def _on_host(array: np.ndarray) -> tf.Tensor:
    with tf.device("CPU"):
        return tf.constant(array)


def _gather(images: Images) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function of int indices `[B]` that gives uint8 `[B, H, W, C]`, from memory or by decoding."""
    if isinstance(images, np.ndarray):
        held = _on_host(images)
        return lambda indices: tf.gather(held, indices)

    def decoded(indices: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(lambda chosen: images[chosen], [indices], tf.uint8, stateful=False)
        return tf.ensure_shape(batch, [None, *images.shape[1:]])

    return decoded
