import collections

import numpy as np
import pytest

from npfl_kit.data.vocabulary import PAD, UNKNOWN, Vocabulary


def test_padding_is_zero_and_the_unknown_is_one():
    words = Vocabulary(["b", "a"])

    assert (PAD, UNKNOWN) == (0, 1) and words.symbols == ["<pad>", "<unk>", "b", "a"] and len(words) == 4
    assert words.ids(["a", "b", "c", ""]).tolist() == [3, 2, 1, 1] and words.ids(["a"]).dtype == np.int32
    assert "a" in words and "c" not in words


@pytest.mark.parametrize("symbols", [[], ["a"], list("hello")])
def test_the_numbers_are_the_places_among_the_symbols(symbols):
    words = Vocabulary.of(symbols)

    assert [words.symbols[number] for number in words.ids(symbols)] == symbols
    assert Vocabulary(words.symbols[2:]).symbols == words.symbols


def test_the_symbols_of_padding_are_no_words():
    words = Vocabulary.of(["<pad>", "x"])

    assert words.ids(["<pad>", "<unk>", "x"]).tolist() == [2, 1, 3] and "<unk>" not in words


@pytest.mark.parametrize("min_count, expected", [(1, ["c", "a", "b"]), (2, ["c", "b"]), (3, ["b"]), (4, [])])
def test_rare_symbols_are_left_out_and_the_order_is_that_of_appearance(min_count, expected):
    counts = collections.Counter("cabbbc")

    assert Vocabulary.from_counts(counts, min_count).symbols[2:] == expected


def test_a_repeated_symbol_is_named():
    with pytest.raises(ValueError, match="got 'a' twice"):
        Vocabulary(["a", "b", "a"])


def test_no_symbols_have_no_numbers():
    assert Vocabulary([]).ids([]).shape == (0,)


def test_an_unknown_word_is_that_of_another_case():
    words = Vocabulary.of(["The", "the", "US", "us", "Straße"], any_case=True)

    assert words.ids(["The", "the", "THE", "US", "us", "Us", "STRASSE"]).tolist() == [2, 3, 2, 4, 5, 4, 6]
    assert words.ids(["dog", ""]).tolist() == [UNKNOWN] * 2 and "THE" not in words
    assert Vocabulary.of(["The"]).ids(["the"]).tolist() == [UNKNOWN]
