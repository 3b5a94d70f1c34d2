import numpy as np
import pytest
import tensorflow as tf

from npfl_kit.data import bucketed_epochs, length_buckets, tagging_batches
from npfl_kit.data.vocabulary import Vocabulary

KNOWN_TAGS = ["A", "B", "C"]


def generated(count, seed=0, longest=12):
    """Sentences without words among them, words that are not known, and tags that are not."""
    random = np.random.default_rng(seed)
    letters = list("abcdé")
    sentences = [["".join(random.choice(letters, random.integers(1, 6))) for _ in range(random.integers(0, longest))]
                 for _ in range(count)]
    return sentences, [[random.choice(["A", "B", "C", "X"]) for _ in words] for words in sentences]


def encoded(sentences, tags):
    words = Vocabulary.of(word for sentence in sentences[::2] for word in sentence)
    return tagging_batches.Encoded(sentences, tags, words, Vocabulary(list("abcd")), KNOWN_TAGS), words


def in_order(arrays, batch_size):
    return bucketed_epochs.in_order(len(arrays), arrays.read, batch_size)


def in_epochs(arrays, batch_size, seed, bucketed=True):
    return bucketed_epochs.BucketedEpochs(arrays.lengths, arrays.read, batch_size, seed, bucketed)


def row(values, width, fill):
    return [*values, *[fill] * (width - len(values))]


def slowly(sentences, tags, words, index):
    """A batch by plain loops, from the definition."""
    sentences, tags = [sentences[i] for i in index], [tags[i] for i in index]
    width = max(1, *map(len, sentences))
    letters = {letter: number for number, letter in enumerate("abcd", 2)}
    return {"words": [row(words.ids(each).tolist(), width, 0) for each in sentences],
            "spelled": [[[letters.get(letter, 1) for letter in word[:64]] for word in row(each, width, "")]
                        for each in sentences],
            "lengths": [len(each) for each in sentences],
            "tags": [row([KNOWN_TAGS.index(tag) if tag in KNOWN_TAGS else -1 for tag in each], width, -1)
                     for each in tags]}


