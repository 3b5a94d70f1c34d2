import numpy as np
import pytest

from npfl_kit.data.alphabet import Alphabet


@pytest.mark.parametrize("text", ["a", "To be, or not\nto be", "žluťoučký \U0001f600", "\x00\t"])
def test_what_is_encoded_is_decoded(text):
    alphabet = Alphabet(text)

    numbers = alphabet.encode(text)

    assert numbers.dtype == np.int32 and alphabet.decode(numbers) == text
    assert alphabet.characters == sorted(set(text)) and len(alphabet) == len(set(text))
    assert alphabet.strangers(text) == {} and alphabet.encode("").shape == (0,)


@pytest.mark.parametrize("character, stands_for", [("é", "e"), ("É", "e"), ("E", "e"), ("b", "B"), ("ß", "o"),
                                                   ("\ud800", "o")])
def test_a_stranger_stands_for_the_nearest_character(character, stands_for):
    alphabet = Alphabet("e Boo")

    assert alphabet.decode(alphabet.encode(character)) == stands_for
    assert alphabet.strangers(f"oo{character}e{character}") == {character: 2}
