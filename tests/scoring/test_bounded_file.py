import gc
import os

import pytest

from npfl_kit import errors
from npfl_kit.scoring import bounded_file


def test_a_file_is_read_up_to_its_bound(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")

    assert bounded_file.read(tmp_path / "file", 5) == b"12345"
    with pytest.raises(errors.DataError, match="at most 4 bytes"):
        bounded_file.read(tmp_path / "file", 4, errors.DataError)


def test_a_pipe_a_folder_and_a_device_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(errors.PredictionsError):
            bounded_file.read(path, 5)


def test_a_name_with_a_zero_byte_is_an_error_of_the_user():
    with pytest.raises(errors.PredictionsError, match="Cannot read"):
        bounded_file.read("a\0b", 5)


def test_garbage_is_collected_again_afterwards(tmp_path):
    (tmp_path / "file").write_bytes(b"[")

    with pytest.raises(errors.PredictionsError):
        bounded_file.read_json(tmp_path / "file")

    assert gc.isenabled()
