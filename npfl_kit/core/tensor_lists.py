"""Lists of tensors that a loop writes one step at a time and another loop reads: thin over TensorFlow's own.

A `tf.TensorArray` cannot leave a `tf.function`; the variant tensor under it can, so the way there and the way back of
a recurrence are two functions, each traced once. A list of T steps costs nothing but its elements until it is stacked.
"""
from __future__ import annotations

import tensorflow as tf


def empty(length: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """A list for `length` tensors of the static shape and type of `like`, none written yet.

    >>> steps = put(empty(2, tf.zeros([3])), 0, tf.constant([1., 2, 3]))
    >>> get(steps, 0, tf.zeros([3])).numpy().tolist()
    [1.0, 2.0, 3.0]
    """
    return tf.raw_ops.TensorListReserve(element_shape=_static(like), num_elements=length, element_dtype=like.dtype)


def put(tensors: tf.Tensor, index: tf.Tensor, element: tf.Tensor) -> tf.Tensor:
    """The list with one element written."""
    return tf.raw_ops.TensorListSetItem(input_handle=tensors, index=index, item=element)


def get(tensors: tf.Tensor, index: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """One element, of the static shape and type of `like`; one that was never written is zeros."""
    element = tf.raw_ops.TensorListGetItem(input_handle=tensors, index=index, element_shape=tf.shape(like),
                                           element_dtype=like.dtype)
    return tf.ensure_shape(element, like.shape)


def stack(tensors: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """All elements, `[length, *like.shape]`; a list of length 0 gives a tensor without rows.

    >>> stack(empty(0, tf.zeros([3])), tf.zeros([3])).shape
    TensorShape([0, 3])
    """
    stacked = tf.raw_ops.TensorListStack(input_handle=tensors, element_shape=tf.shape(like), element_dtype=like.dtype)
    return tf.ensure_shape(stacked, [None, *like.shape])


def _static(like: tf.Tensor) -> tf.Tensor:
    return tf.constant([-1 if size is None else size for size in like.shape], tf.int32)
