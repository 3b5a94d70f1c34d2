"""A text in parallel rows: read in order, every character once, the same for one seed."""
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import data, errors
from npfl_kit.data import python_text
from npfl_kit.data.character_text import CharacterText

TEXT = "".join(chr(97 + (index * index) % 23) for index in range(1_000))


@pytest.fixture
def text():
    return CharacterText("text", TEXT, "here")


def windows(batches):
    return [tuple(part.numpy() for part in tf.nest.flatten(batch)) for batch in batches]


def test_the_parts_follow_each_other(text):
    assert [len(text.part(name)) for name in ("train", "dev", "test")] == [900, 50, 50]
    assert "".join(map(text.part, ("train", "dev", "test"))) == TEXT
    for name in ("train", "dev", "test"):
        assert text.alphabet.decode(text.split(name)) == text.part(name)
        assert list(getattr(text, name).as_numpy_iterator()) == text.split(name).tolist()


def test_without_a_test_share_dev_is_test_too():
    text = CharacterText("text", TEXT, "here", dev_share=0.1, test_share=0)

    assert len(text.part("train")) == 900 and text.part("dev") == text.part("test") == TEXT[900:]


@pytest.mark.parametrize("batch_size, length", [(1, 10), (4, 16), (9, 99), (3, 1)])
@pytest.mark.parametrize("seed", [0, 42])
def test_rows_go_on_from_batch_to_batch_and_targets_are_what_comes_next(text, batch_size, length, seed):
    train = text.batches("train", batch_size, length, seed)

    found = windows(train.from_epoch(0, 1))

    assert len(found) == len(train) == 899 // (batch_size * length) and train.count == len(train) * batch_size * length
    assert all(part.shape == (batch_size, length) and part.dtype == np.int32 for pair in found for part in pair)
    read, targets = (np.concatenate(parts, axis=1) for parts in zip(*found))     # [B, steps * T], whole rows
    np.testing.assert_array_equal(read[:, 1:], targets[:, :-1])
    for row, following in zip(read, targets):
        assert text.alphabet.decode(np.append(row, following[-1])) in text.part("train")
    np.testing.assert_array_equal(targets[:-1, -1], read[1:, 0])                  # the next row goes on, too


def test_an_epoch_is_a_function_of_seed_and_number(text):
    unbroken = windows(text.batches("train", 4, 16, 7).from_epoch(0, 4))
    resumed = windows(text.batches("train", 4, 16, 7).from_epoch(2, 4))
    other = windows(text.batches("train", 4, 16, 8).from_epoch(0, 4))

    np.testing.assert_array_equal(unbroken[2 * 14:], resumed)
    assert np.any(np.asarray(unbroken) != np.asarray(other))


def test_epochs_begin_at_different_places_so_that_every_character_is_learned(text):
    marks = CharacterText("text", TEXT, "here")
    marks.split("train")[:] = np.arange(900)
    batches = marks.batches("train", 4, 16)

    seen = np.concatenate([targets.reshape(-1) for _, targets in windows(batches.from_epoch(0, 60))])
    starts = {read[0, 0] for read, _ in windows(batches.from_epoch(0, 60))[::len(batches)]}

    assert len(starts) > 2 and set(seen) == set(range(1, 900))


@pytest.mark.parametrize("split", ["train", "dev"])
def test_the_first_window_of_every_row_is_marked_in_every_epoch(text, split):
    batches = text.batches(split, 4, 5, marked=True)
    batches = batches.from_epoch(0, 2) if split == "train" else batches

    first = [inputs["first"].numpy().tolist() for inputs, *_ in batches]

    steps = len(first) // (2 if split == "train" else 1)
    assert [any(each) for each in first] == [index % steps == 0 for index in range(len(first))]
    assert all(all(each) == any(each) for each in first)


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize("batch_size, length", [(1, 50), (1, 7), (4, 5), (7, 3), (50, 1), (64, 10), (3, 100)])
def test_every_character_of_dev_is_a_target_once_behind_the_one_before_it(text, split, batch_size, length):
    found = windows(text.batches(split, batch_size, length))

    read, targets, weights = (np.concatenate(parts, axis=1) for parts in zip(*found))
    is_real = weights.astype(bool)
    assert set(np.unique(weights)) <= {0, 1} and weights.sum() == 50
    assert text.alphabet.decode(targets[is_real]) == text.part(split)
    assert text.alphabet.decode(read[is_real]) == TEXT[TEXT.index(text.part(split)) - 1:][:50]
    assert not read[~is_real].any() and not targets[~is_real].any()
    for row in is_real:                                     # padding stands at the end, so a state is never disturbed
        assert not np.any(np.diff(row.astype(int)) > 0)


