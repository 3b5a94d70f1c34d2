"""Stochastic depth: residual branches that are switched off at random while the network learns."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf

from npfl_kit.layers.addons import tfa


def linear_decay(index: int, count: int, final_rate: float) -> float:
    """The probability that residual branch `index` of `count` survives: `1 - index / count * final_rate`.

    Early branches compute the features that all others use, so they are dropped least.

    Args:
      index: int in `[1, count]`; the first branch is 1 and is already dropped with `final_rate / count`.
      count: int, residual branches of the whole network (L in the paper).
      final_rate: float in `[0, 1)`, how often the last branch is dropped, `1 - p_L`; the paper uses 0.5.
    Returns: float in `(0, 1]`, the paper's `p_l`.
    Raises: ValueError for an index outside `[1, count]`.
    Source: Huang et al. 2016, Deep Networks with Stochastic Depth, Eq. 4.

    >>> [linear_decay(index, 4, 0.5) for index in (1, 2, 3, 4)]
    [0.875, 0.75, 0.625, 0.5]
    """
    if not 1 <= index <= count:
        raise ValueError(f"A residual branch is numbered from 1 to the number of branches, got {index=}, {count=}.")
    return 1.0 - index / count * final_rate


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class StochasticDepth(tfa.layers.StochasticDepth, tf.keras.__internal__.layers.BaseRandomLayer):
    """Add a residual branch to its shortcut; in training, leave the branch out at random.

    With the last branch dropped half of the time and linear decay, a ResNet-110 trains as if it were about 28 units
    shorter of its 54 and still errs less (5.2 % against 6.4 % on CIFAR-10).

    Args:
      survival_probability: float in `(0, 1]`, how often the branch is kept; see `linear_decay`.
      per_sample: bool, whether every example draws for itself; the paper draws once for the whole batch.
      seed: optional int, fixes the draws of this layer.
    Call arguments:
      inputs: list `[shortcut, residual]`, float `[B, ...]` of equal shapes.
      training: bool.
    Returns: float `[B, ...]`; in training `shortcut + b * residual` with b drawn from 0 and 1, and otherwise
      `shortcut + survival_probability * residual`, the average over the draws.
    Raises: ValueError if the probability is outside `(0, 1]`, or the input is not a pair.
    Source: Huang et al. 2016, Deep Networks with Stochastic Depth, Eq. 2 and 5. Addons' layer draws from a legacy
      TensorFlow op; this one draws from Keras's own generator, so that a resumed training repeats the same draws.
    """

    def __init__(self, survival_probability: float = 0.5, per_sample: bool = False, seed: Optional[int] = None,
                 **kwargs: Any) -> None:
        if not 0 < survival_probability <= 1:
            raise ValueError(f"StochasticDepth needs 0 < survival_probability <= 1, got {survival_probability}.")
        super().__init__(float(survival_probability), seed=seed, rng_type="stateful", **kwargs)
        self.per_sample, self.seed = per_sample, seed

    def call(self, inputs: list[tf.Tensor], training: Optional[bool] = None) -> tf.Tensor:
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(f"StochasticDepth needs a list [shortcut, residual], got {inputs!r}.")
        shortcut, residual = inputs
        if training is None:
            training = tf.keras.backend.learning_phase()
        keep = tf.keras.backend.in_train_phase(lambda: self._draw(residual), lambda: self._average(residual), training)
        return shortcut + keep * residual

    def _draw(self, residual: tf.Tensor) -> tf.Tensor:
        ones = [1] * residual.shape.rank
        shape = [tf.shape(residual)[0], *ones[1:]] if self.per_sample else ones        # [B or 1, 1, ...]
        drawn = self._random_generator.random_uniform(shape, dtype=tf.float32)
        return tf.cast(drawn < self.survival_probability, residual.dtype)

    def _average(self, residual: tf.Tensor) -> tf.Tensor:
        return tf.fill([1] * residual.shape.rank, tf.cast(self.survival_probability, residual.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "per_sample": self.per_sample, "seed": self.seed}
