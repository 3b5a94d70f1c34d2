"""A whole GRU over a batch of sequences, with its own backpropagation through time; see `npfl_kit.core.lstm`."""
from __future__ import annotations

from typing import Optional

import tensorflow as tf

from npfl_kit.core import batch_parts, tensor_lists


def gru(inputs: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor, hidden: tf.Tensor,
        real: Optional[tf.Tensor] = None, dropped: Optional[tf.Tensor] = None) -> tuple[tf.Tensor, tf.Tensor]:
    """Run a GRU over the time axis: all hidden states, and the last one.

    At a step that is not real, the state stays as it is.

    Args:
      inputs: float32 or float64 `[T, B, D]`, time first; T may be 0.
      kernel, recurrent_kernel, bias: of the same type, `[D, 3U]`, `[U, 3U]`, `[2, 3U]` (of the inputs and of the
        state); gates z, r, h, as Keras.
      hidden: `[B, U]`, the state before the first step.
      real: optional bool `[T, B]`, False at padding.
      dropped: optional `[B, U]`, factors of the state wherever it enters `recurrent_kernel` (variational dropout); no
        gradient flows into them.
    Returns: `[T, B, U]`, the state after each step, and the last one, `[B, U]`.
    Source: Cho et al. 2014, Learning Phrase Representations, with the reset gate after the product with the state, as
      cuDNN and torch. Gradients of gradients are not there.

    >>> outputs, _ = gru(tf.ones([3, 1, 1]), tf.ones([1, 3]), tf.zeros([1, 3]), tf.zeros([2, 3]), tf.zeros([1, 1]))
    >>> print(outputs[:, 0, 0].numpy().round(3))
    [0.205 0.355 0.464]
    """
    parts = batch_parts.number(hidden.shape[-1])

    @tf.custom_gradient
    def run(inputs, kernel, recurrent_kernel, bias, hidden):
        outputs, last, saved = _forward(inputs, kernel, recurrent_kernel, bias, hidden, real, dropped, parts)

        def gradient(*upstream):
            return _backward(upstream, saved, inputs, kernel, recurrent_kernel, hidden, outputs, real, dropped)

        return (tf.ensure_shape(outputs, [inputs.shape[0], *hidden.shape]),
                tf.ensure_shape(last, hidden.shape)), gradient

    return run(*map(tf.convert_to_tensor, (inputs, kernel, recurrent_kernel, bias, hidden)))


@tf.function(reduce_retracing=True, autograph=False)
def _forward(inputs, kernel, recurrent_kernel, bias, hidden, real, dropped, parts):
    steps, batch, width = tf.unstack(tf.shape(inputs))
    projected = tf.nn.bias_add(tf.reshape(inputs, [steps * batch, width]) @ kernel, bias[0])
    projected = tf.reshape(projected, [steps, batch, tf.shape(kernel)[1]])                  # [T, B, 3U]
    outputs, last, saved = zip(*(_steps(projected, recurrent_kernel, bias[1], hidden, real, dropped, rows)
                                 for rows in batch_parts.rows(batch, parts)))
    return batch_parts.joined(outputs, 1), batch_parts.joined(last, 0), saved


def _steps(projected, recurrent_kernel, bias, hidden, real, dropped, rows):
    """The loop over some rows of the batch: outputs, the last state, and lists of what the way back needs."""
    steps, units = tf.shape(projected)[0], tf.shape(hidden)[1]
    hidden, dropped = hidden[rows], dropped if dropped is None else dropped[rows]

    def step(t, hidden, *lists):
        entering = hidden if dropped is None else hidden * dropped
        from_state = tf.nn.bias_add(entering @ recurrent_kernel, bias)                      # [B, 3U]
        from_input = projected[t][rows]
        z, r = tf.split(tf.sigmoid(from_state[:, :2 * units] + from_input[:, :2 * units]), 2, axis=1)
        memory = from_state[:, 2 * units:]                                                  # [B, U]
        new = tf.tanh(r * memory + from_input[:, 2 * units:])
        new_hidden = new + z * (hidden - new)
        saved = (z, r, new, memory, hidden)
        if real is not None:
            new_hidden = tf.where(real[t][rows, tf.newaxis], new_hidden, hidden)
        new_hidden.set_shape(hidden.shape)
        changed = [tensor_lists.put(each, t, value) for each, value in zip(lists, (*saved, new_hidden))]
        return t + 1, new_hidden, *changed

    lists = [tensor_lists.empty(steps, hidden) for _ in range(6)]
    _, last, *lists = tf.while_loop(lambda t, *_: t < steps, step, (0, hidden, *lists), parallel_iterations=1)
    return tensor_lists.stack(lists.pop(), hidden), last, lists


