"""A whole LSTM over a batch of sequences, with its own backpropagation through time.

Only `h[t - 1] @ recurrent_kernel` must wait for the step before. The product of all inputs is taken before the loop,
and the gradients of all weights after the loop back, each as one large product: 100 steps of a batch of 32 are one
product of 3200 rows instead of 100 of 32. What stays in the loop is one small product and a dozen of small operations.
"""
from __future__ import annotations

from typing import Optional

import tensorflow as tf

from npfl_kit.core import batch_parts, tensor_lists

States = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def lstm(inputs: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor, hidden: tf.Tensor,
         carry: tf.Tensor, real: Optional[tf.Tensor] = None, dropped: Optional[tf.Tensor] = None) -> States:
    """Run an LSTM over the time axis: all hidden states, and the last hidden and carry state.

    At a step that is not real, both states stay as they are: the values of padding never reach a state, an output
    of a real step, or a gradient.

    Args:
      inputs: float32 or float64 `[T, B, D]`, time first; T may be 0.
      kernel, recurrent_kernel, bias: of the same type, `[D, 4U]`, `[U, 4U]`, `[4U]`; gates i, f, c, o, as Keras.
      hidden, carry: `[B, U]`, states before the first step.
      real: optional bool `[T, B]`, False at padding.
      dropped: optional `[B, U]`, factors of the hidden state wherever it enters `recurrent_kernel` (variational
        dropout); no gradient flows into them.
    Returns: `[T, B, U]`, the hidden state after each step, and the last hidden and carry state, `[B, U]`.
    Source: Gers et al. 1999, Learning to Forget, without peepholes. Gradients of gradients are not there.

    >>> zero = tf.zeros([1, 1])
    >>> outputs, _, carry = lstm(tf.ones([3, 1, 1]), tf.ones([1, 4]), tf.zeros([1, 4]), tf.zeros([4]), zero, zero)
    >>> print(outputs[:, 0, 0].numpy().round(3), carry[0, 0].numpy().round(3))
    [0.37  0.545 0.622] 1.261
    """
    parts = batch_parts.number(hidden.shape[-1])

    @tf.custom_gradient
    def run(inputs, kernel, recurrent_kernel, bias, hidden, carry):
        given = (inputs, kernel, recurrent_kernel, bias, hidden, carry)
        outputs, last, last_carry, saved = _forward(*given, real, dropped, parts)

        def gradient(*upstream):
            return _backward(upstream, saved, inputs, kernel, recurrent_kernel, hidden, outputs, real, dropped)

        return (tf.ensure_shape(outputs, [inputs.shape[0], *hidden.shape]), tf.ensure_shape(last, hidden.shape),
                tf.ensure_shape(last_carry, carry.shape)), gradient

    return run(*map(tf.convert_to_tensor, (inputs, kernel, recurrent_kernel, bias, hidden, carry)))


@tf.function(reduce_retracing=True, autograph=False)
def _forward(inputs, kernel, recurrent_kernel, bias, hidden, carry, real, dropped, parts):
    steps, batch, width = tf.unstack(tf.shape(inputs))
    units = tf.shape(hidden)[1]
    scale = tf.repeat(tf.constant([0.5, 0.5, 1, 0.5], inputs.dtype), units)                 # x / 2 for i, f and o
    kernel, recurrent_kernel, bias = (each * scale for each in (kernel, recurrent_kernel, bias))
    projected = tf.nn.bias_add(tf.reshape(inputs, [steps * batch, width]) @ kernel, bias)
    projected = tf.reshape(projected, [steps, batch, 4 * units])
    outputs, last, last_carry, saved = zip(*(
        _steps(projected, recurrent_kernel, hidden, carry, real, dropped, rows)
        for rows in batch_parts.rows(batch, parts)))
    return batch_parts.joined(outputs, 1), batch_parts.joined(last, 0), batch_parts.joined(last_carry, 0), saved


