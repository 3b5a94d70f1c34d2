"""The characters of a text as numbers, and what stands for a character that the text does not have."""
from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np


class Alphabet:
    """The different characters of a text, in the order of Unicode; there is no padding and no unknown character.

    A character that the text does not have stands for the nearest that it has: without its accent (é is e), in its
    other case, and else for the most frequent one, mostly a blank.

    Args:
      text: at least one character.

    >>> alphabet = Alphabet("hello here")
    >>> alphabet.characters, alphabet.encode("Héro?").tolist()
    ([' ', 'e', 'h', 'l', 'o', 'r'], [2, 1, 5, 4, 1])
    >>> alphabet.decode([2, 1, 5, 1])
    'here'
    """

    def __init__(self, text: str) -> None:
        different, counts = np.unique(code_points(text), return_counts=True)
        self.characters: list[str] = list(map(chr, different.tolist()))
        self.most_frequent = self.characters[int(counts.argmax())]
        self._numbers = {character: number for number, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of the characters of any text: int32 `[N]` in `[0, len(alphabet))`."""
        different, positions = np.unique(code_points(text), return_inverse=True)
        numbers = [self._numbers[nearest(chr(point), self._numbers) or self.most_frequent] for point in different]
        return np.array(numbers, np.int32)[positions.reshape(-1)]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of characters given by their numbers."""
        return "".join(self.characters[number] for number in np.asarray(numbers, int).tolist())

    def strangers(self, text: str) -> dict[str, int]:
        """The characters of `text` that are not in the alphabet, and how often they are there."""
        different, counts = np.unique(code_points(text), return_counts=True)
        found = zip(map(chr, different.tolist()), counts.tolist())
        return {character: count for character, count in found if character not in self._numbers}


def code_points(text: str) -> np.ndarray:
    """The numbers that Unicode gives to the characters: uint32 `[N]`.

    >>> code_points("aé").tolist()
    [97, 233]
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def nearest(character: str, known: Mapping[str, int]) -> str | None:
    """The known character that stands for this one, or None.

    >>> nearest("É", {"e": 0}), nearest("e", {"e": 0}), nearest("?", {"e": 0})
    ('e', 'e', None)
    """
    plain = unicodedata.normalize("NFKD", character)[:1]
    tried = (character, plain, character.swapcase(), plain.swapcase())
    return next((each for each in tried if each in known), None)
