import random
import subprocess
import sys

import pytest

from npfl_kit import errors
from npfl_kit.scoring import spans


def conlleval(gold, predicted):
    """Right, predicted and gold entities, counted word by word as the script does, without ever listing an entity."""
    def ends(one, other):
        pairs = {"B": "BO", "I": "BO", "E": "EIO"}
        return other[0] in pairs.get(one[0], "") or one[0] != "O" and one[1] != other[1]

    def begins(one, other):
        pairs = {"B": "B", "I": "B", "O": "BIE", "E": "EI"}
        return other[0] in pairs[one[0]] or other[0] != "O" and one[1] != other[1]

    def parts(tag):
        return (tag[0], tag[2:])

    right = guessed = wanted = 0
    is_right, last = False, (("O", ""), ("O", ""))
    for tags, others in zip(gold, predicted):
        for pair in [*zip(map(parts, tags), map(parts, others)), (("O", ""), ("O", ""))]:
            ended = [ends(one, other) for one, other in zip(last, pair)]
            if is_right and all(ended) and last[0][1] == last[1][1]:
                right, is_right = right + 1, False
            elif is_right and (ended[0] != ended[1] or pair[0][1] != pair[1][1]):
                is_right = False
            begun = [begins(one, other) for one, other in zip(last, pair)]
            is_right = is_right or all(begun) and pair[0][1] == pair[1][1]
            wanted, guessed, last = wanted + begun[0], guessed + begun[1], pair
    return right, guessed, wanted


ALPHABETS = {"iob": ["O", "B-A", "I-A", "B-B", "I-B"], "iobe": ["O", "B-A", "I-A", "E-A", "B-b-c", "I-b-c", "E-b-c"],
             "untyped": ["O", "B", "I", "E", "B-A", "I-A"], "iob1": ["O", "I-A", "I-B"], "one": ["B-A", "I-A"]}


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_conlleval_on_any_sequence(alphabet, seed):
    generator = random.Random(f"{alphabet}{seed}")
    gold = [generator.choices(ALPHABETS[alphabet], k=generator.randint(0, 9)) for _ in range(80)]
    predicted = [[tag if generator.random() < 0.6 else generator.choice(ALPHABETS[alphabet]) for tag in tags]
                 for tags in gold]

    counts = spans.counts(gold, predicted)

    right, guessed, wanted = (sum(column) for column in zip(*counts.values()))
    assert (right, guessed, wanted) == conlleval(gold, predicted)
    found = spans.span_f1(gold, predicted)
    assert found["precision"] == right / guessed and found["recall"] == right / wanted
    assert found["f1"] == pytest.approx(2 / (guessed / right + wanted / right))


@pytest.mark.parametrize("tags, expected", [
    ([], []),
    (["O", "O"], []),
    (["B-A"], [("A", 0, 0)]),
    (["I-A"], [("A", 0, 0)]),                                           # I- at the beginning of a sentence
    (["O", "I-A", "I-A", "O"], [("A", 1, 2)]),                          # I- after O
    (["B-A", "B-A", "I-A"], [("A", 0, 0), ("A", 1, 2)]),                # B- parts neighbors
    (["I-A", "B-A", "I-A"], [("A", 0, 0), ("A", 1, 2)]),                # also in IOB1
    (["B-A", "I-B"], [("A", 0, 0), ("B", 1, 1)]),                       # another type begins an entity
    (["B-A", "I-B", "I-A"], [("A", 0, 0), ("B", 1, 1), ("A", 2, 2)]),
    (["B-A", "I-A", "E-A", "I-A"], [("A", 0, 2), ("A", 3, 3)]),
    (["B-creative-work", "I-creative-work"], [("creative-work", 0, 1)]),
    (["B-A", ".", "I-A"], [("A", 0, 0), ("A", 2, 2)]),                  # a tag that stands for O
    (["B-A", "X", "B-A"], [("A", 0, 0), ("", 1, 1), ("A", 2, 2)])])     # no tag at all is a wrong entity
def test_odd_sequences_mean_what_conlleval_says(tags, expected):
    assert spans.spans(tags) == expected


def test_an_entity_ends_with_its_sentence():
    assert spans.counts([["B-A"], ["I-A"]], [["B-A"], ["I-A"]]) == {"A": (2, 2, 2)}


def test_an_entity_counts_only_if_both_borders_and_the_type_are_right():
    gold = [["B-A", "I-A", "O", "B-B", "O"]]

    assert spans.counts(gold, [["B-A", "O", "O", "B-A", "O"]]) == {"A": (0, 2, 1), "B": (0, 0, 1)}
    assert spans.span_f1(gold, [["B-A", "I-A", "I-A", "B-B", "O"]])["f1"] == 0.5
    assert spans.span_f1(gold, gold) == {"precision": 1, "recall": 1, "f1": 1, "f1_A": 1, "f1_B": 1}


@pytest.mark.parametrize("gold, predicted", [([], []), ([[]], [[]]), ([["O"]], [["O"]]), ([["B-A"]], [["O"]]),
                                             ([["O"]], [["B-A"]]), ([["B-A"]], [["B-B"]])])
def test_where_nothing_is_right_all_scores_are_zero(gold, predicted):
    assert set(spans.span_f1(gold, predicted).values()) == {0.0}


@pytest.mark.parametrize("seed", range(5))
def test_iob2_keeps_the_entities_and_begins_each_with_b(seed):
    generator = random.Random(seed)
    tags = generator.choices(["O", "I-A", "B-A", "I-B", "B-B"], k=30)

    converted = spans.iob2(tags)

    assert spans.spans(converted) == spans.spans(tags)
    assert [place for place, tag in enumerate(converted) if tag[0] == "B"] == [each[1] for each in spans.spans(tags)]
    assert spans.iob2(converted) == converted


def test_another_number_of_tags_is_refused():
    with pytest.raises(errors.PredictionsError, match="Expected 1 tags in sentence 1"):
        spans.span_f1([["O"]], [["O", "O"]])


def test_scoring_of_tags_never_imports_tensorflow():
    code = ("import sys, npfl_kit.scoring.spans, npfl_kit.scoring.tagging, npfl_kit.scoring.tag_lines; "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'PIL', 'matplotlib')))")

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
