"""A file of predictions is judged as the data set's own judge does, or named line by line; attacks 15 and 17."""
import dataclasses
import functools
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npfl_kit import data as data_sets
from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.grader import context, engine
from npfl_kit.grading.judging import answers, detection_answers, gold, prediction_files, predictions, public_rows
from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.tasks.task import Board, Case, Data, Expectation, Task
from npfl_kit.grading.uploads.intake import UngradableError, Upload
from npfl_kit.scoring import class_lines, coco, svhn, tag_lines

SECRET = b"s" * 32
GLYPHS = Data("glyphs", "accuracy")
LETTERS = "e\u0301"


def task(data=GLYPHS, public=0.3, board=True):
    return Task("lab", "predictions", "0" * 64, "A task", (Case("a", 1),), (data.file,), data=data,
                board=Board(data.metric, public=public) if board else None)


def judged(content, data=GLYPHS, **parts):
    content = content if isinstance(content, bytes) else content.encode()
    return predictions.judge(task(data), data, Upload({data.file: content, data.home_file: content}),
                             **{"secret": SECRET, **parts})


@pytest.fixture
def folder(tmp_path):
    """A folder of gold with ten answers of the data set glyphs."""
    (tmp_path / "gold.txt").write_text("".join(f"{each}\n" for each in range(10)))
    return tmp_path


# --- values

@given(st.lists(st.integers(0, 25), min_size=2, max_size=50), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_public_and_private_add_up_to_the_whole(right, share, seed):
    made = answers.ClassAnswers(np.array(right), [str(number) for number in range(26)])
    found = np.random.default_rng(seed).integers(0, 26, len(right)).astype(np.int32)
    part = made.judge(found, "accuracy")
    chosen = public_rows.public_rows(len(right), SECRET, "lab", share)

    public, private = (made.value(part, found, "accuracy", side) for side in (chosen, ~chosen))

    assert 0 < chosen.sum() < len(right)
    np.testing.assert_allclose((public * chosen.sum() + private * (~chosen).sum()) / len(right), part.value)
    np.testing.assert_allclose(part.value, np.mean(found == right))


@pytest.mark.parametrize("name, metric", [("glyphs", "accuracy"), ("opinions", "accuracy")])
def test_classes_are_judged_as_the_data_set_judges_them(name, metric):
    known = data_sets.load(name)
    labels = known.split("test").labels
    guessed = np.where(np.arange(len(labels)) % 3, labels, 0)

    scores = judged(class_lines.format(guessed), Data(name, metric))

    assert scores.whole == known.evaluate("test", guessed)[metric]
    assert scores.rows.shape == (len(labels), 2) and answers.ratio(scores.rows) == scores.whole
    assert len(scores.worst) == predictions.WORST and all(guessed[row] != labels[row] for row in scores.worst)
    assert scores.expected[0] == known.classes[labels[scores.worst[0]]]


@pytest.mark.parametrize("metric", ["accuracy", "f1", "precision", "recall"])
def test_entities_are_judged_as_the_data_set_judges_them(tmp_path, metric):
    tags = [["B-PER", "I-PER", "O"], ["O"], ["B-LOC", "O", "B-PER"], ["O", "O"]]
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.iob2").write_text("".join(
            "".join(f"word\t{tag}\n" for tag in sentence) + "\n" for sentence in tags))
    data = Data("iob2", metric)
    guessed = [["B-PER", "O", "O"], ["B-LOC"], ["B-LOC", "O", "B-PER"], ["O", "O"]]
    own = data_sets.load("iob2", tmp_path)

    scores = judged(tag_lines.write(guessed), data, gold_dir=tmp_path)

    assert scores.whole == pytest.approx(own.evaluate("test", guessed)[metric], abs=1e-15)
    assert answers.ratio(scores.rows) == scores.whole


def test_tags_are_judged_as_the_data_set_judges_them():
    own = data_sets.load("morphology")
    tags = own.split("test").tags
    guessed = [[tag if place % 4 else "X" for place, tag in enumerate(sentence)] for sentence in tags]

    scores = judged(tag_lines.write(guessed), Data("morphology", "accuracy"))

    assert scores.whole == own.evaluate("test", guessed)["accuracy"]


