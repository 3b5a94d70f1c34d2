"""Sentences with a class: batches that hold each once beside its label, and the readers of real sets."""
import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import data, errors
from npfl_kit.data.text_classification import TextClassification, TextSplit

LENGTHS = [3, 1, 0, 7, 2, 2, 5, 1, 9, 4, 6]


def split(count=11, offset=0):
    """Sentence `i` is `LENGTHS[i]` times the word `wi`, its label is `i` modulo 2."""
    return TextSplit([[f"w{offset + row}"] * LENGTHS[row] for row in range(count)], np.arange(count) % 2)


@pytest.fixture
def texts():
    return TextClassification("own", ["no", "yes"], {"train": split(), "dev": split(5), "test": split(4, 100)}, "here")


def arrays(batches):
    return [(inputs["words"].numpy(), (inputs["words"].numpy() > 0).sum(1, dtype=np.int32), labels.numpy())
            for inputs, labels in batches]


def rows(batches):
    """The rows of the sentences, from the words themselves; every row is checked against its length and label."""
    found = []
    for words, lengths, labels in batches:
        assert words.dtype == lengths.dtype == labels.dtype == np.int32
        assert words.shape == (len(labels), max(1, lengths.max()))
        for row, length, label in zip(words, lengths, labels):
            assert np.all(row[length:] == 0) and len(set(row[:length])) <= 1
            number = int(row[0]) - 2
            number = 2 if length == 0 else number + (number >= 2)   # sentence 2 has no word
            assert (LENGTHS[number], number % 2) == (length, label)
            found.append(number)
    return found


