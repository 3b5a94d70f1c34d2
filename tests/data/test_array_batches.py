"""Arrays in batches: nothing is lost, every epoch has an order of its own, and a resumed run sees the same one."""
import numpy as np
import pytest

from npfl_kit.data import array_batches


def arrays(count):
    return np.arange(count * 3, dtype=np.float32).reshape(count, 3), np.arange(count) % 2 == 1


def listed(dataset):
    return [[part.numpy().tolist() for part in batch] for batch in dataset]


@pytest.mark.parametrize("count, batch_size, sizes", [(1, 4, [1]), (4, 4, [4]), (5, 4, [4, 1]), (8, 4, [4, 4])])
def test_batches_in_order_are_the_arrays_cut_up(count, batch_size, sizes):
    numbers, flags = arrays(count)

    batches = list(array_batches.in_order([numbers, flags], batch_size))

    assert [len(batch[0]) for batch in batches] == sizes
    for place, array in enumerate((numbers, flags)):
        np.testing.assert_array_equal(np.concatenate([batch[place] for batch in batches]), array)


@pytest.mark.parametrize("count, batch_size", [(1, 4), (5, 4), (8, 4), (9, 1)])
def test_an_epoch_has_every_example_once_with_what_belongs_to_it(count, batch_size):
    numbers, flags = arrays(count)
    train = array_batches.ArrayTrainBatches([numbers, flags], batch_size, seed=3)

    batches = list(train.from_epoch(0, 1))

    assert (len(batches), train.count) == (len(train), count)
    shuffled = np.concatenate([batch[0] for batch in batches])
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), numbers)
    np.testing.assert_array_equal(np.concatenate([batch[1] for batch in batches]), shuffled[:, 0] // 3 % 2 == 1)


def test_an_epoch_depends_on_the_seed_and_its_number_alone():
    train = array_batches.ArrayTrainBatches(arrays(20), 6, seed=3)

    whole, resumed = listed(train.from_epoch(0, 3)), listed(train.from_epoch(1, 3))

    assert whole[len(train):] == resumed
    assert whole[:4] != whole[4:8] != whole[8:]
    assert whole[:4] != listed(array_batches.ArrayTrainBatches(arrays(20), 6, seed=4).from_epoch(0, 1))


def test_lengths_and_shapes_are_known_before_a_batch_is_made():
    train = array_batches.ArrayTrainBatches(arrays(10), 4, seed=3, unit="sequences")

    assert train.from_epoch(1, 4).cardinality() == 9 and train.from_epoch(4, 4).cardinality() == 0
    assert [spec.shape.as_list() for spec in train.from_epoch(0, 1).element_spec] == [[None, 3], [None]]
    assert train.UNIT == "sequences"