@functools.lru_cache(maxsize=None)
def picture_results(split="test"):
    known = data_sets.load("glyph_scenes").gold(split)
    generator = np.random.default_rng(0)
    found = [{"image_id": each["image_id"], "category_id": each["category_id"], "score": float(generator.random()),
              "bbox": (np.array(each["bbox"]) + generator.normal(0, 1, 4)).round(2).tolist()}
             for each in known["annotations"] if generator.random() < 0.8]
    return known, found


def of_pictures(known, found, ids):
    return ({**known, "images": [each for each in known["images"] if each["id"] in ids],
             "annotations": [each for each in known["annotations"] if each["image_id"] in ids]},
            [each for each in found if each["image_id"] in ids])


DETECTIONS = Data("glyph_scenes", "ap", file="predictions.json", home_file="predictions_dev.json")


def test_the_average_precision_of_a_part_is_that_of_its_pictures_alone():
    known, found = picture_results()

    scores = judged(json.dumps(found), DETECTIONS)

    assert scores.whole == coco.evaluate(known, found)["AP"]
    ids = np.array(sorted(each["id"] for each in known["images"]))
    assert scores.public == coco.evaluate(*of_pictures(known, found, set(ids[scores.is_public])))["AP"]
    assert scores.private == coco.evaluate(*of_pictures(known, found, set(ids[~scores.is_public])))["AP"]
    assert 0 < scores.error < 0.1