def respelled(batch):
    """The characters of each word of the batch, without padding: `[B][T][letters]`."""
    return [[[int(letter) for letter in batch["characters"][place] if letter] for place in places]
            for places in batch["spelling"]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_a_batch_says_what_the_sentences_say(seed, batch_size):
    sentences, tags = generated(20, seed)
    arrays, words = encoded(sentences, tags)
    index = np.random.default_rng(seed).permutation(20)[:batch_size]

    batch = arrays.batch(index)

    expected = slowly(sentences, tags, words, index)
    assert all(batch[name].dtype == np.int32 for name in batch)
    assert {name: batch[name].tolist() for name in ("words", "lengths", "tags")} == \
        {name: expected[name] for name in ("words", "lengths", "tags")}
    assert respelled(batch) == expected["spelled"] and batch["index"].tolist() == index.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_every_word_is_spelled_once_and_padding_is_row_zero(seed):
    sentences, tags = generated(20, seed)
    arrays, _ = encoded(sentences, tags)

    batch = arrays.batch(np.arange(20))

    different = {word for sentence in sentences for word in sentence}
    inside = np.arange(batch["words"].shape[1]) < batch["lengths"][:, np.newaxis]
    assert len(batch["characters"]) == len(different) + 1 and not batch["characters"][0].any()
    assert not batch["spelling"][~inside].any() and (batch["spelling"][inside] > 0).all()
    assert set(batch["spelling"][inside].tolist()) == set(range(1, len(different) + 1))


def test_a_word_of_a_thousand_letters_counts_by_its_first_64():
    arrays = tagging_batches.Encoded([["a" * 1000]], [["A"]], Vocabulary([]), Vocabulary(["a"]), KNOWN_TAGS)

    assert arrays.batch(np.array([0]))["characters"].tolist() == [[0] * 64, [2] * 64]


@pytest.mark.parametrize("index", [[0], [0, 1], []])
def test_sentences_without_words_make_a_batch_of_padding(index):
    arrays = tagging_batches.Encoded([[], []], [[], []], Vocabulary([]), Vocabulary([]), KNOWN_TAGS)

    batch = arrays.batch(np.array(index, int))

    assert batch["words"].shape == batch["spelling"].shape == batch["tags"].shape == (len(index), 1)
    assert not batch["words"].any() and (batch["tags"] == -1).all() and batch["characters"].tolist() == [[0]]


def test_ten_thousand_words_fit_beside_none():
    sentences = [[f"w{number}" for number in range(10_000)], []]
    arrays = tagging_batches.Encoded(sentences, [["A"] * 10_000, []], Vocabulary.of(sentences[0]),
                                     Vocabulary(list("0123456789w")), KNOWN_TAGS)

    batch = next(iter(in_order(arrays, 2)))

    assert batch["words"].shape == (2, 10_000) and batch["characters"].shape == (10_001, 5)
    assert batch["words"][0, -1] == 10_001 and batch["lengths"].numpy().tolist() == [10_000, 0]


def test_what_comes_out_has_the_written_shapes():
    arrays, _ = encoded(*generated(9))
    spec = {name: tf.TensorSpec(shape, tf.int32) for name, shape in tagging_batches.SHAPES.items()}

    assert in_order(arrays, 4).element_spec == spec
    assert in_epochs(arrays, 4, 42).from_epoch(0, 1).element_spec == spec


@pytest.mark.parametrize("batch_size, sizes", [(4, [4, 4, 1]), (9, [9]), (100, [9]), (1, [1] * 9)])
def test_evaluation_is_in_order_with_a_ragged_end(batch_size, sizes):
    sentences, tags = generated(9)
    found = in_order(encoded(sentences, tags)[0], batch_size)

    batches = list(found.as_numpy_iterator())

    assert found.cardinality() == len(sizes) and [len(batch["lengths"]) for batch in batches] == sizes
    assert np.concatenate([batch["index"] for batch in batches]).tolist() == list(range(9))
    assert np.concatenate([batch["lengths"] for batch in batches]).tolist() == [len(each) for each in sentences]


@pytest.mark.parametrize("bucketed", [True, False])
def test_an_epoch_is_every_sentence_once_in_the_batches_of_length_buckets(bucketed):
    sentences, tags = generated(50)
    arrays, words = encoded(sentences, tags)
    train = in_epochs(arrays, 8, 7, bucketed)

    found = list(train.from_epoch(3, 4).as_numpy_iterator())

    assert len(train) == len(found) == 7 and train.count == 50
    assert [batch["index"].tolist() for batch in found] == \
        [batch.tolist() for batch in length_buckets.batches(arrays.lengths, 8, (7, 3), bucketed)]
    for batch in found:
        assert batch["words"].tolist() == slowly(sentences, tags, words, batch["index"])["words"]


@pytest.mark.parametrize("bucketed", [True, False])
def test_resuming_equals_the_unbroken_run(bucketed):
    def collect(first):
        train = in_epochs(encoded(*generated(50))[0], 8, 7, bucketed)
        found = train.from_epoch(first, 4)
        assert found.cardinality() == 7 * (4 - first)
        return list(found.as_numpy_iterator())

    unbroken, resumed = collect(0), collect(2)

    assert len(unbroken) == 28 and len(resumed) == 14
    for one, other in zip(unbroken[14:], resumed):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    orders = {str([batch["index"].tolist() for batch in unbroken[7 * epoch:7 * epoch + 7]]) for epoch in range(4)}
    assert len(orders) == 4


def test_functions_are_applied_in_their_order_and_leave_the_batches_alone():
    train = in_epochs(encoded(*generated(9))[0], 4, 42)

    mapped = train.map(lambda batch: (batch["words"], batch["tags"])).map(lambda words, tags: (words + 1, tags))

    plain, changed = next(iter(train.from_epoch(0, 1))), next(iter(mapped.from_epoch(0, 1)))
    np.testing.assert_array_equal(changed[0], plain["words"] + 1)
    np.testing.assert_array_equal(changed[1], plain["tags"])
    assert len(mapped) == len(train) == 3 and mapped.count == 9


def test_examples_are_strings_in_order():
    sentences, tags = [["ž", "b"], [], ["c"]], [["A", "B"], [], ["X"]]

    examples = tagging_batches.examples(sentences, tags)

    assert examples.element_spec == {name: tf.TensorSpec([None], tf.string) for name in ("words", "tags")}
    found = [{name: [word.decode() for word in part] for name, part in each.items()}
             for each in examples.as_numpy_iterator()]
    assert [each["words"] for each in found] == sentences and [each["tags"] for each in found] == tags
