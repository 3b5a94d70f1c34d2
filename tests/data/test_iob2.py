import gzip

import pytest

from npfl_kit import errors
from npfl_kit.data import iob2, tagged_sentences


def parsed(*text):
    found, report = tagged_sentences.TaggedSentences(), {}
    iob2.parse(text, "folder/dev.conll", found, report)
    return found.sentences, found.tags, report


def test_words_and_tags_in_two_columns():
    assert parsed("New\tB-LOC", "York\tI-LOC", "", "is\tO") == (
        [["New", "York"], ["is"]], [["B-LOC", "I-LOC"], ["O"]], {})


def test_five_columns_with_comments():
    text = ["# text = a\tb", "1\tin\tO\t-\t-", "2\tTampa\tB-LOC\t-\tann", "# c\td", "", "#", "1\t#x\tO\t-\t-"]

    assert parsed(*text) == ([["in", "Tampa"], ["#x"]], [["O", "B-LOC"], ["O"]], {})


@pytest.mark.parametrize("first", ["#ff\tO", "word\tO"])
def test_a_hashtag_is_a_word_also_on_the_first_line(first):
    sentences, _, report = parsed("# a comment", first, "#\tO", "#a b\tB-X", "# another comment")

    assert sentences == [[first[:-2], "#", "#a b"]] and not report


@pytest.mark.parametrize("given, tags", [
    (["I-A", "I-A", "O", "I-B"], ["B-A", "I-A", "O", "B-B"]), (["I-A", "B-A"], ["B-A", "B-A"]),
    (["B-A", "I-B", "I-A"], ["B-A", "B-B", "B-A"]), (["O", "B-A", "I-A"], ["O", "B-A", "I-A"])])
def test_iob1_becomes_iob2_and_each_change_is_counted(given, tags):
    _, found, report = parsed(*[f"w\t{tag}" for tag in given])

    changed = [f"dev.conll:{number}" for number, pair in enumerate(zip(given, tags), 1) if pair[0] != pair[1]]
    assert found == [tags] and report.get("entity begins inside", []) == changed


def test_sentences_without_words_are_left_out_and_counted():
    assert parsed("a\tO", "", "", "# b", "", "c\tO", "", "") == (
        [["a"], ["c"]], [["O"], ["O"]], {"no words": ["dev.conll:3", "dev.conll:4"]})


@pytest.mark.parametrize("text, line, message", [
    (["a\tO", "b O"], 2, "expected 2 columns, as in the lines before, found no tab in 'b O'"),
    (["a\tO", "#b O"], 2, "expected 2 columns, as in the lines before, found no tab in '#b O'"),
    (["a O"], 1, "expected word TAB tag, or 5 columns, found no tab in 'a O'"),
    (["a\tNN\tO"], 1, "expected word TAB tag, or 5 columns, found 3 columns"),
    (["a\tO", "1\tb\tO\t-\t-"], 2, "expected 2 columns, as in the lines before, found 5 columns"),
    (["1\tb\tO\t-\t-", "2\tb\tO\t-"], 2, "expected 5 columns, as in the lines before, found 4 columns"),
    (["a\tO", "b\tX-PER"], 2, "expected a word and a tag (O, B-TYPE or I-TYPE), found 'b X-PER'"),
    (["a\tO", "#ff\tB-"], 2, "expected a word and a tag"), (["a\tPER"], 1, "expected a word and a tag"),
    (["a\tO", "\tO"], 2, "expected a word and a tag"), (["a\t"], 1, "expected a word and a tag"),
    (["x\tb\tO\t-\t-"], 1, "expected a word and a tag (O, B-TYPE or I-TYPE) after a number")])
def test_a_broken_line_is_named(text, line, message):
    with pytest.raises(errors.DataError) as error:
        parsed(*text)

    assert str(error.value).startswith(f"folder/dev.conll, line {line}: {message}")
    assert str(error.value).endswith(". Mend that line.")


def test_a_folder_is_judged_by_its_entities(tmp_path):
    for part, packed in (("train", False), ("dev", True), ("test", False)):
        text = b"New\tI-LOC\nYork\tI-LOC\n"
        path = tmp_path / f"{part}.bio{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(text) if packed else text)

    found = iob2.load(tmp_path)

    assert found.spans and found.tags == ["B-LOC", "I-LOC"]
    assert found.evaluate("dev", [["B-LOC", "I-LOC"]])["f1"] == 1
    assert found.report() == {"entity begins inside": ["dev.bio.gz:1", "test.bio:1", "train.bio:1"]}
