"""The report of a tagger: what is written, and how words that training has not seen are counted."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit
from npfl_kit.train import tagging

TRAIN = TaggingSplit([["a", "dog"], ["runs"]], [["DET", "NOUN"], ["VERB"]])
DEV = TaggingSplit([["a", "cat"], []], [["DET", "NOUN"], []])
TEST = TaggingSplit([["dog"], ["a", "cow", "eats"]], [["NOUN"], ["DET", "NOUN", "VERB"]])


@pytest.fixture
def data():
    return SequenceTagging("toys", {"train": TRAIN, "dev": DEV, "test": TEST}, "memory")


def always(number):
    return lambda batch: tf.where(batch["words"] > 0, number, -1)


def test_predictions_have_the_lengths_of_the_sentences(data):
    assert tagging.predict(data, "test", 2, always(1)) == [["NOUN"], ["NOUN"] * 3]
    assert tagging.predict(data, "dev", 2, always(0)) == [["DET", "DET"], []]


def test_only_words_that_training_has_not_count_as_unknown(data):
    known = set(data.words.symbols)

    assert tagging.unknown_accuracy(TEST, [["VERB"], ["VERB", "NOUN", "NOUN"]], known) == 0.5
    assert tagging.unknown_accuracy(TRAIN, [["X", "X"], ["X"]], known) == 1


def test_a_tag_that_training_has_not_is_in_the_last_row():
    found = tagging.confusion([["DET", "X"], ["NOUN"]], [["DET", "NOUN"], ["DET"]], ["DET", "NOUN"])

    np.testing.assert_array_equal(found, [[1, 0, 0], [1, 0, 0], [0, 1, 0]])
