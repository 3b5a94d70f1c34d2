"""Entities in sentences of IOB tags, and how many of them were found: the rules of the CoNLL shared tasks.

`conlleval` defines what odd sequences mean, and every published number is its number: an I- after O, or after an I- of
another type, begins an entity. Files in IOB1, in IOB2 and in IOBE are read alike.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from npfl_kit.scoring import tagging

Span = tuple[str, int, int]     # type, first word, last word
OUTSIDE = ("O", ".")            # prefixes of no entity


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities of a sentence as (type, first word, last word), in order.

    Args:
      tags: `O`, `B-TYPE` (begins an entity), `I-TYPE` (inside of one) or `E-TYPE` (ends one).
    Source: Tjong Kim Sang and De Meulder 2003, the script conlleval.

    >>> spans(["B-PER", "I-PER", "O", "I-LOC", "I-PER"])
    [('PER', 0, 1), ('LOC', 3, 3), ('PER', 4, 4)]
    """
    found: list[Span] = []
    begun = None
    last, last_type = "O", ""
    for step, tag in enumerate([*tags, "O"]):       # the end of the sentence ends an entity
        prefix, _, kind = tag.partition("-")
        begins = _begins(last, prefix, last_type, kind)
        if begun is not None and (begins or prefix in OUTSIDE):
            found.append((last_type, begun, step - 1))
            begun = None
        if begins:
            begun = step
        last, last_type = prefix, kind
    return found


def _begins(last: str, prefix: str, last_type: str, kind: str) -> bool:
    """Whether an entity begins with the second of two words: by the pairs that conlleval lists, or by its type."""
    return last + prefix in ("BB", "IB", "OB", "OI", "EE", "EI", "OE") or prefix not in OUTSIDE and last_type != kind


def iob2(tags: Sequence[str]) -> list[str]:
    """The same entities in IOB2, where each begins with B-.

    >>> iob2(["I-PER", "I-PER", "B-PER", "O", "I-LOC"])
    ['B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC']
    """
    result = ["O"] * len(tags)
    for kind, first, last in spans(tags):
        result[first:last + 1] = [f"B-{kind}", *[f"I-{kind}"] * (last - first)]
    return result


def counts(gold: tagging.Tags, predicted: tagging.Tags) -> dict[str, tuple[int, int, int]]:
    """How many entities are right, predicted and in the gold, by type, in the order of the alphabet.

    An entity is right if its type, its first and its last word are.

    >>> counts([["B-PER", "I-PER", "B-LOC"]], [["B-PER", "O", "B-LOC"]])
    {'LOC': (1, 1, 1), 'PER': (0, 1, 1)}
    """
    tagging.require_equal_counts(gold, predicted)
    right, guessed, wanted = Counter[str](), Counter[str](), Counter[str]()
    for tags, others in zip(gold, predicted):
        found, true = spans(others), spans(tags)
        guessed.update(kind for kind, _, _ in found)
        wanted.update(kind for kind, _, _ in true)
        right.update(kind for kind, _, _ in set(true) & set(found))
    return {kind: (right[kind], guessed[kind], wanted[kind]) for kind in sorted({*guessed, *wanted})}


def span_f1(gold: tagging.Tags, predicted: tagging.Tags) -> dict[str, float]:
    """Precision, recall and their harmonic mean over the entities of all sentences.

    Args:
      gold, predicted: `[N]` sentences, a list of IOB tags each.
    Returns: `precision`, `recall` and `f1` of all entities, and `f1_TYPE` of each type, in [0, 1]; 0.0 where nothing
      is found or nothing is there, as conlleval has it.
    Raises: PredictionsError as `tagging.require_equal_counts`.

    >>> span_f1([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]])
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666, 'f1_LOC': 0.0, 'f1_PER': 1.0}
    """
    by_type = counts(gold, predicted)
    precision, recall, f1 = _rates(*(sum(column) for column in zip(*by_type.values())) if by_type else (0, 0, 0))
    return {"precision": precision, "recall": recall, "f1": f1,
            **{f"f1_{kind}": _rates(*each)[2] for kind, each in by_type.items()}}


def _rates(right: int, guessed: int, wanted: int) -> tuple[float, float, float]:
    return (right / guessed if guessed else 0.0, right / wanted if wanted else 0.0,
            2 * right / (guessed + wanted) if guessed + wanted else 0.0)
