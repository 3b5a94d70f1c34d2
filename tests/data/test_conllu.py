import pytest

from npfl_kit import errors
from npfl_kit.data import conllu, tagged_sentences


def row(number, form="cat", upos="NOUN", xpos="NN", feats="Number=Sing"):
    return f"{number}\t{form}\t{form}\t{upos}\t{xpos}\t{feats}\t0\troot\t_\t_"


def parsed(text, column="upos"):
    found, report = tagged_sentences.TaggedSentences(), {}
    conllu.parse(text, "folder/dev.conllu", found, report, column)
    return found, report


@pytest.fixture
def folder(tmp_path):
    for part in ("train", "dev", "test"):
        (tmp_path / f"xx-{part}.conllu").write_text(f"{row(1)}\n{row(2, 'sat', 'VERB', '_', '_')}\n\n")
    return tmp_path


@pytest.mark.parametrize("column, tags", [("upos", ["DET", "NOUN"]), ("xpos", ["DT", "NN"]),
                                          ("feats", ["_", "Number=Sing"])])
def test_each_column_can_be_the_tags(column, tags):
    found, report = parsed([row(1, "the", "DET", "DT", "_"), row(2)], column)

    assert (found.sentences, found.tags, report) == ([["the", "cat"]], [tags], {})


def test_words_written_as_one_and_words_left_out_are_no_words():
    found, report = parsed(["# text = Don't", row("1-2", "Don't"), row(1, "Do"), row(2, "n't"), row("2.1", "go"),
                            "# a comment among words", row(3, "!"), "", row("0.1"), row(1)])

    assert found.sentences == [["Do", "n't", "!"], ["cat"]]
    assert report == {"multiword": ["dev.conllu:2"], "empty node": ["dev.conllu:5", "dev.conllu:9"]}
    assert [found.place(0, word) for word in range(3)] == ["dev.conllu:3", "dev.conllu:4", "dev.conllu:7"]


def test_sentences_without_words_are_left_out_and_counted():
    found, report = parsed(["# text =", "", row(1), "", "", "# nothing", row("0.1"), "", row(1, "dog"), "", "", ""])

    assert found.sentences == [["cat"], ["dog"]] and found.place(1, 0) == "dev.conllu:9"
    assert report == {"no words": ["dev.conllu:1", "dev.conllu:5", "dev.conllu:6"], "empty node": ["dev.conllu:7"]}


def test_a_word_may_have_blanks_and_be_an_underscore_or_a_hash():
    assert parsed([row(1, "một hai"), row(2, "_"), row(3, "#")])[0].sentences == [["một hai", "_", "#"]]


def test_a_sentence_of_ten_thousand_words_is_read():
    found, _ = parsed([row(number, f"w{number}") for number in range(1, 10_001)])

    assert [len(each) for each in found.sentences] == [10_000]


@pytest.mark.parametrize("line, message", [
    ("2 cat cat NOUN", "expected 10 columns between tabs, found no tab in '2 cat cat NOUN'. Check that no editor"),
    (row(2) + "\t_", "expected 10 columns between tabs, found 11. Mend that line."),
    (row(2)[:-2], "expected 10 columns between tabs, found 9. Mend that line."),
    (row(1), "expected word 2, found the number '1'. An empty line is missing before it."),
    (row(3), "expected word 2, found the number '3'. Mend that line."),
    (row("x"), "expected word 2, found the number 'x'. Mend that line."),
    (row("02"), "expected word 2, found the number '02'"), (row(""), "expected word 2, found the number ''"),
    (row("1-"), "expected word 2, found the number '1-'"),
    (row(2, ""), "expected a word and its upos, or _, found nothing between two tabs"),
    (row(2, upos=""), "expected a word and its upos, or _, found nothing between two tabs")])
def test_a_broken_line_is_named(line, message):
    with pytest.raises(errors.DataError) as error:
        parsed(["# text = x", row(1), line])

    assert str(error.value).startswith("folder/dev.conllu, line 3: ") and message in str(error.value)


def test_a_folder_is_loaded_with_the_column_that_is_asked_for(folder):
    found = conllu.load(folder, column="xpos")

    assert (found.name, found.tags, found.spans) == ("conllu", ["NN", "_"], False)
    assert conllu.load(folder).tags == conllu.load(folder, column="upos").tags == ["NOUN", "VERB"]
    assert [len(found.split(part)) for part in ("train", "dev", "test")] == [1, 1, 1]


def test_an_unknown_column_is_named_with_those_there_are(folder):
    with pytest.raises(errors.UsageError, match="no column 'upso'; did you mean upos"):
        conllu.load(folder, column="upso")


def test_a_column_that_is_empty_everywhere_is_refused(folder):
    (folder / "xx-train.conllu").write_text(f"{row(1, xpos='_')}\n")

    with pytest.raises(errors.DataError, match="in the column xpos, found _ for each word .* --column: upos, xpos"):
        conllu.load(folder, column="xpos")


def test_a_file_without_sentences_is_named(folder):
    (folder / "xx-dev.conllu").write_text("# nothing\n\n")

    with pytest.raises(errors.DataError, match="xx-dev.conllu: expected sentences for dev, found none"):
        conllu.load(folder)


def test_bytes_that_are_no_text_are_named_with_file_and_line(folder):
    (folder / "xx-dev.conllu").write_bytes(f"{row(1)}\n{row(2, 'café')}\n".encode("latin1"))

    with pytest.raises(errors.DataError, match="xx-dev.conllu, line 2: expected text in UTF-8, found the byte 0xe9"):
        conllu.load(folder)


def test_unseen_tags_are_reported_with_file_and_line(folder):
    (folder / "xx-dev.conllu").write_text(f"# x\n{row(1)}\n{row(2, upos='X')}\n")

    assert conllu.load(folder).report() == {"unseen tag": ["xx-dev.conllu:3 (X)"]}
