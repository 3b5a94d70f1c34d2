"""The four ways to run one definition: on arrays, on tensors, in a graph of unknown sizes, and compiled by XLA."""
import numpy as np
import pytest
import tensorflow as tf


def in_numpy(function, *arrays):
    return function(*arrays)


def eagerly(function, *arrays):
    return function(*map(tf.constant, arrays))


def in_graph(function, *arrays):
    specs = [tf.TensorSpec([None] * array.ndim, array.dtype) for array in arrays]
    return tf.function(function, input_signature=specs)(*arrays)


def in_xla(function, *arrays):
    return tf.function(function, jit_compile=True)(*map(tf.constant, arrays))


WAYS = [in_numpy, eagerly, in_graph, in_xla]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def run(request):
    """Call a function of arrays in one of the ways; gives arrays."""
    def call(function, *arrays):
        result = request.param(function, *map(np.asarray, arrays))
        return tuple(map(np.asarray, result)) if isinstance(result, tuple) else np.asarray(result)
    return call
