import os
import subprocess
import sys

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import class_lines


def written(folder, content):
    path = folder / "predictions.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"3\n0\n12\n", b"3\r\n0\r\n12\r\n", b"\xef\xbb\xbf3\n0\n12", b" 3\n0\t\n12\n"])
def test_line_ends_and_marks_of_any_system_are_accepted(tmp_path, content):
    classes = class_lines.read(written(tmp_path, content), count=3, num_classes=13)

    assert classes.dtype == np.int32
    np.testing.assert_array_equal(classes, [3, 0, 12])


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_is_read(tmp_path, seed):
    classes = np.random.default_rng(seed).integers(0, 1000, 50)

    found = class_lines.read(written(tmp_path, class_lines.format(classes).encode()), 50, 1000)

    np.testing.assert_array_equal(found, classes)


def test_empty_file_is_no_predictions(tmp_path):
    assert class_lines.read(written(tmp_path, b"")).shape == (0,)


@pytest.mark.parametrize("line, found", [
    (b"cat", "'cat'"), (b"", "an empty line"), (b"-1", "'-1'"), (b"1.0", "'1.0'"), (b"10", "'10'"), (b"+1", "'+1'"),
    (b"1_0", "'1_0'"), ("٣".encode(), "'٣'"), (b"1 2", "'1 2'"), (b"9" * 40, "'999999999999999999999999999999...'"),
    (b"4\r5", r"'4\\r5'")])
def test_bad_line_is_named_with_its_number(tmp_path, line, found):
    path = written(tmp_path, b"0\n" + line + b"\n2\n")

    with pytest.raises(errors.PredictionsError, match=f"{path}, line 2: expected a class from 0 to 9") as error:
        class_lines.read(path, num_classes=10)

    assert str(error.value).endswith(f"found {found}.".replace("\\\\", "\\"))


@pytest.mark.parametrize("content, found", [(b"1\n2\n", "2"), (b"1\n2\n3\n4\n", "4"), (b"", "0")])
def test_wrong_count_says_both_counts(tmp_path, content, found):
    with pytest.raises(errors.PredictionsError, match=f"expected 3 lines, one per example, found {found}."):
        class_lines.read(written(tmp_path, content), count=3)


def test_binary_junk_is_refused(tmp_path):
    with pytest.raises(errors.PredictionsError, match="expected a text file with one class per line, found bytes"):
        class_lines.read(written(tmp_path, bytes(range(256))))


def test_zeros_are_no_classes(tmp_path):
    with pytest.raises(errors.PredictionsError, match="line 1: expected a class such as 7"):
        class_lines.read(written(tmp_path, b"\0" * 100))


@pytest.mark.parametrize("count", [None, 10])
def test_huge_file_is_not_read_whole(tmp_path, count):
    path = tmp_path / "predictions.txt"
    with open(path, "wb") as file:
        file.truncate(2**40)  # sparse

    with pytest.raises(errors.PredictionsError, match="at most .* bytes, found a longer one"):
        class_lines.read(path, count)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(errors.PredictionsError, match="found a folder, a pipe or a device"):
        class_lines.read(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["absent", "."])
def test_absent_file_and_folder_are_named(tmp_path, name):
    with pytest.raises(errors.PredictionsError, match=f"{tmp_path}"):
        class_lines.read(tmp_path / name)


@pytest.mark.parametrize("predictions", [[0.5, 0.5], [[1, 2]], [-1]])
def test_probabilities_are_not_classes(predictions):
    with pytest.raises(errors.PredictionsError, match="argmax"):
        class_lines.format(predictions)


def test_scoring_never_imports_tensorflow():
    code = ("import sys, npfl_kit.scoring.accuracy, npfl_kit.scoring.class_lines; "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'PIL', 'matplotlib')))")

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
