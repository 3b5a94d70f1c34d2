import pytest

from npfl_kit import errors
from npfl_kit.scoring import tagging


@pytest.mark.parametrize("gold, predicted, accuracy", [
    ([["A", "B"], ["A"]], [["A", "B"], ["A"]], 1.0), ([["A", "B"], ["A"]], [["A", "A"], ["B"]], 1 / 3),
    ([], [], 0.0), ([[], []], [[], []], 0.0), ([[], ["A"]], [[], ["A"]], 1.0)])
def test_accuracy_is_over_words_and_not_over_sentences(gold, predicted, accuracy):
    assert tagging.token_accuracy(gold, predicted) == accuracy


@pytest.mark.parametrize("predicted, message", [
    ([["A", "B"]], "Expected tags of 2 sentences, got 1"), ([["A", "B"], ["A"], []], "of 2 sentences, got 3"),
    ([["A", "B"], []], "Expected 1 tags in sentence 2, one per word, got 0"),
    ([["A"], ["A"]], "Expected 2 tags in sentence 1, one per word, got 1"),
    (["AB", "A"], "Expected 2 tags in sentence 1, one per word, got 'AB'")])
def test_another_number_of_sentences_or_tags_is_refused(predicted, message):
    with pytest.raises(errors.PredictionsError, match=message):
        tagging.token_accuracy([["A", "B"], ["A"]], predicted)
