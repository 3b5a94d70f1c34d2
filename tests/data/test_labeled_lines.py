"""`sentence TAB label` lines are read strictly."""
import pytest

from npfl_kit import errors
from npfl_kit.data import labeled_lines


def test_lines_are_words_and_a_label(tmp_path):
    (tmp_path / "train.tsv").write_text("sentence\tlabel\nit 's  fine .\t1\nno\t0", encoding="utf-8")

    split = labeled_lines.read(tmp_path / "train.tsv", 2)

    assert split.sentences == [["it", "'s", "fine", "."], ["no"]] and split.labels.tolist() == [1, 0]
    assert split.report == {}


def test_an_empty_sentence_is_kept_and_counted(tmp_path):
    split = labeled_lines.parse(["fine\t1", "\t0", "  \t1"], "dev.tsv", 2)

    assert split.sentences == [["fine"], [], []] and split.labels.tolist() == [1, 0, 1]
    assert split.report == {"sentences without a word": ["dev.tsv:2", "dev.tsv:3"]}


@pytest.mark.parametrize("line, found", [
    ("good film 1", "no tab in 'good film 1'"), ("a\tb\t1", "2 tabs in"),
    ("a\t1\tb", "2 tabs in"), ("good\t2", "the label '2'"),
    ("good\tpositive", "the label 'positive'"), ("good\t", "the label ''"), ("", "an empty line"),
    ("good\t1 ", "the label '1 '"), ("good\t-1", "the label '-1'"), ("sentence\tlabel", "the label 'label'")])
def test_a_bad_line_is_named(line, found):
    with pytest.raises(errors.DataError, match="tsv, line 2: expected a sentence, a tab, and 0 or 1; found") as caught:
        labeled_lines.parse(["fine\t1", line], "train.tsv", 2)

    assert found in str(caught.value)


@pytest.mark.parametrize("lines", [[], ["sentence\tlabel"]])
def test_an_empty_file_is_a_data_error(lines):
    with pytest.raises(errors.DataError, match="train.tsv: expected .* the file is empty"):
        labeled_lines.parse(lines, "train.tsv", 2)


def test_another_number_of_classes_allows_other_labels():
    assert labeled_lines.parse(["a\t4"], "here", 5).labels.tolist() == [4]
    with pytest.raises(errors.DataError, match="0 or 1 or 2"):
        labeled_lines.parse(["a\t4"], "here", 3)