def test_without_an_object_to_find_the_average_precision_is_no_score_below_0():
    gold_file = {"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}], "annotations": []}
    made = detection_answers.DetectionAnswers(gold_file)

    assert made.judge(made.read(json.dumps([BOX]).encode(), "p.json", False), "ap").value == 0.0


def test_digits_are_judged_picture_by_picture(tmp_path):
    right = [([1], [[0, 0, 9, 9]]), ([], []), ([2, 3], [[0, 0, 9, 9], [0, 9, 9, 18]]), ([4], [[0, 0, 9, 9]])]
    (tmp_path / "gold.txt").write_text(svhn.format(right))
    made = answers.PictureAnswers(svhn.read(tmp_path / "gold.txt"))
    guessed = [right[0], right[1], ([2], [[0, 0, 9, 9]]), ([4], [[0, 1, 9, 9]])]

    part = made.judge(made.read(svhn.format(guessed).encode(), "p.txt", False), "accuracy")

    assert part.value == svhn.evaluate(right, guessed) == 0.75
    assert predictions._worst(part.wrong) == (2,)


def test_gold_that_does_not_fit_its_split_is_a_fault_of_the_course(tmp_path):
    (tmp_path / "gold.txt").write_text("A\nB\n")

    with pytest.raises(errors.DataError, match="course's own answers.*gold.txt: expected 300 sentences"):
        gold.load(Data("morphology", "accuracy"), "test", tmp_path)


def test_the_numbers_of_a_record_are_finite():
    record.Record("lab", "0" * 64, "0" * 64, "graded", (), values=judged(b"0\n" * 2000).values())


# --- the split

def test_the_public_rows_are_the_same_ones_for_ever_and_of_the_share_that_is_asked_for():
    chosen = public_rows.public_rows(1000, SECRET, "lab", 0.3)

    assert chosen.sum() == 300
    assert np.flatnonzero(chosen)[:8].tolist() == [1, 4, 5, 11, 13, 15, 28, 31]


@pytest.mark.parametrize("other", [(1000, b"t" * 32, "lab", 0.3), (1000, SECRET, "tagger", 0.3)])
def test_another_secret_or_lab_has_other_public_rows(other):
    assert (public_rows.public_rows(*other) != public_rows.public_rows(1000, SECRET, "lab", 0.3)).sum() > 300


@pytest.mark.parametrize("count, share, public", [(0, 0.3, 0), (1, 0.3, 1), (2, 0.0, 1), (2, 1.0, 1), (10, 1.0, 9)])
def test_neither_part_is_empty_unless_it_must_be(count, share, public):
    assert public_rows.public_rows(count, SECRET, "lab", share).sum() == public


def test_hidden_answers_need_a_secret():
    with pytest.raises(ValueError, match="need a secret"):
        judged(b"0\n", secret=b"")


def test_at_home_nothing_is_hidden():
    labels = data_sets.load("glyphs").split("dev").labels

    scores = judged(class_lines.format(labels), home=True)

    assert (scores.public, scores.private, scores.whole, scores.worst) == (1.0, 1.0, 1.0, ())


# --- attack 15: lines that are no predictions

GOOD = [b"%d" % number for number in range(10)]


@pytest.mark.parametrize("line", [b"1_0", "١".encode(), "１".encode(), b"+1", b"-1", b"-0", b"1.0", b"1e0", b"nan",
                                  b"inf", b"1e999", b"0x1", b"9" * 5000, b"999", b"", b"1 2", b"\0", b"True", b"1\r2",
                                  b"1\x0b", "\ufeff1".encode(), b"'1'", b"\x85"])
def test_a_line_that_is_no_class_scores_nothing_and_is_named(folder, line):
    content = b"\n".join([*GOOD[:4], line, *GOOD[5:]]) + b"\n"

    with pytest.raises(UngradableError, match=r"predictions.txt(, line 5)?: expected"):
        judged(content, gold_dir=folder)


@pytest.mark.parametrize("content", [b"\n".join(GOOD), b"\xef\xbb\xbf" + b"\n".join(GOOD),
                                     b"\r\n".join(GOOD) + b"\r\n", b" \n".join(GOOD)])
def test_files_of_any_system_are_equal(folder, content):
    assert judged(content, gold_dir=folder).whole == 1.0


@pytest.mark.parametrize("content", [b"0\n", b"", b"0\n" * 9, b"0\n" * 11, b"0\n" * 20_000, b"\n" * 20_000, b"5"])
def test_a_wrong_length_never_scores_and_never_tells_the_right_one(folder, content):
    with pytest.raises(UngradableError) as error:
        judged(content, gold_dir=folder)

    assert "10" not in re.sub(r"\b10,?000\b|from 0 to \d+", "", str(error.value))


def test_a_wrong_length_at_home_says_how_many_there_must_be():
    with pytest.raises(UngradableError, match=f"expected {len(gold.load(GLYPHS, 'dev')):,} lines"):
        judged(b"0\n", home=True)


def test_the_first_five_bad_lines_are_named_with_what_is_there(folder):
    with pytest.raises(UngradableError) as error:
        judged(b"label\n0\n1\nx\n\n2\ny\nz\nw\n3\n", gold_dir=folder)

    said = str(error.value).split("\n")
    assert [line.partition(":")[0] for line in said] == [f"predictions.txt, line {place}" for place in (1, 4, 5, 7, 8)]
    assert "'label'" in said[0] and "an empty line" in said[2]


@pytest.mark.parametrize("content, said", [(b"1\n2 \n", None), (b"1\nx\n", "p.txt, line 2: expected a class from 0")])
def test_blanks_are_read_and_letters_are_named(content, said):
    if said is None:
        assert prediction_files.classes(content, "p.txt", 2, 10).tolist() == [1, 2]
    else:
        with pytest.raises(UngradableError, match=f"^{said}"):
            prediction_files.classes(content, "p.txt", 2, 10)


def test_of_a_file_that_is_far_too_long_only_the_length_is_told(folder):
    with pytest.raises(UngradableError) as error:
        judged(b"x\n" * 20_000, gold_dir=folder)

    assert str(error.value) == ("predictions.txt: expected one line per example of the split, in its order, found "
                                "20,000.")


def test_no_place_of_this_machine_is_told(folder):
    with pytest.raises(UngradableError) as error:
        judged(b"x\n" * 10, gold_dir=folder)

    assert "/" not in str(error.value) and "\\" not in str(error.value)


@given(st.lists(st.integers(0, 25), min_size=1, max_size=30), st.data())
@settings(max_examples=200, deadline=None)
def test_the_quick_way_and_the_reader_agree(right, data):
    content = "".join(f"{number}\n" for number in right).encode()
    place = data.draw(st.integers(0, len(content)))
    content = content[:place] + data.draw(st.sampled_from([b"", b"\n", b"0", b"7", b"\r", b" ", b"x", b"99"])) + \
        content[place:]

    def read(pattern):
        kept, prediction_files.PLAIN = prediction_files.PLAIN, pattern
        try:
            return prediction_files.classes(content, "p", len(right), 26).tolist()
        except UngradableError as error:
            return str(error)
        finally:
            prediction_files.PLAIN = kept

    assert read(prediction_files.PLAIN) == read(re.compile(b"(?!)"))


TAGS = [["DET", "NOUN"], ["VERB"], ["DET", "ADJ", "NOUN"]]


@pytest.mark.parametrize("content, said", [
    ("DET\n\nNOUN\n\nVERB\n\n", "line 2: expected tag 2 of sentence 1, found an empty line"),
    ("DET\nNOUN\nVERB\n", "line 3: expected an empty line after sentence 1, found 'VERB'"),
    ("DET\nNOUN\n\nVERB\n\n", "the file has less"), ("", "the file has less"),
    ("DET\nNOUN\n\nVERB\n\nDET\nADJ\n", "the file has less"),
    ("DET\nNOUN\n\nVERB\n\nDET\nADJ\nNOUN\n\nDET\n", "the file has more"),
    ("DET X\nNOUN\n\n", "line 1: expected tag 1 of sentence 1"), (b"DET\n\xff\n", "line 2: expected text in UTF-8"),
    ("A\n" * 200_000, "more than they can have"), ("DET\nNOUN\n" + "\n" * 50, "line 4: expected tag 1 of sentence 2")])
def test_tags_that_do_not_fit_are_named_without_what_is_hidden(content, said):
    content = content if isinstance(content, bytes) else content.encode()
    lengths = [len(each) for each in TAGS]

    with pytest.raises(UngradableError, match=re.escape(said)) as error:
        prediction_files.tags(content, "predictions.txt", lengths)

    assert not re.search(r"which has|\b3 sentences|\b6 tags", str(error.value))


def test_tags_at_home_are_told_what_is_missing():
    with pytest.raises(UngradableError, match="expected 3 sentences with 6 tags, found 1 with 2"):
        prediction_files.tags(b"DET\nNOUN\n", "p.txt", [2, 1, 3], tell=True)


@pytest.mark.parametrize("given_tags, score", [(["é"], 1.0), ([LETTERS], 0.0)])
def test_tags_are_compared_as_they_are_written(given_tags, score):
    assert answers.TagAnswers([["é"]]).judge([given_tags], "accuracy").value == score


@pytest.mark.parametrize("line, said", [
    ("1 0 0 9", "not a multiple of 5"), ("1 0 0 9 nan", "finite number"), ("1 0 0 9 1e999", "finite number"),
    ("10 0 0 9 9", "digit from 0 to 9"), ("1_0 0 0 9 9", "digit"), ("١ 0 0 9 9", "digit"), ("1 0 0 9 0x9", "finite")])
def test_pictures_that_do_not_fit_are_named(line, said):
    with pytest.raises(UngradableError, match=f"predictions.txt, line 2: .*{said}"):
        prediction_files.pictures(f"\n{line}\n\n".encode(), "predictions.txt", 3)


def test_a_picture_with_endless_digits_is_refused_at_once():
    with pytest.raises(UngradableError, match="more than they can have"):
        prediction_files.pictures(b"1 0 0 9 9 " * 10**6, "predictions.txt", 10)


BOX = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}


