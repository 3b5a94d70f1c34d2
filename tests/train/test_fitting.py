"""What happens around `model.fit`."""
import pytest
import tensorflow as tf

from npfl_kit.train import fitting
from npfl_kit.train.fused_adam import FusedAdam


class CountsTraces(tf.keras.layers.Layer):
    """Nothing, but it counts how often Python passes it while training."""

    count = 0

    def call(self, inputs, training=None):
        if training:
            self.count += 1
        return inputs


@pytest.mark.parametrize("outputs, metrics", [(1, {}), (1, {"metrics": ["accuracy"]}),
                                              (1, {"weighted_metrics": ["accuracy"]}), (2, {})])
def test_a_step_is_traced_once(outputs, metrics):
    inputs, counts = tf.keras.layers.Input([4]), CountsTraces()
    counted = counts(inputs)
    answers = {name: tf.keras.layers.Dense(3, name=name)(counted) for name in ("a", "b")[:outputs]}
    model = tf.keras.Model(inputs, answers if outputs > 1 else answers["a"])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(FusedAdam(jit_compile=False), {name: loss for name in answers} if outputs > 1 else loss,
                  **metrics)
    gold = {name: tf.zeros([8, 1], tf.int32) for name in answers} if outputs > 1 else tf.zeros([8, 1], tf.int32)
    batches = tf.data.Dataset.from_tensors((tf.ones([8, 4]), gold)).repeat(3)
    counts.count = 0

    fitting.make_variables(model, batches.element_spec)
    history = model.fit(batches, epochs=2, verbose=0).history

    assert counts.count == 1
    if metrics:
        assert set(history) == {"loss", "accuracy"}
