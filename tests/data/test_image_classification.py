import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import augment
from npfl_kit.data.image_classification import ImageClassification, Split


@pytest.fixture
def loaded():
    images = np.random.default_rng(42).integers(0, 256, [20, 6, 5, 3], dtype=np.uint8)
    splits = {"train": Split(np.arange(10) % 3, lambda count: images[:count]),
              "dev": Split([0, 1, 2, 0, 1], lambda count: images[10:10 + count]),
              "test": Split([2, 2, 1, 0, 1], lambda count: images[15:15 + count])}
    return ImageClassification("tiny", ["a", "b", "c"], splits, "memory")


def test_elements_match_their_written_spec(loaded):
    for name, examples in (("train", loaded.train), ("dev", loaded.dev), ("test", loaded.test)):
        assert examples.element_spec == loaded.element_spec
        found = list(examples.as_numpy_iterator())
        np.testing.assert_array_equal([one["image"] for one in found], loaded.split(name).images)
        np.testing.assert_array_equal([one["label"] for one in found], loaded.split(name).labels)


def test_mean_is_the_mean_training_pixel(loaded):
    assert loaded.mean.dtype == np.float32
    np.testing.assert_allclose(loaded.mean, loaded.split("train").images.mean((0, 1, 2)) / 255, rtol=1e-6)


def test_labels_do_not_read_pictures():
    def read(count):
        raise AssertionError("pictures were read")

    loaded = ImageClassification("tiny", ["a", "b"], {"train": Split([0, 1], read), "dev": Split([1], read)}, "memory")

    assert loaded.split("train").labels.dtype == np.int32
    assert loaded.evaluate("dev", [1]) == {"accuracy": 1.0}


@pytest.mark.parametrize("predictions, accuracy", [([2, 2, 1, 0, 1], 1.0), ([0, 0, 0, 0, 0], 0.2)])
def test_judge_of_predictions(loaded, predictions, accuracy):
    assert loaded.evaluate("test", predictions) == {"accuracy": accuracy}


def test_wrong_count_of_predictions_says_both(loaded):
    with pytest.raises(errors.PredictionsError, match="Expected 5 predictions, one per example, got 4"):
        loaded.evaluate("test", [0] * 4)


def test_train_batches_are_shuffled_and_evaluation_is_not(loaded):
    train = loaded.batches("train", 4, seed=1, augment=augment.flip)

    assert len(train) == 3 and loaded.batches("dev", 4).cardinality() == 2
    assert loaded.batches("dev", 4).element_spec == (tf.TensorSpec([None, 6, 5, 3]), tf.TensorSpec([None], tf.int32))
    order = np.concatenate([labels for _, labels in train.from_epoch(0, 1).as_numpy_iterator()])
    np.testing.assert_array_equal(np.bincount(order), [4, 3, 3])


def test_unknown_split_and_impossible_batches_are_usage_errors(loaded):
    with pytest.raises(errors.UsageError, match="There is no split 'val'. Known: dev, test, train"):
        loaded.split("val")
    with pytest.raises(errors.UsageError, match="--batch_size must be at least 1, got 0"):
        loaded.batches("dev", 0)
    with pytest.raises(errors.UsageError, match="Only train is augmented, not dev"):
        loaded.batches("dev", 2, augment=augment.flip)