@pytest.mark.parametrize("content, said", [
    (b"[" * 10**4, "lists within lists|at most 100 detections"), (b"{}", "a list of detections, found dict"),
    (b"[NaN]", "JSON object"), (b"\xff", "found something else"), (b"[" + b"9" * 5000 + b"]", "100 digits"),
    (json.dumps([{**BOX, "score": float("nan")}]).encode(), "its score is nan"),
    (json.dumps([{**BOX, "bbox": [0, 0, 9]}]).encode(), "4 finite numbers"),
    (json.dumps([{**BOX, "bbox": [0, 0, float("inf"), 9]}]).encode(), "4 finite numbers"),
    (json.dumps([{**BOX, "image_id": 10**30}]).encode(), "64 bits"),
    (json.dumps([{**BOX, "category_id": 10**6}]).encode(), "not among the categories"),
    (json.dumps([{**BOX, "image_id": True}]).encode(), "whole number"), (b"[{}]", "it has no image_id"),
    (b"[" + b"[]," * 10**6 + b"[]]", "at most 100 detections"), (bytes(11 * 10**6), "more than they can have")])
def test_detections_that_are_none_are_named(content, said):
    with pytest.raises(UngradableError, match=said) as error:
        judged(content, DETECTIONS)

    assert str(error.value).startswith("predictions.json")


