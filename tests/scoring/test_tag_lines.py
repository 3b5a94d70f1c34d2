import os
import random

import pytest

from npfl_kit import errors
from npfl_kit.scoring import tag_lines

RIGHT = b"DET\nNOUN\n\nVERB\n\n"


def written(folder, content):
    path = folder / "predictions.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [
    RIGHT, RIGHT.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + RIGHT, RIGHT[:-1], RIGHT[:-2], RIGHT + b"\n\n",
    b" DET\nNOUN\t\n \nVERB\n\n"])
def test_line_ends_and_marks_of_any_system_are_accepted(tmp_path, content):
    assert tag_lines.read(written(tmp_path, content), [2, 1]) == [["DET", "NOUN"], ["VERB"]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("are_known", [True, False])
def test_what_is_written_is_read_also_without_words(tmp_path, seed, are_known):
    generator = random.Random(seed)
    sentences = [generator.choices(["O", "B-LOC", "Case=Nom|Number=Sing", "Ž"], k=generator.choice([0, 0, 1, 2, 9]))
                 for _ in range(30)]

    path = written(tmp_path, tag_lines.write(sentences).encode())

    assert tag_lines.read(path, [len(tags) for tags in sentences] if are_known else None) == sentences


def test_empty_file_has_no_sentences(tmp_path):
    assert tag_lines.read(written(tmp_path, b"")) == tag_lines.read(written(tmp_path, b""), []) == []


@pytest.mark.parametrize("content, line, message", [
    (b"DET\n\nVERB\n\n", 2, "expected tag 2 of sentence 1, found an empty line"),
    (b"DET\nNOUN\nVERB\n\n", 3, "expected an empty line after sentence 1, which has 2 words, found 'VERB'"),
    (b"DET\nNOUN\n\n\nVERB\n", 4, "expected tag 1 of sentence 2, found an empty line"),
    (RIGHT + b"X\n", 6, "expected the end of the file after 2 sentences, found 'X'"),
    (b"DET NOUN\n", 1, "expected tag 1 of sentence 1, found 'DET NOUN'"),
    (b"DET\nNOUN\n\nthe\tVERB\n\n", 4, "expected tag 1 of sentence 2, found 'the.tVERB'"),
    (b"DET\n\xff\n", 2, "expected text in UTF-8 with one tag per line, found bytes that are no text")])
def test_the_line_that_is_wrong_is_named(tmp_path, content, line, message):
    path = written(tmp_path, content)

    with pytest.raises(errors.PredictionsError, match=f"{path}, line {line}: {message}") as error:
        tag_lines.read(path, [2, 1])

    assert str(error.value).endswith(".")


@pytest.mark.parametrize("content, message", [
    (b"", "expected 2 sentences with 3 tags, found 0 with 0"), (b"DET\nNOUN\n\n", "found 1 with 2"),
    (b"DET\n", "expected 2 sentences with 3 tags, found 1 with 1")])
def test_a_file_that_ends_too_early_says_both_counts(tmp_path, content, message):
    with pytest.raises(errors.PredictionsError, match=message):
        tag_lines.read(written(tmp_path, content), [2, 1])


def test_a_last_sentence_that_is_cut_off_is_refused(tmp_path):
    with pytest.raises(errors.PredictionsError, match="expected 2 tags in the last sentence, found 1"):
        tag_lines.read(written(tmp_path, b"A\n\nB\n"), [1, 2])


def test_two_tags_on_a_line_are_refused_also_without_known_lengths(tmp_path):
    with pytest.raises(errors.PredictionsError, match="line 2: expected tag 2 of sentence 1, found 'B C'"):
        tag_lines.read(written(tmp_path, b"A\nB C\n"))


@pytest.mark.parametrize("lengths", [None, [2, 1]])
def test_huge_file_is_not_read_whole(tmp_path, lengths):
    path = tmp_path / "predictions.txt"
    with open(path, "wb") as file:
        file.truncate(2**40)    # sparse

    with pytest.raises(errors.PredictionsError, match="at most .* bytes, found a longer one"):
        tag_lines.read(path, lengths)


def test_the_longest_tags_fit_the_bound(tmp_path):
    sentences = [["x" * 250] * 100]

    assert tag_lines.read(written(tmp_path, tag_lines.write(sentences).encode()), [100]) == sentences


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(errors.PredictionsError, match="found a folder, a pipe or a device"):
        tag_lines.read(tmp_path / "pipe")


@pytest.mark.parametrize("tag", ["", "A B", "A\n", "\t", 3])
def test_what_cannot_be_read_again_is_not_written(tag):
    with pytest.raises(errors.PredictionsError, match="Expected tags without blanks, got .* in sentence 2"):
        tag_lines.write([["A"], [tag]])
