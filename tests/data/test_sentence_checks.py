import pytest

from npfl_kit.data import sentence_checks


def test_many_places_are_counted_and_five_are_named():
    report = {}
    for number in range(1234):
        sentence_checks.note(report, "multiword", sentence_checks.place("a/b.conllu", number))

    [line] = sentence_checks.lines(report)

    assert line.startswith("1,234 ranges of a word") and line.endswith("b.conllu:3, b.conllu:4 and 1,229 more")


def test_a_report_of_several_is_in_one_order():
    merged = sentence_checks.merged({"unseen tag": ["b"]}, {"no words": ["a"], "unseen tag": ["c"]})

    assert list(merged.items()) == [("no words", ["a"]), ("unseen tag", ["b", "c"])]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no kind 'oddity'"):
        sentence_checks.note({}, "oddity", "a")
