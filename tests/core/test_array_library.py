"""Which library the arguments belong to, and which type they get."""
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.core import array_library


def test_numpy_is_for_arrays_lists_and_numbers():
    assert array_library.of(np.ones(2), [1.0], 3) is np


def test_one_tensor_or_variable_is_enough_for_tensorflow():
    for tensor in (tf.ones([2]), tf.Variable(1.0)):
        assert array_library.of(np.ones(2), tensor) is tf.experimental.numpy


def test_the_numpy_route_never_imports_tensorflow():
    script = """if True:
        import sys
        import numpy as np
        from npfl_kit.core import anchors, boxes, matching
        grid = anchors.pyramid(64, 64)
        gold = boxes.convert([[3., 4, 30, 20]], "xywh", "tlbr")
        for force in matching.FORCES:
            matched = matching.match(grid, gold, [True], force=force, ignored=gold)
        targets = boxes.encode(matching.gather(gold, matched, default=grid), grid)
        boxes.clip(boxes.decode(targets, grid), 64, 64), boxes.pairwise_giou(gold, gold)
        matching.sample(matched, 8, 0.5, seed=1)
        assert "tensorflow" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_arrays_stays_whatever_lists_and_integers_come_with_them(dtype):
    _, *arrays = array_library.floats(np.ones(2, dtype), [1.0], 2, np.ones(1, np.int64))

    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_the_type_of_tensors_decides_over_that_of_arrays(dtype):
    _, *arrays = array_library.floats(np.ones(2), tf.ones([2], dtype), np.float32(1), [2], tf.constant(3))

    assert {array.dtype for array in arrays} == {dtype}


@pytest.mark.parametrize("make", [np.asarray, tf.constant])
def test_single_numbers_have_no_say_but_alone(make):
    one, many = make(np.float64(3)), make(np.ones([0, 4], np.float32))

    assert all(array.dtype == np.float32 for array in array_library.floats(one, many, np.float64(3))[1:])
    assert array_library.floats(one, 3)[1].dtype == np.float64


@pytest.mark.parametrize("array", [np.ones(2, np.float16), tf.ones([2], tf.float16), tf.ones([2], tf.bfloat16)],
                         ids=lambda array: str(array.dtype))
def test_16_bits_become_32(array):
    assert array_library.floats(array)[1].dtype == np.float32


def test_integers_alone_become_what_the_library_divides_in():
    assert array_library.floats([1, 2])[1].dtype == np.float64
    assert array_library.floats(tf.constant([1, 2]))[1].dtype == tf.float32


@pytest.mark.parametrize("leading", [[], [2], [2, 3]])
@pytest.mark.parametrize("shape", [[], [4], [2, 5]])
def test_rows_are_taken_below_the_leading_dimensions(run, leading, shape):
    generator = np.random.default_rng(0)
    values, indices = generator.normal(size=[*leading, 5, *shape]), generator.integers(5, size=[*leading, 7])

    taken = run(array_library.take, values, indices)

    assert taken.shape == (*leading, 7, *shape)
    for place in np.ndindex(indices.shape):
        np.testing.assert_array_equal(taken[place], values[(*place[:-1], indices[place])])


def test_random_numbers_are_uniform():
    drawn = np.sort(array_library.uniform(np.zeros([300, 100]), seed=5).ravel())
    neighbors = array_library.uniform(np.zeros(30000), seed=5)

    np.testing.assert_allclose(drawn, np.linspace(0, 1, 30000), atol=0.012)             # Kolmogorov-Smirnov, p = 1e-4
    assert drawn[0] >= 0 and drawn[-1] < 1 and drawn.dtype == np.float32
    assert abs(np.corrcoef(neighbors[1:], neighbors[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize("seed", [0, 7, 2 ** 40, -3, [7, 8]])
def test_random_numbers_are_equal_everywhere_and_a_function_of_the_seed(run, seed):
    like = np.zeros([5, 40], np.int32)

    drawn = run(lambda like: array_library.uniform(like, seed), like)

    np.testing.assert_array_equal(drawn, array_library.uniform(like, seed))
    for other in (1, 8, [8, 7], [7, 9], [0, 7]):
        assert abs(np.corrcoef(drawn.ravel(), array_library.uniform(like, other).ravel())[0, 1]) < 0.3
