"""Edit distances against a slow oracle that tries everything."""
import functools
import time

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import edit_distance


def slow(gold, predicted):
    """The least (distance, insertions and deletions, insertions), by recursion."""
    @functools.lru_cache(maxsize=None)
    def best(left, right):
        if not left and not right:
            return 0, 0, 0
        found = []
        if left:
            found.append(plus(best(left[1:], right), (1, 1, 0)))
        if right:
            found.append(plus(best(left, right[1:]), (1, 1, 1)))
        if left and right:
            found.append(plus(best(left[1:], right[1:]), (int(left[0] != right[0]), 0, 0)))
        return min(found)

    return best(tuple(gold), tuple(predicted))


def plus(first, second):
    return tuple(a + b for a, b in zip(first, second))


@pytest.mark.parametrize("seed", range(60))
def test_the_edits_are_the_fewest_and_of_these_the_ones_with_most_substitutions(seed):
    generator = np.random.default_rng(seed)
    gold, predicted = (generator.integers(3, size=generator.integers(8)).tolist() for _ in range(2))

    found = edit_distance.edits(gold, predicted)

    distance, moved, insertions = slow(gold, predicted)
    assert found == (insertions, moved - insertions, distance - moved)
    assert found.distance == edit_distance.edit_distance(gold, predicted) == distance


@pytest.mark.parametrize("seed", range(10))
def test_the_distance_is_a_metric(seed):
    generator = np.random.default_rng(seed)
    first, second, third = (generator.integers(4, size=generator.integers(30)).tolist() for _ in range(3))
    distance = edit_distance.edit_distance

    assert distance(first, first) == 0 and (distance(first, second) == 0) == (first == second)
    assert distance(first, second) == distance(second, first)
    assert distance(first, third) <= distance(first, second) + distance(second, third)


def test_turning_the_roles_turns_insertions_into_deletions():
    there, back = edit_distance.edits("saturday", "sundays"), edit_distance.edits("sundays", "saturday")

    assert (there.insertions, there.deletions, there.substitutions) == (back.deletions, back.insertions,
                                                                        back.substitutions)


@pytest.mark.parametrize("gold, predicted, expected", [
    ("", "", (0, 0, 0)), ("", "abc", (3, 0, 0)), ("abc", "", (0, 3, 0)), ("abc", "xyz", (0, 0, 3)),
    ("ab", "ba", (0, 0, 2)), (["a b"], ["a", "b"], (1, 0, 1)), ("a", "aaa", (2, 0, 0))])
def test_edges(gold, predicted, expected):
    assert edit_distance.edits(gold, predicted) == expected


def test_means_over_sequences_and_over_symbols_differ():
    golds, predictions = ["ab", "abcdefgh", ""], ["", "abcdefgh", "x"]

    assert edit_distance.normalized(golds, predictions) == pytest.approx((1 + 0 + 1) / 3)
    assert edit_distance.error_rate(golds, predictions) == pytest.approx(3 / 10)
    assert edit_distance.normalized([], []) == edit_distance.error_rate([], []) == 0


@pytest.mark.parametrize("judge", [edit_distance.normalized, edit_distance.error_rate])
def test_another_number_of_predictions_is_an_error(judge):
    with pytest.raises(errors.PredictionsError, match="Expected 2 predicted sequences.*got 1"):
        judge(["a", "b"], ["a"])


def test_long_sequences_take_no_square_of_memory_and_little_time():
    gold = np.random.default_rng(0).integers(50, size=3_000).tolist()

    start = time.perf_counter()
    found = edit_distance.edits(gold, gold[7:] + [99])

    assert found == (1, 7, 0) and time.perf_counter() - start < 5
