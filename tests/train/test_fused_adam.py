"""One operation for an update gives the weights that Keras's twenty give."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.train.fused_adam import FusedAdam


def trained(optimizer, steps=20, embedding=False):
    """Weights after some steps with gradients that are equal for equal steps."""
    weights = [tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)), tf.Variable([0.5, -0.5])]
    rng = np.random.default_rng(42)

    @tf.function
    def step(*gradients):
        if embedding:
            gradients = [tf.IndexedSlices(gradients[0][:2], tf.constant([1, 3]), weights[0].shape), gradients[1]]
        optimizer.apply_gradients(zip(gradients, weights))

    optimizer.build(weights)
    for _ in range(steps):
        step(*(tf.constant(rng.normal(size=weight.shape) ** 3, tf.float32) for weight in weights))
    return [weight.numpy() for weight in weights], optimizer


@pytest.mark.parametrize("how", [{}, {"weight_decay": 0.1}, {"amsgrad": True}, {"beta_1": 0.5, "beta_2": 0.9},
                                 {"epsilon": 0.1}, {"clipnorm": 0.5}])
@pytest.mark.parametrize("embedding", [False, True])
def test_weights_are_those_of_keras(how, embedding):
    ours, optimizer = trained(FusedAdam(0.01, jit_compile=False, **how), embedding=embedding)
    keras, other = trained(tf.keras.optimizers.Adam(0.01, jit_compile=False, **how), embedding=embedding)

    for mine, theirs in zip(ours, keras):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5)


def test_the_learning_rate_may_change_over_time():
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.8)

    ours, _ = trained(FusedAdam(schedule, jit_compile=False))
    keras, _ = trained(tf.keras.optimizers.Adam(schedule, jit_compile=False))

    np.testing.assert_allclose(ours[0], keras[0], rtol=1e-4, atol=1e-5)


def test_with_loss_scaling_it_does_what_keras_does():
    def after(optimizer):
        scaled, weight = tf.keras.mixed_precision.LossScaleOptimizer(optimizer), tf.Variable([1.0, 2.0])
        scaled.build([weight])

        @tf.function
        def step(gradient):
            scaled.apply_gradients([(gradient, weight)])

        step(tf.constant([np.inf, 1.0]))        # too large for 16 bits: left out, and the scale halved
        assert weight.numpy().tolist() == [1, 2]
        step(scaled.get_scaled_loss(tf.constant([3.0, -1.0])))
        return weight.numpy()

    np.testing.assert_allclose(after(FusedAdam(0.01, jit_compile=False)),
                               after(tf.keras.optimizers.Adam(0.01, jit_compile=False)), rtol=1e-5)


def test_an_update_is_one_operation():
    optimizer, weight = FusedAdam(0.01, jit_compile=False), tf.Variable([1.0, 2.0])
    optimizer.build([weight])

    graph = tf.function(lambda gradient: optimizer.apply_gradients([(gradient, weight)])).get_concrete_function(
        tf.TensorSpec([2])).graph

    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 1
    assert not {"Sqrt", "Square", "AssignSubVariableOp"} & set(kinds)


def test_its_config_builds_it_again():
    again = FusedAdam.from_config(FusedAdam(0.02, beta_1=0.8).get_config())

    assert isinstance(again, FusedAdam) and again.beta_1 == 0.8
    assert float(again.learning_rate) == pytest.approx(0.02)
