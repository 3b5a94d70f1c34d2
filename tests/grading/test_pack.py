"""What is wrong with an upload is said at home; equal files make equal archives, which the course reads."""
import dataclasses
import hashlib
import io
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from npfl_kit import data as data_sets
from npfl_kit.grading.course import pack
from npfl_kit.grading.tasks.task import Board, Case, Data, Expectation, Limits, Task
from npfl_kit.grading.uploads import intake
from npfl_kit.scoring import class_lines

SOURCE = b"import argparse\nparser = argparse.ArgumentParser()\n\n\ndef main(args):\n    return {}\n"
RUNS = Task("cnn_manual", "runs", "0" * 64, "A task", (Case("a", 1, flags=("--epochs=1",)),), ("*.py",),
            optional=("*.md",), forbidden=("tf.GradientTape",))
FUNCTIONS = dataclasses.replace(RUNS, kind="functions", cases=(Case("a", 1, call="area"), Case("b", 1, call="iou")))
PREDICTIONS = Task("glyph_class", "predictions", "0" * 64, "A task",
                   (Case("a", 1, expect={"accuracy": Expectation(0.5)}),), ("predictions.txt",), optional=("*.py",),
                   data=Data("glyphs", "accuracy"), board=Board("accuracy"))
WEIGHTS = dataclasses.replace(PREDICTIONS, kind="weights", files=("weights.safetensors",),
                              data=Data("glyphs", "accuracy", file="weights.safetensors"))


@pytest.fixture
def made(tmp_path):
    """Write files by name; gives their paths."""
    def make(**files):
        paths = []
        for name, content in files.items():
            paths.append(tmp_path / name.replace("__", "."))
            paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
        return paths
    return make


def answers(split):
    return class_lines.format(data_sets.load("glyphs").split(split).labels)


def test_what_is_packed_is_what_the_course_reads(made):
    archive = pack.pack(RUNS, made(cnn__py=SOURCE, notes__md=b"hello"), ["Ada", "Alan"], {"accuracy": 0.5})

    upload = intake.read_zip(archive)

    assert upload.files == {"cnn.py": SOURCE, "notes.md": b"hello"} and upload.team == ("Ada", "Alan")
    assert upload.manifest["lab"] == "cnn_manual" and upload.manifest["metrics"] == {"accuracy": 0.5}
    assert upload.manifest["files"]["cnn.py"] == {"sha256": hashlib.sha256(SOURCE).hexdigest(), "bytes": len(SOURCE)}


def test_equal_files_make_equal_archives(made):
    one, other = made(cnn__py=SOURCE, notes__md=b"hello")

    assert pack.pack(RUNS, [one, other]) == pack.pack(RUNS, [other, one])


def test_the_archive_has_no_time_and_no_user_of_this_machine(made):
    with zipfile.ZipFile(io.BytesIO(pack.pack(RUNS, made(cnn__py=SOURCE)))) as archive:
        infos = archive.infolist()

    assert [info.filename for info in infos] == ["manifest.json", "cnn.py"]
    assert all(info.date_time == (1980, 1, 1, 0, 0, 0) and info.external_attr == 0o100644 << 16 for info in infos)


@pytest.mark.parametrize("source, said", [
    (b"def main(args:\n", "cnn.py, line 1: expected Python"), (b"x = 1\n\ny = (\n", "cnn.py, line 3: expected Python"),
    (b"\0", "expected Python"), (b"\xff", "expected Python"), (b"# coding: none\n", "expected Python"),
    (b"(" * 500 + b")" * 500, "expected Python"), (b"x = 1\n", "def main"),
    (b"if True:\n    def main(a): pass\n", "def main"), (b'"\\d"\n', "def main"),
    (SOURCE.replace(b"{}", b"tf.GradientTape") + b"\nimport tensorflow as tf\n", "cnn.py, line 6: tf.GradientTape")])
def test_a_source_that_cannot_be_run_is_named_with_its_line(made, source, said):
    with pytest.raises(intake.UngradableError, match=said):
        pack.pack(RUNS, made(cnn__py=source))


def test_two_scripts_are_one_too_many(made):
    with pytest.raises(intake.UngradableError, match="exactly one .py file .* found 2"):
        pack.pack(RUNS, made(a__py=SOURCE, b__py=SOURCE))


def test_all_functions_are_in_one_file(made):
    pack.pack(FUNCTIONS, made(boxes__py=b"def area(a): pass\ndef iou(a, b): pass\n", more__py=b"x = 1"))

    with pytest.raises(intake.UngradableError, match="def area.*def iou"):
        pack.pack(FUNCTIONS, made(boxes__py=b"def area(a): pass\n", more__py=b"def iou(a, b): pass\n"))


def test_nothing_of_a_source_is_run(made, tmp_path):
    evil = SOURCE + f"\nopen({str(tmp_path / 'run')!r}, 'w')\n".encode()

    pack.pack(RUNS, made(cnn__py=evil))

    assert not (tmp_path / "run").exists()


def test_right_predictions_of_both_splits_are_packed(made):
    packed = pack.pack(PREDICTIONS, made(predictions__txt=answers("test"), predictions_dev__txt=answers("dev")))

    assert set(intake.read_zip(packed).files) == {"predictions.txt", "predictions_dev.txt"}


@pytest.mark.parametrize("split, change, said", [
    ("test", lambda text: text + "1\n", r"predictions.txt: expected one line per example"),
    ("dev", lambda text: text + "1\n", r"predictions_dev.txt: expected [\d,]+ lines"),
    ("test", lambda text: "cat\n" + text.split("\n", 1)[1], "predictions.txt, line 1: expected a class from 0")])
def test_predictions_are_read_line_by_line(made, split, change, said):
    files = {"predictions__txt": answers("test"), "predictions_dev__txt": answers("dev")}
    name = "predictions__txt" if split == "test" else "predictions_dev__txt"

    with pytest.raises(intake.UngradableError, match=said):
        pack.pack(PREDICTIONS, made(**{**files, name: change(files[name])}))


def test_weights_are_looked_through(made):
    good = safetensors.numpy.save({"a": np.ones(3, np.float32)})
    pack.pack(WEIGHTS, made(weights__safetensors=good))

    with pytest.raises(intake.UngradableError, match="its arrays end at byte"):
        pack.pack(WEIGHTS, made(weights__safetensors=good + b"1"))


def test_all_faults_are_named_at_once(made):
    with pytest.raises(intake.UngradableError) as error:
        pack.pack(PREDICTIONS, made(predictions__txt="x\n", tagger__py=b"(", other__py=b")"))

    assert [line.partition(",")[0] for line in str(error.value).split("\n")[:3]] == [
        "tagger.py", "other.py", "predictions.txt"]


@pytest.mark.parametrize("members, said", [
    (["A", "B", "C", "D"], "has 4 members; the task allows 3"), (["Ada", "ADA"], "named twice"),
    (["Ada\n"], "name of a team member"), (["a" * 61], "name of a team member"), ([""], "name of a team member")])
def test_impossible_teams_are_refused(made, members, said):
    with pytest.raises(intake.UngradableError, match=said):
        pack.pack(RUNS, made(cnn__py=SOURCE), members)


def test_the_limits_of_the_task_hold(made):
    with pytest.raises(intake.UngradableError, match="at most 10 bytes"):
        pack.pack(dataclasses.replace(RUNS, limits=Limits(upload=10)), made(cnn__py=SOURCE))
