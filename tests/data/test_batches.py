import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.data import augment, batches

COUNT = 23


@pytest.fixture
def images():
    return np.random.default_rng(42).integers(0, 256, [COUNT, 6, 5, 3], dtype=np.uint8)


LABELS = np.arange(COUNT, dtype=np.int32)


class Lazy:
    """A sequence that is not an array, as `Pictures`."""

    def __init__(self, images):
        self._images, self.shape = images, images.shape

    def __len__(self):
        return len(self._images)

    def __getitem__(self, index):
        return self._images[index]


KINDS = pytest.mark.parametrize("kind", [np.asarray, Lazy])


@KINDS
def test_examples_match_their_written_spec(images, kind):
    examples = batches.examples(kind(images), LABELS)

    assert examples.element_spec == {"image": tf.TensorSpec([6, 5, 3], tf.uint8), "label": tf.TensorSpec([], tf.int32)}
    found = list(examples.as_numpy_iterator())
    np.testing.assert_array_equal([one["image"] for one in found], images)
    np.testing.assert_array_equal([one["label"] for one in found], LABELS)


@KINDS
@pytest.mark.parametrize("batch_size, sizes", [(10, [10, 10, 3]), (23, [23]), (100, [23]), (1, [1] * 23)])
def test_evaluation_is_in_order_with_a_ragged_end(images, kind, batch_size, sizes):
    found = batches.in_order(kind(images), LABELS, batch_size)

    assert found.cardinality() == len(sizes)
    assert found.element_spec == (tf.TensorSpec([None, 6, 5, 3]), tf.TensorSpec([None], tf.int32))
    parts = list(found.as_numpy_iterator())
    assert [len(labels) for _, labels in parts] == sizes
    np.testing.assert_array_equal(np.concatenate([part for part, _ in parts]), np.float32(images) / np.float32(255))
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in parts]), LABELS)


def collect(train, first, epochs):
    found = list(train.from_epoch(first, epochs).as_numpy_iterator())
    return [part for part, _ in found], [labels for _, labels in found]


@KINDS
def test_an_epoch_is_every_example_once_beside_its_label(images, kind):
    train = batches.TrainBatches(kind(images), LABELS, 10, seed=1)

    found, labels = collect(train, 0, 1)

    assert len(train) == 3 and [len(one) for one in labels] == [10, 10, 3]
    labels = np.concatenate(labels)
    assert sorted(labels) == list(range(COUNT)) and np.any(labels != LABELS)
    np.testing.assert_array_equal(np.concatenate(found), np.float32(images[labels]) / np.float32(255))


@pytest.mark.parametrize("step", [None, augment.chain(augment.crop(2), augment.flip, augment.cutout(2))])
def test_resuming_equals_the_unbroken_run_bit_by_bit(images, step):
    unbroken = collect(batches.TrainBatches(images, LABELS, 10, 7, step), 0, 4)

    resumed = collect(batches.TrainBatches(images, LABELS, 10, 7, step), 2, 4)

    for whole, tail in zip(unbroken, resumed):
        assert len(whole) == 12 and len(tail) == 6
        for one, other in zip(whole[6:], tail):
            np.testing.assert_array_equal(one, other)


def test_epochs_and_seeds_differ_in_order(images):
    def order(seed, epoch):
        return np.concatenate(collect(batches.TrainBatches(images, LABELS, 10, seed), epoch, epoch + 1)[1]).tolist()

    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1, 2)}) == 6


def test_epochs_and_steps_differ_in_augmentation():
    images = np.tile(np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1), [COUNT, 1, 1, 1])
    train = batches.TrainBatches(images, LABELS, 5, 3, augment.crop(3))

    found = collect(train, 0, 2)[0]

    assert len({part[:3].tobytes() for part in found}) == len(found) == 10


def test_augmentation_leaves_labels_alone(images):
    def labels(step):
        return np.concatenate(collect(batches.TrainBatches(images, LABELS, 10, 5, step), 0, 2)[1])

    np.testing.assert_array_equal(labels(None), labels(augment.chain(augment.flip, augment.affine(10, 0.1, 0.1))))


@pytest.mark.parametrize("first, epochs, cardinality", [(0, 2, 6), (1, 2, 3), (2, 2, 0), (3, 2, 0)])
def test_cardinality_is_known(images, first, epochs, cardinality):
    found = batches.TrainBatches(images, LABELS, 10, 1).from_epoch(first, epochs)

    assert found.cardinality() == cardinality == len(list(found))
    assert found.element_spec == (tf.TensorSpec([None, 6, 5, 3]), tf.TensorSpec([None], tf.int32))


def test_an_augmentation_that_changes_the_shape_is_refused(images):
    with pytest.raises(ValueError, match="must be equal, but are 6 and 5"):
        batches.TrainBatches(images, LABELS, 10, 1, lambda images, seed: images[:, 1:]).from_epoch(0, 1)


TWO_EPOCHS = """
import zlib
import numpy as np
import tensorflow as tf
from npfl_kit.data import augment, batches

def checksums():
    images = np.random.default_rng(1).integers(0, 256, [40, 8, 8, 3], dtype=np.uint8)
    step = augment.chain(augment.crop(2), augment.flip, augment.affine(9, 0.1, 0.1), augment.cutout(3))
    train = batches.TrainBatches(images, np.arange(40, dtype=np.int32), 7, 1, step)
    return [zlib.crc32(one.tobytes()) for pair in train.from_epoch(0, 2).as_numpy_iterator() for one in pair]
"""


def test_another_process_with_op_determinism_sees_the_same_batches():
    here = {}
    exec(TWO_EPOCHS, here)
    code = f"{TWO_EPOCHS}\ntf.keras.utils.set_random_seed(3)\ntf.config.experimental.enable_op_determinism()\n"

    there = subprocess.run([sys.executable, "-c", f"{code}print(checksums())"], capture_output=True, text=True,
                           check=True)

    assert there.stdout.strip() == str(here["checksums"]()) and len(there.stdout) > 100


def test_no_op_of_a_batch_has_state(images):
    """Under op determinism `tf.data` runs a map with state one call at a time."""
    train = batches.TrainBatches(Lazy(images), LABELS, 10, 1, augment.chain(augment.crop(2), augment.flip))
    count = tf.function(lambda: train.from_epoch(0, 1).reduce(0, lambda steps, *_: steps + 1))
    graph = count.get_concrete_function().graph.as_graph_def()

    ops = {node.op for function in graph.library.function for node in function.node_def}
    assert "PyFuncStateless" in ops and "StatelessShuffle" in ops
    assert not ops & {"PyFunc", "EagerPyFunc", "RandomUniform", "RandomUniformInt", "RandomShuffle"}