# --- attack 17: files that are made for the metric

def test_repeated_detections_gain_nothing():
    known, found = picture_results()

    once, often = (judged(json.dumps(found * times), DETECTIONS).whole for times in (1, 5))

    assert often <= once


def test_boxes_everywhere_gain_nothing():
    known, found = picture_results()
    everywhere = [{"image_id": each["id"], "category_id": 1, "bbox": [x, y, 32, 32], "score": 1.0}
                  for each in known["images"] for x in range(0, 96, 32) for y in range(0, 96, 32)]

    assert judged(json.dumps(everywhere), DETECTIONS).whole < 0.05
    assert judged(b"[]", DETECTIONS).whole == 0.0


@pytest.mark.parametrize("tag", ["O", "B-PER"])
def test_one_tag_for_all_finds_no_entities(tag):
    made = answers.TagAnswers([["B-PER", "I-PER", "O"], ["O", "B-LOC"]], entities=True)

    assert made.judge([[tag] * 3, [tag] * 2], "f1").value < 0.4


def test_a_constant_class_scores_its_share(folder):
    assert judged(b"3\n" * 10, gold_dir=folder).whole == 0.1


# --- the answers

def test_gold_is_loaded_once(folder, monkeypatch):
    judged(b"3\n" * 10, gold_dir=folder)
    monkeypatch.setattr(data_sets, "load", None)

    assert judged(b"4\n" * 10, gold_dir=folder).whole == 0.1


@pytest.mark.parametrize("data, said", [
    (Data("glyphs", "f1"), "no metric of glyphs"), (Data("python_text", "accuracy"), "no predictions"),
    (Data("mnistt", "accuracy"), "no data set")])
def test_a_task_that_cannot_be_judged_is_no_fault_of_the_student(data, said):
    with pytest.raises(errors.UsageError, match=said) as error:
        judged(b"0\n", data)

    assert not isinstance(error.value, UngradableError)


def test_a_missing_file_is_named():
    with pytest.raises(UngradableError, match="asks for a file predictions.txt; got a.txt"):
        predictions.judge(task(), GLYPHS, Upload({"a.txt": b""}), None, SECRET)


def test_predictions_are_judged_without_tensorflow():
    code = ("import sys; from npfl_kit.grading.grader import engine_predictions; "
            "from npfl_kit.grading.judging import predictions; from npfl_kit.grading.uploads import intake; "
            "from npfl_kit.grading.tasks.task import *; "
            "d = Data('glyphs', 'accuracy'); "
            "t = Task('lab', 'predictions', '', '', (), (), data=d, board=Board('accuracy')); "
            "print(predictions.judge(t, d, intake.Upload({d.file: b'0\\n' * 2000}), None, b'secret').whole); "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))")

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("content", [b"1_0\n" * 10, b"0\n", b"", b"nan\n" * 10, b"9" * 5000, b"\xff\xfe" * 10,
                                     b"0\n" * 9])
def test_what_cannot_be_read_is_ungradable_in_the_record_without_points(folder, content):
    whole = dataclasses.replace(task(), cases=(Case("public", 1, expect={"accuracy": Expectation(0.0)}),
                                               Case("hidden", 2, "hidden", expect={"accuracy": Expectation(0.0)})))
    given_context = context.Context(isolation.Level("L1", "unshare"), secret=SECRET, gold_dir=folder)

    found = engine.grade(whole, Upload({"predictions.txt": content}), given_context)

    assert (found.state, found.score, found.max, dict(found.values)) == ("ungradable", 0, 3, {})
    assert {case.state for case in found.cases} == {"ungradable"}
