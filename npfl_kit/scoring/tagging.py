"""Share of right tags in sentences."""
from __future__ import annotations

from collections.abc import Sequence

from npfl_kit import errors

Tags = Sequence[Sequence[str]]


def token_accuracy(gold: Tags, predicted: Tags) -> float:
    """The share of words whose predicted tag is the right one.

    Args:
      gold, predicted: `[N]` sentences, a list of tags each.
    Returns: float in [0, 1]; 0.0 if there is no word.
    Raises: PredictionsError as `require_equal_counts`.

    >>> token_accuracy([["DET", "NOUN"], [], ["VERB", "ADV"]], [["DET", "VERB"], [], ["VERB", "ADV"]])
    0.75
    """
    require_equal_counts(gold, predicted)
    words = sum(map(len, gold))
    right = sum(tag == other for tags, others in zip(gold, predicted) for tag, other in zip(tags, others))
    return right / words if words else 0.0


def require_equal_counts(gold: Tags, predicted: Tags) -> None:
    """Raise PredictionsError unless there are as many sentences, and as many tags in each."""
    if len(gold) != len(predicted):
        raise errors.PredictionsError(f"Expected tags of {len(gold):,} sentences, got {len(predicted):,}; predict all "
                                      f"sentences, in the order of the file.")
    for number, (tags, others) in enumerate(zip(gold, predicted), 1):
        if isinstance(others, str) or len(tags) != len(others):
            raise errors.PredictionsError(f"Expected {len(tags):,} tags in sentence {number:,}, one per word, got "
                                          f"{repr(others) if isinstance(others, str) else f'{len(others):,}'}.")
