"""The numbers of words or characters: 0 pads, 1 is anything unknown, the others are what training has seen."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

PAD, UNKNOWN = 0, 1
PAD_SYMBOL, UNKNOWN_SYMBOL = "<pad>", "<unk>"


class Vocabulary:
    """Symbols with a number each; the first two numbers belong to padding and to what is not listed.

    Args:
      symbols: different strings, which get the numbers 2, 3, ...
      any_case: whether a string that is not listed gets the number of one that differs only in case; of several, the
        first. A sixth of the unknown words of English web text are known in another case.

    `symbols` lists all of them by number and begins with "<pad>" and "<unk>"; a text that holds these very strings
    does not confuse it. `Vocabulary(other.symbols[2:])` is equal to `other`.
    Raises: ValueError if a symbol is given twice.

    >>> words = Vocabulary(["the", "cat"])
    >>> words.symbols, words.ids(["cat", "the", "dog"]).tolist()
    (['<pad>', '<unk>', 'the', 'cat'], [3, 2, 1])
    """

    def __init__(self, symbols: Iterable[str], any_case: bool = False) -> None:
        known = list(symbols)
        self.symbols = [PAD_SYMBOL, UNKNOWN_SYMBOL, *known]
        self._numbers = {symbol: number for number, symbol in enumerate(known, UNKNOWN + 1)}
        if len(self._numbers) != len(known):
            repeated = next(each for place, each in enumerate(known) if each in known[:place])
            raise ValueError(f"a vocabulary has each symbol once, got {repeated!r} twice")
        self._folded: dict[str, int] = {}
        if any_case:
            for symbol, number in self._numbers.items():
                self._folded.setdefault(symbol.casefold(), number)

    @classmethod
    def of(cls, symbols: Iterable[str], any_case: bool = False) -> Vocabulary:
        """All different symbols, in the order of their first appearance.

        >>> Vocabulary.of("banana").symbols[2:]
        ['b', 'a', 'n']
        """
        return cls(dict.fromkeys(symbols), any_case)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1) -> Vocabulary:
        """The symbols that are counted at least `min_count` times, in the order of the mapping.

        A `collections.Counter` keeps the order of first appearance.

        >>> Vocabulary.from_counts({"a": 2, "once": 1, "b": 5}, min_count=2).symbols[2:]
        ['a', 'b']
        """
        return cls(symbol for symbol, count in counts.items() if count >= min_count)

    def __len__(self) -> int:
        """How many numbers there are, with those of padding and of the unknown."""
        return len(self.symbols)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._numbers

    def ids(self, symbols: Sequence[str]) -> np.ndarray:
        """The number of each symbol, int32 `[N]`; `UNKNOWN` for one that is not listed."""
        number = self._numbers.get
        if self._folded:
            other = self._folded.get
            found = (number(symbol) or other(symbol.casefold(), UNKNOWN) for symbol in symbols)
        else:
            found = (number(symbol, UNKNOWN) for symbol in symbols)
        return np.fromiter(found, np.int32, len(symbols))
