"""What all training batches share."""
import pytest
import tensorflow as tf

from npfl_kit.data.epochs import Epochs


class Shuffled(Epochs):
    def epoch(self, number):
        _, order = self.shuffled(number)
        return tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size).map(self.mapped)


def listed(train, first, epochs):
    return [batch.numpy().tolist() for batch in train.from_epoch(first, epochs)]


def test_an_epoch_is_everything_once_in_an_order_of_its_own():
    train = Shuffled(10, 4, seed=3)

    batches = listed(train, 0, 2)

    assert len(train) == 3 and len(batches) == 6
    assert sorted(sum(batches[:3], [])) == sorted(sum(batches[3:], [])) == list(range(10))
    assert batches[:3] != batches[3:]


@pytest.mark.parametrize("first", [1, 2])
def test_an_epoch_is_a_function_of_the_seed_and_its_number(first):
    train = Shuffled(10, 4, seed=3)

    assert listed(Shuffled(10, 4, seed=3), first, 3) == listed(train, 0, 3)[3 * first:]
    assert listed(Shuffled(10, 4, seed=4), 0, 3) != listed(train, 0, 3)


def test_functions_are_applied_in_their_order_and_leave_the_batches_alone():
    train = Shuffled(10, 4, seed=3)
    mapped = train.map(lambda batch: (batch, batch + 1)).map(lambda one, two: one * two)

    assert listed(mapped, 0, 1) == [[each * (each + 1) for each in batch] for batch in listed(train, 0, 1)]


def test_the_number_of_batches_is_known():
    assert int(Shuffled(10, 4, seed=3).from_epoch(2, 5).cardinality()) == 9
    assert int(Shuffled(10, 4, seed=3).from_epoch(5, 2).cardinality()) == 0


def test_a_class_that_says_no_epoch_is_a_mistake():
    with pytest.raises(TypeError, match="Epochs does not say what an epoch is"):
        Epochs(1, 1, 1).epoch(tf.constant(0))
