"""Keras's recurrent layers with their loop replaced by one over the whole sequence: what `LSTM` and `GRU` share."""
from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf
from tensorflow.python.ops import control_flow_util

Masks = Any     # a bool tensor [B, T], or a list with one first, as Keras passes it for a layer with initial states


class WholeSequence(tf.keras.layers.RNN):
    """A mixin before `tf.keras.layers.LSTM` or `GRU`: weights, states and configuration are Keras's, the loop is not.

    On a GPU, sequences without a mask go to Keras and so to cuDNN. With a mask they never do: cuDNN 8.1 and later give
    wrong numbers for masked sequences or crash on a wholly masked one (TensorFlow issues 60192, 43103, 36139); the
    loop here is right on every device. Inside XLA (`jit_compile=True`) and with other activations than tanh and
    sigmoid, Keras's own loop is taken, which never uses cuDNN there.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        for name in ("unroll", "time_major"):
            if kwargs.get(name):
                raise ValueError(f"{type(self).__name__} has no {name}=True: its loop is quick without it. Leave it "
                                 f"out, or take tf.keras.layers.{type(self).__name__}.")
        super().__init__(units, **kwargs)

    def call(self, inputs: Any, mask: Masks = None, training: Optional[bool] = None,
             initial_state: Optional[list[tf.Tensor]] = None) -> Any:
        if isinstance(inputs, tf.RaggedTensor):
            raise ValueError(f"{type(self).__name__} needs a dense tensor, got a ragged one. Give inputs.to_tensor(), "
                             "and mask=tf.sequence_mask(inputs.row_lengths()).")
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if not self._is_ours(mask):
            return super().call(inputs, mask=mask, training=training, initial_state=initial_state)
        inputs, states, _ = self._process_inputs(inputs, initial_state, None)
        outputs, states = self._whole(inputs, states, mask, training)
        if self.stateful:
            self.add_update([old.assign(tf.cast(new, old.dtype)) for old, new in zip(self.states, states)])
        return [outputs, *states] if self.return_state else outputs

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make the weights as in a file; Keras 2.15 takes the list there for one of several inputs."""
        shape = config["input_shape"]
        self.build(tuple(shape[0] if isinstance(shape[0], (list, tuple)) else shape))

    def _is_ours(self, mask: Optional[tf.Tensor]) -> bool:
        usual = self.cell.activation is tf.keras.activations.tanh and self.cell.use_bias \
            and self.cell.recurrent_activation is tf.keras.activations.sigmoid and getattr(self, "reset_after", True)
        cudnn = mask is None and not self.recurrent_dropout and tf.config.list_physical_devices("GPU")
        return usual and not cudnn and not control_flow_util.GraphOrParentsInXlaContext(
            tf.compat.v1.get_default_graph())

    def _whole(self, inputs, states, mask, training):
        """Outputs and last states in the type of the inputs; the loop runs in float32 or more."""
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()
        step = tf.zeros([tf.shape(inputs)[0], inputs.shape[2]], inputs.dtype)               # T may be 0
        dropped = self.get_dropout_mask_for_cell(step, training)                            # [B, D], one for all steps
        if dropped is not None:
            inputs = inputs * dropped[:, tf.newaxis]
        dropped = self.get_recurrent_dropout_mask_for_cell(states[0], training)             # [B, U]
        inputs = tf.transpose(inputs, [1, 0, 2])                                            # [T, B, D]
        real = None if mask is None else tf.transpose(tf.cast(mask, tf.bool))               # [T, B]
        if self.go_backwards:
            inputs, real = (each if each is None else tf.reverse(each, axis=[0]) for each in (inputs, real))
        dtype = tf.float32 if inputs.dtype.size < 4 else inputs.dtype
        wide = [each if each is None else tf.cast(tf.convert_to_tensor(each), dtype) for each in (
            inputs, self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias, *states, dropped)]
        outputs, *states = self._recurrence(*wide[:-1], real=real, dropped=wide[-1])
        outputs, *states = (tf.cast(each, inputs.dtype) for each in (outputs, *states))
        return self._shown(outputs, states[0], real), states

    def _shown(self, outputs, last, real):
        """What Keras shows at a masked step: the output before it, zeros before the first one or if asked."""
        if not self.return_sequences:
            if real is None:
                return last
            shown = tf.reduce_any(real[-1:] if self.zero_output_for_mask else real, axis=0)         # [B]
            return tf.where(shown[:, tf.newaxis], last, 0)
        if real is not None:
            shown = real if self.zero_output_for_mask else tf.cumsum(tf.cast(real, tf.int32)) > 0   # [T, B]
            outputs = tf.where(shown[:, :, tf.newaxis], outputs, 0)
        return tf.transpose(outputs, [1, 0, 2])