@pytest.mark.parametrize("bucketed", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 11, 50])
def test_an_epoch_is_every_sentence_once_beside_its_label(texts, bucketed, batch_size):
    train = texts.batches("train", batch_size, 7, bucketed)

    found = arrays(train.from_epoch(0, 1))

    assert len(found) == len(train) == -(-11 // batch_size) and train.count == 11
    assert sorted(rows(found)) == list(range(11))


def test_bucketed_batches_hold_sentences_of_similar_length(texts):
    padding = {bucketed: sum(int(words.size - lengths.sum()) for words, lengths, _ in
                             arrays(texts.batches("train", 3, 1, bucketed).from_epoch(0, 20)))
               for bucketed in (False, True)}

    assert padding[True] < 0.5 * padding[False]


@pytest.mark.parametrize("bucketed", [False, True])
def test_resuming_equals_the_unbroken_run(texts, bucketed):
    unbroken = rows(arrays(texts.batches("train", 3, 7, bucketed).from_epoch(0, 4)))
    resumed = rows(arrays(texts.batches("train", 3, 7, bucketed).from_epoch(2, 4)))

    assert unbroken[22:] == resumed
    assert len({tuple(unbroken[start:start + 11]) for start in range(0, 44, 11)}) == 4
    assert unbroken != rows(arrays(texts.batches("train", 3, 8, bucketed).from_epoch(0, 4)))


def test_the_seed_that_is_not_given_is_42(texts):
    assert rows(arrays(texts.batches("train", 3).from_epoch(0, 1))) == rows(
        arrays(texts.batches("train", 3, 42).from_epoch(0, 1)))


def test_dev_is_in_order_with_a_ragged_end(texts):
    found = texts.batches("dev", 2)

    assert found.cardinality() == 3 and rows(arrays(found)) == [0, 1, 2, 3, 4]
    assert found.element_spec == texts.batches("train", 2).from_epoch(0, 1).element_spec


def test_words_that_training_has_not_seen_are_unknown(texts):
    (words, lengths, _), = arrays(texts.batches("test", 10))

    assert set(words[words > 0]) == {1} and (words > 0).sum() == lengths.sum()


def test_examples_are_words_and_a_label_in_order(texts):
    assert texts.dev.element_spec == {"words": tf.TensorSpec([None], tf.string), "label": tf.TensorSpec([], tf.int32)}
    found = list(texts.dev.as_numpy_iterator())
    assert [each["words"].tolist() for each in found] == [[f"w{row}".encode()] * LENGTHS[row] for row in range(5)]
    assert [each["label"] for each in found] == [0, 1, 0, 1, 0]


def test_a_sentence_of_10_000_words_is_one_more_sentence_and_is_reported():
    long = TextSplit([["on"] * 10_000, ["off"], []], [1, 0, 1])
    texts = TextClassification("own", ["no", "yes"], dict.fromkeys(["train", "dev", "test"], long), "here")

    found = arrays(texts.batches("train", 2).from_epoch(0, 1))

    assert sorted(words.shape[1] for words, _, _ in found) == [1, 10_000]
    (kind, places), = texts.report().items()
    assert "more than 1,000 words" in kind and places[0] == "train, sentence 1 (10,000 words)" and len(places) == 3


def test_train_size_keeps_the_first_sentences_and_their_words(texts):
    splits = {name: texts.split(name) for name in ("train", "dev", "test")}

    short = TextClassification("own", ["no", "yes"], splits, "here", train_size=2)

    assert len(short.split("train")) == 2 and short.words.symbols[2:] == ["w0", "w1"]
    with pytest.raises(errors.UsageError, match="between 1 and 11"):
        TextClassification("own", ["no", "yes"], splits, "here", train_size=12)


def test_the_judge_counts_right_answers(texts):
    assert texts.evaluate("dev", [0, 1, 0, 0, 0]) == {"accuracy": 0.8}
    with pytest.raises(errors.PredictionsError, match="5"):
        texts.evaluate("dev", [0, 1])


def test_what_cannot_be_learned_from_is_an_error(texts):
    with pytest.raises(errors.DataError, match="no word"):
        TextClassification("own", ["no", "yes"], dict.fromkeys(["train", "dev", "test"], TextSplit([[]], [0])), "x")
    with pytest.raises(errors.UsageError, match="--batch_size must be at least 1"):
        texts.batches("train", 0)
    with pytest.raises(ValueError, match="one label"):
        TextSplit([["a"]], [0, 1])


def test_sst2_has_its_published_sizes(shared):
    texts = data.load("sst2", shared / "data")

    assert [len(texts.split(name)) for name in ("train", "dev", "test")] == [6_920, 872, 1_821]
    assert np.bincount(texts.split("test").labels).tolist() == [912, 909] and texts.report() == {}
    dev = texts.split("dev")
    assert dev.sentences[0] == "one long string of cliches".split() and dev.labels[0] == 0


def test_movie_reviews_are_split_by_a_fixed_rule_with_both_classes_everywhere(shared):
    texts = data.load("movie_reviews_mr", shared / "data")

    sizes = {name: np.bincount(texts.split(name).labels).tolist() for name in ("train", "dev", "test")}
    assert sizes == {"train": [4_265, 4_265], "dev": [533, 533], "test": [533, 533]}
    assert texts.split("train").sentences[0] == ["simplistic", ",", "silly", "and", "tedious", "."]
    sentences = [tuple(text) for name in sizes for text in texts.split(name).sentences]
    assert len(set(sentences)) == len(sentences) == 10_662


def write_reviews(folder, negative, positive):
    folder.mkdir()
    for name, lines in (("neg", negative), ("pos", positive)):
        (folder / f"rt-polarity.{name}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_reviews_that_occur_again_are_in_one_split_alone(tmp_path):
    negative = [f"bad {number}" for number in range(10)]
    reviews = data.load("movie_reviews_mr", write_reviews(
        tmp_path / "mr", [*negative, "bad  0", ""], [*(f"good {number}" for number in range(10)), "bad 3 "]))

    assert [len(reviews.split(name)) for name in ("train", "dev", "test")] == [16, 2, 2]
    assert reviews.split("dev").sentences == [["bad", "8"], ["good", "8"]]
    places = {kind.split(",")[0]: [place.rpartition("rt-")[2] for place in each]
              for kind, each in reviews.report().items()}
    assert places == {"sentences that occur again": ["polarity.neg:11", "polarity.pos:11"],
                      "sentences without a word": ["polarity.neg:12"]}


def test_too_few_reviews_are_a_data_error(tmp_path):
    with pytest.raises(errors.DataError, match=r"polarity\.neg: expected at least 10 different sentences.* found 1"):
        data.load("movie_reviews_mr", write_reviews(tmp_path / "mr", ["bad"], ["good"]))
