import subprocess
import sys

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit
from npfl_kit.scoring import tag_lines

TRAIN = [["the", "cat", "sat"], ["a", "cat"]], [["DET", "NOUN", "VERB"], ["DET", "NOUN"]]
DEV = [["the", "dog"], [], ["sat"]], [["DET", "NOUN"], [], ["X"]]


def tagging(train=TRAIN, dev=DEV, test=DEV, **options):
    return SequenceTagging("tiny", {"train": TaggingSplit(*train), "dev": TaggingSplit(*dev),
                                    "test": TaggingSplit(*test)}, "here", **options)


def test_vocabularies_are_those_of_train_in_the_order_of_appearance():
    tiny = tagging()

    assert tiny.words.symbols == ["<pad>", "<unk>", "the", "cat", "sat", "a"]
    assert tiny.characters.symbols[2:] == list("thecas") and tiny.tags == ["DET", "NOUN", "VERB"]


def test_less_of_train_knows_fewer_words():
    tiny = tagging(train_size=1)

    assert tiny.words.symbols[2:] == ["the", "cat", "sat"] and len(tiny.split("train")) == 1
    assert tiny.split("train").lengths.tolist() == [3] and tiny.split("dev").lengths.tolist() == [2, 0, 1]


@pytest.mark.parametrize("size", [0, 3])
def test_impossible_size_of_train_is_refused(size):
    with pytest.raises(errors.UsageError, match="--train_size must be between 1 and 2"):
        tagging(train_size=size)


def test_train_needs_a_word():
    with pytest.raises(errors.DataError, match="the training part of tiny has no word"):
        tagging(train=([[], []], [[], []]))


def test_tags_never_seen_in_training_are_counted_with_their_place_and_do_not_crash():
    tiny = tagging()

    assert tiny.report() == {"unseen tag": ["sentence 3, word 1 (X)"] * 2}
    assert next(iter(tiny.batches("dev", 9)))["tags"].numpy().tolist() == [[0, 1], [-1, -1], [-1, -1]]
    assert tiny.evaluate("dev", [["DET", "NOUN"], [], ["VERB"]]) == {"accuracy": 2 / 3}


def test_entities_are_judged_by_span_f1_too():
    split = [["a", "b", "c"]], [["B-X", "I-X", "O"]]
    tiny = tagging(split, split, split, spans=True)

    assert tiny.evaluate("test", [["B-X", "I-X", "O"]]) == {"accuracy": 1, "f1": 1, "precision": 1, "recall": 1}
    assert tiny.evaluate("test", [["B-X", "O", "B-X"]]) == {"accuracy": 1 / 3, "f1": 0, "precision": 0, "recall": 0}


def test_the_judge_reads_the_file_that_is_written(tmp_path):
    path = tmp_path / "predictions.txt"
    path.write_text(tag_lines.write(DEV[1]), encoding="utf-8")

    assert tagging().evaluate("dev", path) == tagging().evaluate("dev", DEV[1]) == {"accuracy": 1.0}
    path.write_text("DET\n\n", encoding="utf-8")
    with pytest.raises(errors.PredictionsError, match="line 2: expected tag 2 of sentence 1"):
        tagging().evaluate("dev", path)


def test_the_judge_refuses_another_number_of_sentences():
    with pytest.raises(errors.PredictionsError, match="Expected tags of 3 sentences, got 1"):
        tagging().evaluate("dev", [["DET", "NOUN"]])


def test_train_is_in_batches_that_can_be_resumed_and_dev_is_in_order():
    tiny = tagging()

    train, dev = tiny.batches("train", 1, seed=3), tiny.batches("dev", 2)

    assert len(train) == train.count == 2 and train.seed == 3 and train.bucketed and train.UNIT == "sentences"
    assert sorted(int(batch["index"][0]) for batch in train.from_epoch(0, 1)) == [0, 1]
    assert [batch["index"].numpy().tolist() for batch in dev] == [[0, 1], [2]]
    assert next(iter(dev))["words"].numpy().tolist() == [[2, 1], [0, 0]]
    assert not tiny.batches("train", 1, bucketed=False).bucketed


def test_batch_size_must_be_positive():
    with pytest.raises(errors.UsageError, match="--batch_size must be at least 1, got 0"):
        tagging().batches("train", 0)


def test_examples_are_lists_of_strings():
    assert [each["words"].tolist() for each in tagging().dev.as_numpy_iterator()] == [[b"the", b"dog"], [], [b"sat"]]


def test_every_word_needs_a_tag():
    with pytest.raises(ValueError, match="as many tags as words"):
        TaggingSplit([["a", "b"]], [["A"]])


@pytest.mark.parametrize("positions", [[2, 0], [], [1]])
def test_chosen_sentences_keep_their_place(positions):
    split = TaggingSplit(*DEV, place=lambda sentence, word: f"file:{10 * sentence + word}").chosen(positions)

    assert split.sentences == [DEV[0][position] for position in positions]
    assert [split.place(row, 0) for row in range(len(split))] == [f"file:{10 * position}" for position in positions]
    np.testing.assert_array_equal(split.lengths, [len(DEV[0][position]) for position in positions])


def test_reading_and_judging_never_import_tensorflow(tmp_path):
    row = "1\ta\t_\tX\tX" + "\t_" * 5 + "\n\n"
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.conllu").write_text(row, encoding="utf-8")
    code = ("import sys; from npfl_kit.data import conllu, iob2, morpho; found = conllu.load('.'); "
            "found.evaluate('dev', [['X']]), found.report(); "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'PIL', 'matplotlib')))")

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0
