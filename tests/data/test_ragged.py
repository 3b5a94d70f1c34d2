import numpy as np
import pytest

from npfl_kit.data.ragged import Ragged


@pytest.mark.parametrize("seed", range(5))
def test_padded_rows_are_those_of_a_loop(seed):
    random = np.random.default_rng(seed)
    rows = [random.integers(0, 99, random.integers(0, 7)).tolist() for _ in range(20)]
    chosen = random.integers(0, 20, 8)

    found = Ragged.of(rows).padded(chosen, -5)

    width = max(1, *(len(rows[index]) for index in chosen))
    assert found.dtype == np.int32
    assert found.tolist() == [rows[index] + [-5] * (width - len(rows[index])) for index in chosen]


@pytest.mark.parametrize("rows, chosen, shape", [([[], []], [0, 1], (2, 1)), ([[1, 2]], [], (0, 1)),
                                                 ([[1] * 10_000, []], [1, 0], (2, 10_000)), ([], [], (0, 1))])
def test_no_rows_and_empty_rows_have_one_column(rows, chosen, shape):
    assert Ragged.of(rows).padded(np.array(chosen, int), 0).shape == shape


def test_lengths_must_add_up():
    with pytest.raises(ValueError, match="add up to 3, got 2 numbers"):
        Ragged([1, 2], [1, 2])
