"""Generated opinions: what they say is what their words say in this order, and the words alone say less."""
import numpy as np
import pytest

from npfl_kit import data
from npfl_kit.data import opinions


@pytest.fixture(scope="module")
def texts():
    return data.load("opinions")


def meaning(words):
    """The label by a reader of its own: clauses, negations, and which clause counts."""
    text = f" {' '.join(words)} ".replace(" anything but ", " never ")      # this "but" turns nothing
    for fact in opinions.SCENES:
        text = text.replace(f" {fact} ;", "").replace(f" ; {fact} ", " ")
    marks = [(f" {word} ", "last") for word in opinions.TURNED]
    marks += [(" , while ", "first"), (" , although ", "first"), (" , even though ", "first"), (" , ", "last")]
    for mark, which in marks:
        if mark in text:
            return polarity(text.split(mark)[-1 if which == "last" else 0])
    return polarity(text)


def polarity(clause):
    words = clause.split()
    place, label = next((place, label) for place, word in enumerate(words) for label in (0, 1)
                        if word in opinions.QUALITIES[label])
    before = f" {' '.join(words[:place])} "
    return 1 - label if any(before.endswith(f" {words} ") for words in opinions.NOT) else label


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_a_reader_of_the_order_is_always_right(texts, split):
    part = texts.split(split)

    assert [meaning(words) for words in part.sentences] == part.labels.tolist()


def test_a_count_of_praising_words_is_often_wrong(texts):
    part = texts.split("test")

    counts = np.array([sum((word in opinions.QUALITIES[1]) - (word in opinions.QUALITIES[0]) for word in words)
                       for words in part.sentences])
    right = np.mean(np.where(counts == 0, 0.5, (counts > 0) == part.labels))
    assert 0.78 < right < 0.88


def test_sizes_and_shares_are_as_written(texts):
    assert [len(texts.split(name)) for name in ("train", "dev", "test")] == [4_000, 500, 500]
    assert 0.45 < texts.split("train").labels.mean() < 0.55
    known = set(texts.words.symbols)
    assert all(word in known for name in ("dev", "test") for words in texts.split(name).sentences for word in words)
    assert not set(opinions.QUALITIES[0]) & set(opinions.QUALITIES[1])


def test_a_sentence_is_a_function_of_seed_split_and_place():
    assert opinions.sentence(3) == opinions.sentence(3, 42, 0)
    assert len({tuple(opinions.sentence(3, seed, stream)[0]) for seed in (1, 2) for stream in range(3)}) == 6
    assert opinions.load(seed=1).split("dev").sentences[3] == opinions.sentence(3, 1, 1)[0]


def test_the_sentences_stay_those_that_were_published(texts):
    first = "the dialogue is not at all stupid , although i found the plot awful"
    assert (texts.split("train").sentences[0], texts.split("train").labels[0]) == (first.split(), 1)