def _steps(projected, recurrent_kernel, hidden, carry, real, dropped, rows):
    """The loop over some rows of the batch: outputs, last states, and lists of what the way back needs."""
    steps, units = tf.shape(projected)[0], tf.shape(hidden)[1]
    hidden, carry, dropped = hidden[rows], carry[rows], dropped if dropped is None else dropped[rows]

    def step(t, hidden, carry, *lists):
        entering = hidden if dropped is None else hidden * dropped
        values = tf.tanh(entering @ recurrent_kernel + projected[t][rows])  # sigmoid(x): (1 + tanh(x / 2)) / 2, slower
        i, f, _, o = tf.split(values * 0.5 + 0.5, 4, axis=1)                                # [B, U] each
        c = values[:, 2 * units:3 * units]
        new_carry = f * carry + i * c
        squashed = tf.tanh(new_carry)
        new_hidden = o * squashed
        saved = (i, f, c, o, carry, squashed)
        if real is not None:
            keep = real[t][rows, tf.newaxis]
            new_hidden, new_carry = tf.where(keep, new_hidden, hidden), tf.where(keep, new_carry, carry)
        new_hidden.set_shape(hidden.shape)
        new_carry.set_shape(carry.shape)
        changed = [tensor_lists.put(each, t, value) for each, value in zip(lists, (*saved, new_hidden))]
        return t + 1, new_hidden, new_carry, *changed

    lists = [tensor_lists.empty(steps, hidden) for _ in range(7)]
    _, last, last_carry, *lists = tf.while_loop(lambda t, *_: t < steps, step, (0, hidden, carry, *lists),
                                                parallel_iterations=1)
    return tensor_lists.stack(lists.pop(), hidden), last, last_carry, lists


@tf.function(reduce_retracing=True, autograph=False)
def _backward(upstream, saved, inputs, kernel, recurrent_kernel, hidden, outputs, real, dropped):
    steps, batch, width = tf.unstack(tf.shape(inputs))
    slopes, from_hidden, from_carry = zip(*(
        _steps_back(upstream, lists, recurrent_kernel, real, dropped, rows)
        for lists, rows in zip(saved, batch_parts.rows(batch, len(saved)))))
    slopes = tf.reshape(batch_parts.joined(slopes, 1), [steps * batch, tf.shape(kernel)[1]])        # [TB, 4U]
    entering = tf.concat([hidden[tf.newaxis], outputs], axis=0)[:-1]                                # [T, B, U]
    entering = tf.reshape(entering if dropped is None else entering * dropped, [steps * batch, tf.shape(hidden)[1]])
    return (tf.reshape(tf.matmul(slopes, kernel, transpose_b=True), [steps, batch, width]),
            tf.matmul(tf.reshape(inputs, [steps * batch, width]), slopes, transpose_a=True),
            tf.matmul(entering, slopes, transpose_a=True),
            tf.raw_ops.BiasAddGrad(out_backprop=slopes),
            batch_parts.joined(from_hidden, 0), batch_parts.joined(from_carry, 0))


def _steps_back(upstream, saved, recurrent_kernel, real, dropped, rows):
    """The loop back over some rows: gradients by what enters the gates `[T, B, 4U]`, and by the first states."""
    from_outputs, from_hidden, from_carry = upstream
    from_hidden, from_carry = from_hidden[rows], from_carry[rows]
    dropped = dropped if dropped is None else dropped[rows]
    transposed = tf.transpose(recurrent_kernel)                                                     # [4U, U]

    def step(t, from_hidden, from_carry, all_slopes):
        values = [tensor_lists.get(each, t, from_hidden) for each in saved]
        shape, from_hidden = from_hidden.shape, from_hidden + from_outputs[t][rows]
        active, active_carry = from_hidden, from_carry
        if real is not None:
            keep = real[t][rows, tf.newaxis]
            active, active_carry = (tf.where(keep, each, 0) for each in (from_hidden, from_carry))
        slopes, to_carry = _step_back(values, active, active_carry)
        to_hidden = slopes @ transposed
        if dropped is not None:
            to_hidden *= dropped
        if real is not None:
            to_hidden, to_carry = tf.where(keep, to_hidden, from_hidden), tf.where(keep, to_carry, from_carry)
        to_hidden.set_shape(shape)
        to_carry.set_shape(shape)
        return t - 1, to_hidden, to_carry, tensor_lists.put(all_slopes, t, slopes)

    steps, like = tf.shape(from_outputs)[0], from_hidden[:, :1] * recurrent_kernel[:1]              # [B, 4U]
    _, from_hidden, from_carry, slopes = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, from_hidden, from_carry, tensor_lists.empty(steps, like)),
        parallel_iterations=1)
    return tensor_lists.stack(slopes, like), from_hidden, from_carry


def _step_back(values, from_hidden, from_carry):
    """Gradients of one step: by what enters the gates `[B, 4U]`, and by the carry before it `[B, U]`."""
    i, f, c, o, carry, squashed = values
    sigmoid, tanh = tf.raw_ops.SigmoidGrad, tf.raw_ops.TanhGrad
    from_carry += tanh(y=squashed, dy=from_hidden * o)
    slopes = (sigmoid(y=i, dy=from_carry * c), sigmoid(y=f, dy=from_carry * carry), tanh(y=c, dy=from_carry * i),
              sigmoid(y=o, dy=from_hidden * squashed))
    return tf.concat(slopes, axis=1), from_carry * f
