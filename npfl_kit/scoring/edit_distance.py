"""How many insertions, deletions and substitutions turn one sequence into another."""
from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from npfl_kit import errors

Symbols = Sequence[Hashable]


class Edits(NamedTuple):
    """The mistakes of a predicted sequence; `distance` is their sum.

    Args:
      insertions: int, symbols that the prediction has too many.
      deletions: int, symbols that it lacks.
      substitutions: int, symbols that stand for another one.
    """

    insertions: int
    deletions: int
    substitutions: int

    @property
    def distance(self) -> int:
        return sum(self)


def edits(gold: Symbols, predicted: Symbols) -> Edits:
    """The fewest mistakes that explain the prediction.

    Several explanations may be equally short: the one with the most substitutions counts.

    Args:
      gold, predicted: sequences of anything that can be compared, such as a string or a list of words.
    Source: Wagner and Fischer 1974, The String-to-String Correction Problem; time is O(N M), memory O(N + M).

    >>> edits("kitten", "sitting")
    Edits(insertions=1, deletions=0, substitutions=2)
    >>> edits(["a", "b"], []).distance
    2
    """
    right, given = _numbered(gold, predicted)
    # One number orders explanations: the distance first, then the insertions and deletions.
    one = len(right) + len(given) + 1
    steps = np.arange(len(given) + 1, dtype=np.int64) * (one + 1)                       # [M + 1], insertions alone
    row = steps
    for symbol in right:
        above = np.append(row[:1] + one + 1, np.minimum(row[1:] + one + 1, row[:-1] + one * (given != symbol)))
        row = np.minimum.accumulate(above - steps) + steps                              # insertions to the right
    distance, moved = divmod(int(row[-1]), one)
    insertions = (moved + len(given) - len(right)) // 2
    return Edits(insertions, moved - insertions, distance - moved)


def edit_distance(gold: Symbols, predicted: Symbols) -> int:
    """The number of mistakes: Levenshtein's distance.

    >>> edit_distance("flaw", "lawn")
    2
    """
    return edits(gold, predicted).distance


def normalized(golds: Sequence[Symbols], predictions: Sequence[Symbols]) -> float:
    """The mean over all sequences of the distance divided by the length of the right sequence, as the course does.

    Returns: float >= 0, which may exceed 1; an empty right sequence counts as one symbol long; 0.0 without sequences.
    Raises: PredictionsError if there are not as many predictions.

    >>> normalized(["four", "ab"], ["for", "ab"])
    0.125
    """
    pairs = _paired(golds, predictions)
    shares = [edit_distance(gold, predicted) / max(1, len(gold)) for gold, predicted in pairs]
    return float(np.mean(shares)) if shares else 0.0


def error_rate(golds: Sequence[Symbols], predictions: Sequence[Symbols]) -> float:
    """All mistakes divided by all right symbols: the word error rate, or the character error rate, of a whole set.

    A long sequence counts for more here than in `normalized`.

    Returns: float >= 0, which may exceed 1; without a right symbol they count as one.
    Raises: PredictionsError if there are not as many predictions.

    >>> error_rate(["four", "ab"], ["for", "ab"]) == 1 / 6
    True
    """
    pairs = _paired(golds, predictions)
    return sum(edit_distance(*pair) for pair in pairs) / max(1, sum(len(gold) for gold, _ in pairs))


def _numbered(gold: Symbols, predicted: Symbols) -> tuple[np.ndarray, np.ndarray]:
    """Both sequences as numbers, equal where the symbols are: int64 `[N]` and `[M]`."""
    numbers: dict[Any, int] = {}
    right, given = ([numbers.setdefault(symbol, len(numbers)) for symbol in each] for each in (gold, predicted))
    return np.array(right, np.int64), np.array(given, np.int64)


def _paired(golds: Sequence[Symbols], predictions: Sequence[Symbols]) -> list[tuple[Symbols, Symbols]]:
    if len(golds) != len(predictions):
        raise errors.PredictionsError(f"Expected {len(golds):,} predicted sequences, one per right one, got "
                                      f"{len(predictions):,}.")
    return list(zip(golds, predictions))