@tf.function(reduce_retracing=True, autograph=False)
def _backward(upstream, saved, inputs, kernel, recurrent_kernel, hidden, outputs, real, dropped):
    steps, batch, width = tf.unstack(tf.shape(inputs))
    of_inputs, of_states, from_hidden = zip(*(
        _steps_back(upstream, lists, recurrent_kernel, real, dropped, rows)
        for lists, rows in zip(saved, batch_parts.rows(batch, len(saved)))))
    of_inputs, of_states = (tf.reshape(batch_parts.joined(each, 1), [steps * batch, tf.shape(kernel)[1]])
                            for each in (of_inputs, of_states))                             # [TB, 3U]
    entering = tf.concat([hidden[tf.newaxis], outputs], axis=0)[:-1]                        # [T, B, U]
    entering = tf.reshape(entering if dropped is None else entering * dropped, [steps * batch, tf.shape(hidden)[1]])
    return (tf.reshape(tf.matmul(of_inputs, kernel, transpose_b=True), [steps, batch, width]),
            tf.matmul(tf.reshape(inputs, [steps * batch, width]), of_inputs, transpose_a=True),
            tf.matmul(entering, of_states, transpose_a=True),
            tf.stack([tf.raw_ops.BiasAddGrad(out_backprop=each) for each in (of_inputs, of_states)]),
            batch_parts.joined(from_hidden, 0))


def _steps_back(upstream, saved, recurrent_kernel, real, dropped, rows):
    """The loop back over some rows: gradients by what inputs and states give to the gates, and by the first state."""
    from_outputs, from_hidden = upstream
    from_hidden, dropped = from_hidden[rows], dropped if dropped is None else dropped[rows]
    transposed = tf.transpose(recurrent_kernel)                                             # [3U, U]

    def step(t, from_hidden, of_inputs, of_states):
        z, r, new, memory, before = (tensor_lists.get(each, t, from_hidden) for each in saved)
        shape, from_hidden = from_hidden.shape, from_hidden + from_outputs[t][rows]
        active = from_hidden if real is None else tf.where(real[t][rows, tf.newaxis], from_hidden, 0)
        by_new = tf.raw_ops.TanhGrad(y=new, dy=active - active * z)
        by_z = tf.raw_ops.SigmoidGrad(y=z, dy=active * (before - new))
        by_r = tf.raw_ops.SigmoidGrad(y=r, dy=by_new * memory)
        of_state = tf.concat([by_z, by_r, by_new * r], axis=1)                              # [B, 3U]
        to_hidden = of_state @ transposed
        to_hidden = active * z + (to_hidden if dropped is None else to_hidden * dropped)
        if real is not None:
            to_hidden = tf.where(real[t][rows, tf.newaxis], to_hidden, from_hidden)
        to_hidden.set_shape(shape)
        return (t - 1, to_hidden, tensor_lists.put(of_inputs, t, tf.concat([by_z, by_r, by_new], axis=1)),
                tensor_lists.put(of_states, t, of_state))

    steps, like = tf.shape(from_outputs)[0], from_hidden[:, :1] * recurrent_kernel[:1]      # [B, 3U]
    lists = (tensor_lists.empty(steps, like) for _ in range(2))
    _, from_hidden, of_inputs, of_states = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, from_hidden, *lists), parallel_iterations=1)
    return tensor_lists.stack(of_inputs, like), tensor_lists.stack(of_states, like), from_hidden
