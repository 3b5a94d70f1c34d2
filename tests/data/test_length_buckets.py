import numpy as np
import pytest

from npfl_kit.data import length_buckets


def lengths(count, seed=0):
    return np.random.default_rng(seed).geometric(0.06, count) - 1       # with zeros, as skewed as sentences


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 2000, 2001, 4999])
@pytest.mark.parametrize("bucketed", [True, False])
def test_an_epoch_has_every_sequence_once_in_full_batches_but_one(count, bucketed):
    found = length_buckets.batches(lengths(count), 10, (42, 0), bucketed)

    assert sorted(np.concatenate([np.zeros(0, int), *found]).tolist()) == list(range(count))
    assert len(found) == -(-count // 10)
    assert sorted(map(len, found)) == sorted([10] * (count // 10) + [count % 10] * (count % 10 > 0))


@pytest.mark.parametrize("bucketed", [True, False])
def test_an_epoch_is_a_function_of_its_seed_and_number(bucketed):
    def order(seed, epoch):
        return [batch.tolist() for batch in length_buckets.batches(lengths(300), 7, (seed, epoch), bucketed)]

    assert order(1, 2) == order(1, 2)
    assert len({str(order(*key)) for key in [(1, 2), (1, 3), (2, 2), (2, 1), (0, 0)]}) == 5


def test_neighbors_of_one_length_share_a_batch_in_another_way_in_every_epoch():
    same = [5] * 100

    first, second = (length_buckets.batches(same, 10, (42, epoch)) for epoch in (0, 1))

    assert {frozenset(batch.tolist()) for batch in first}.isdisjoint(frozenset(batch.tolist()) for batch in second)


def test_bucketing_takes_nine_tenths_of_the_padding_away():
    steps = lengths(12_000)

    with_buckets, plain = (length_buckets.padding_share(steps, length_buckets.batches(steps, 32, (42, 0), bucketed))
                           for bucketed in (True, False))

    assert plain > 0.6 and with_buckets < 0.06


def test_short_and_long_batches_are_mixed():
    steps = lengths(6400)
    means = np.array([steps[batch].mean() for batch in length_buckets.batches(steps, 32, (42, 0))])

    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2
    assert np.ptp(means[:20]) > 20


def test_windows_are_of_whole_batches_and_sorted_apart():
    steps = np.arange(4000)[::-1]       # all different

    found = length_buckets.batches(steps, 2, (42, 0))

    spreads = [np.ptp(steps[batch]) for batch in found]
    assert max(spreads) < 100 and np.mean(spreads) > 5       # of 400 in a window; of one window, all would be 1


@pytest.mark.parametrize("given, order, share", [
    ([3, 3], [[0, 1]], 0.0), ([4, 0], [[0, 1]], 0.5), ([0, 0], [[0, 1]], 0.0), ([], [], 0.0),
    ([1, 3, 2], [[0, 1], [2]], 0.25)])
def test_padding_share_by_hand(given, order, share):
    assert length_buckets.padding_share(given, [np.array(batch) for batch in order]) == share