def test_train_size_keeps_the_beginning(text):
    short = CharacterText("text", TEXT, "here", train_size=300)

    assert short.part("train") == TEXT[:300] and short.part("dev") == text.part("dev")


@pytest.mark.parametrize("train_size", [0, 1, 901])
def test_an_impossible_train_size_is_a_usage_error(train_size):
    with pytest.raises(errors.UsageError, match="--train_size must be between 2 and 900, the training characters"):
        CharacterText("text", TEXT, "here", train_size=train_size)


@pytest.mark.parametrize("batch_size, length, flag", [(0, 5, "batch_size"), (5, 0, "sequence_length"),
                                                      (50, 50, "too few")])
def test_an_impossible_batch_is_a_usage_error(text, batch_size, length, flag):
    with pytest.raises(errors.UsageError, match=flag):
        text.batches("train", batch_size, length)


def test_an_unknown_split_is_a_usage_error(text):
    for ask in (text.split, text.part, lambda name: text.batches(name, 1, 1)):
        with pytest.raises(errors.UsageError, match="no split 'tset'; did you mean test"):
            ask("tset")


def test_characters_that_train_does_not_have_are_counted_and_read_as_the_nearest():
    text = CharacterText("text", "abc e" * 180 + "é" * 2 + "a" * 48 + "Ω" + "b" * 49, "here")

    assert text.report() == {"characters that train does not have, read as the nearest one": [
        "'é' 2 times in dev", "'Ω' 1 times in test"]}
    assert text.alphabet.decode(text.split("dev")[:3]) == "eea"
    assert CharacterText("text", TEXT, "here").report() == {}


def test_a_text_of_a_few_words_is_a_data_error():
    with pytest.raises(errors.DataError, match="here: expected a text of at least 100 characters, found 3"):
        CharacterText("text", "abc", "here")


def test_tiny_shakespeare_has_its_published_size_and_split(shared):
    plays = data.load("tiny_shakespeare", shared / "data")

    assert len(plays.text) == 1_115_394 and len(plays.characters) == 65
    assert len(plays.split("train")) == 1_003_855 and len(plays.split("dev")) == len(plays.split("test")) == 111_539
    assert plays.text.startswith("First Citizen:\nBefore we proceed") and plays.report() == {}


def test_the_manual_of_python_is_long_has_no_paragraph_twice_and_needs_no_file():
    manual = data.load("python_text")

    paragraphs = [" ".join(each.split()) for each in manual.text.split("\n\n")]
    assert len(manual.text) > 300_000 and len(set(paragraphs)) == len(paragraphs)
    assert "yield" in manual.part("test") and "inside Python 3" in manual.sources
    assert data.load("python_text").text == manual.text


def test_chapters_that_hold_others_are_not_repeated():
    assert python_text.without_repetitions(["a\n\nb", "b\n\nc\n", "  a"]) == "a\n\nb\n\nc\n"


def test_own_text_is_a_file_or_all_text_files_of_a_folder(tmp_path):
    (tmp_path / "book" / "part").mkdir(parents=True)
    for name in ("2.txt", "part/1.txt", "notes.md"):
        (tmp_path / "book" / name).write_text(name[0] * 150, encoding="utf-8")

    assert data.load("text", tmp_path / "book" / "notes.md").text == "n" * 150
    assert data.load("text", tmp_path / "book").text == "2" * 150 + "\n" + "p" * 150


def test_own_text_that_is_none_is_said_so(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"x" * 500 + b"\xff")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    for path, said in (("bad.txt", "0xff at byte 500"), ("empty.txt", "found 0"), ("folder", "no .txt file"),
                       ("nowhere", "no folder")):
        with pytest.raises(errors.DataError, match=said):
            data.load("text", tmp_path / path)
    with pytest.raises(errors.UsageError, match="Say where your text is"):
        data.load("text")


def test_the_readers_do_not_import_tensorflow():
    code = ("import sys; from npfl_kit import data; data.load('python_text'); data.load('opinions'); "
            "data.load('morphology'); sys.exit('tensorflow' in sys.modules)")

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
