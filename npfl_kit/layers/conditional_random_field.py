"""A conditional random field over a sequence of tags, thin over the functions of TensorFlow Addons."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf

from npfl_kit.layers.addons import tfa


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class ConditionalRandomField(tf.keras.layers.Layer):
    """Scores of whole tag sequences: the sum of `logits[t, tags[t]]` and of `transitions[tags[t - 1], tags[t]]`.

    A tagger that chooses each tag alone writes I-PER after O, which is no entity; here one weight for each pair of
    neighbors learns that. At first all are 0, and the tags independent.

    Args:
      num_tags: int >= 1, K.
    Call arguments:
      logits: float `[B, T, K]`.
    Returns: the logits, as they are; the layer has its work in `negative_log_likelihood` and `decode`.
    Raises: ValueError for `num_tags` below 1, or logits of another number of tags.
    Source: Lafferty et al. 2001, Conditional Random Fields. Addons' functions want a step at least, and the real steps
      at the left; sequences are padded and packed for them, so that T may be 0 and any step masked.
    """

    def __init__(self, num_tags: int, **kwargs: Any) -> None:
        if num_tags < 1:
            raise ValueError(f"ConditionalRandomField needs num_tags >= 1, got {num_tags}.")
        super().__init__(**kwargs)
        self.num_tags, self.supports_masking = num_tags, True

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] != self.num_tags:
            raise ValueError(f"ConditionalRandomField({self.num_tags}) needs logits [B, T, {self.num_tags}], "
                             f"got {list(input_shape)}.")
        self.transitions = self.add_weight("transitions", [self.num_tags, self.num_tags], initializer="zeros",
                                           dtype=tf.float32, experimental_autocast=False)
        super().build(input_shape)

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.identity(logits)

    def negative_log_likelihood(self, tags: tf.Tensor, logits: tf.Tensor,
                                padding_mask: Optional[tf.Tensor] = None) -> tf.Tensor:
        """How far a sequence of tags is from certain, in nats.

        Args:
          tags: int `[B, T]` in `[0, K)`; -1 at a real step stands for any tag (one never seen in training, say).
          logits: float `[B, T, K]`.
          padding_mask: optional bool `[B, T]`, True at real steps; the tags of others do not matter.
        Returns: float32 `[B]`, log of the sum of exp(score) over all sequences, less the score of this one; 0 for an
          empty one.
        """
        padding_mask, order = _order(logits, padding_mask)
        logits, lengths = _packed(tf.cast(logits, tf.float32), order), _lengths(padding_mask)
        tags = _packed(tf.where(padding_mask, tf.cast(tags, tf.int32), 0), order)
        allowed = tf.one_hot(tags, self.num_tags, True, False) | (tags < 0)[:, :, tf.newaxis]       # [B, T, K]
        score = tf.cond(
            tf.reduce_any(tags < 0),
            lambda: tfa.text.crf_multitag_sequence_score(logits, allowed, lengths, self.transitions),
            lambda: tfa.text.crf_sequence_score(logits, tags, lengths, self.transitions))
        return tfa.text.crf_log_norm(logits, lengths, self.transitions) - score

    def decode(self, logits: tf.Tensor, padding_mask: Optional[tf.Tensor] = None) -> tf.Tensor:
        """The sequence of tags with the highest score (Viterbi).

        Args: see `negative_log_likelihood`.
        Returns: int32 `[B, T]`, -1 at padding.
        """
        padding_mask, order = _order(logits, padding_mask)
        tags, _ = tfa.text.crf_decode(_packed(tf.cast(logits, tf.float32), order), self.transitions,
                                      _lengths(padding_mask))
        places = tf.maximum(tf.cumsum(tf.cast(padding_mask, tf.int32), axis=1) - 1, 0)              # [B, T]
        return tf.where(padding_mask, tf.gather(tags, places, batch_dims=1), -1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tags": self.num_tags}


def _order(logits: tf.Tensor, padding_mask: Optional[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """The mask, and the indices of steps with the real ones first, int32 `[B, T]`."""
    if padding_mask is None:
        padding_mask = tf.ones(tf.shape(logits)[:2], tf.bool)
    padding_mask = tf.cast(padding_mask, tf.bool)
    return padding_mask, tf.argsort(tf.cast(padding_mask, tf.int32), axis=1, direction="DESCENDING", stable=True)


def _packed(steps: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """The steps in that order, followed by zeros up to two steps."""
    missing = tf.maximum(2 - tf.shape(order)[1], 0)
    ordered = tf.gather(steps, order, batch_dims=1)
    return tf.pad(ordered, [[0, 0], [0, missing]] + [[0, 0]] * (steps.shape.rank - 2))


def _lengths(padding_mask: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(padding_mask, tf.int32), axis=1)
