"""The report of a tagger: what is written, and how words that training has not seen are counted."""
import types

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
    assert tagging.predicted(data.batches("test", 2), data.tags, always(1)) == [["NOUN"], ["NOUN"] * 3]
    assert tagging.predicted(data.batches("dev", 2), data.tags, always(0)) == [["DET", "DET"], []]


def test_an_epoch_gets_the_f1_of_the_entities_that_are_found():
    part = TaggingSplit([["Ada", "met", "Alan"]], [["B-PER", "O", "B-PER"]])
    entities = SequenceTagging("toys", dict.fromkeys(["train", "dev", "test"], part), "memory", spans=True)
    run = types.SimpleNamespace(args=types.SimpleNamespace(batch_size=2))
    for found, f1 in (([0, 1, 0], 1.0), ([0, 1, 1], 2 / 3), ([1, 1, 1], 0.0)):
        logs = {"loss": 1.0}
        tagging.ScoreEntities(run, entities, lambda batch, found=found: tf.constant([found])).on_epoch_end(0, logs)

        assert logs == {"loss": 1.0, "val_f1": pytest.approx(f1)}


def test_only_words_that_training_has_not_count_as_unknown(data):
    known = set(data.words.symbols)

    assert tagging.unknown_accuracy(TEST, [["VERB"], ["VERB", "NOUN", "NOUN"]], known) == 0.5
    assert tagging.unknown_accuracy(TRAIN, [["X", "X"], ["X"]], known) == 1


def test_a_tag_that_training_has_not_is_in_the_last_row():
    found = tagging.confusion([["DET", "X"], ["NOUN"]], [["DET", "NOUN"], ["DET"]], ["DET", "NOUN"])

    np.testing.assert_array_equal(found, [[1, 0, 0], [1, 0, 0], [0, 1, 0]])
