"""The sequences of the course, bit for bit."""
import hashlib

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data import parity


@pytest.mark.parametrize("count, length, seed, digest, mean", [
    (10_000, 50, 42, "57e25c3db2b8", 0.498674), (1_000, 50, 43, "3c21dd75dae1", 0.499960),
    (1_000, 20, 42, "b8fc70a045af", 0.505600), (1_000, 20, 43, "76795cb06845", 0.502650)])
def test_the_sequences_are_those_of_the_course(count, length, seed, digest, mean):
    numbers, is_odd = parity.sequences(count, length, 1, seed)

    assert numbers.shape == is_odd.shape == (count, length, 1)
    assert (numbers.dtype, is_odd.dtype) == (np.float32, bool)
    assert hashlib.md5(numbers.tobytes()).hexdigest().startswith(digest)
    np.testing.assert_allclose(is_odd.mean(), mean, atol=5e-7)


def test_the_first_numbers_are_those_published():
    assert parity.sequences(10_000, 50)[0][0, :10, 0].tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0, 1]


@pytest.mark.parametrize("dimension", [1, 2, 3, 7])
@pytest.mark.parametrize("seed", [0, 42])
def test_a_step_is_odd_where_the_sum_up_to_it_is(dimension, seed):
    numbers, is_odd = parity.sequences(9, 13, dimension, seed)

    values = numbers[..., 0] if dimension == 1 else numbers.argmax(-1)
    if dimension > 1:
        np.testing.assert_array_equal(numbers.sum(-1), 1)
    for sequence, answers in zip(values.astype(int).tolist(), is_odd[..., 0].tolist()):
        assert answers == [sum(sequence[:step + 1]) % 2 == 1 for step in range(13)]
    assert values.max() == max(2, dimension) - 1


def test_the_first_sequences_do_not_depend_on_how_many_there_are():
    np.testing.assert_array_equal(parity.sequences(3, 8)[0], parity.sequences(30, 8)[0][:3])


@pytest.mark.parametrize("sizes, flag", [((0, 5), "--sequences"), ((5, 0), "--sequence_length"),
                                         ((5, 5, 0), "--sequence_dim"), ((-1, 5), "--sequences")])
def test_an_impossible_size_is_a_usage_error(sizes, flag):
    with pytest.raises(errors.UsageError, match=flag):
        parity.sequences(*sizes)
