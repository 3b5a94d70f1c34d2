"""Files are whole or not there, and of the mode that other files have."""
import os
import pathlib

import pytest

from npfl_kit import errors, files


@pytest.fixture
def umask():
    """Set the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask, mode", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_written_file_has_the_usual_mode(tmp_path, umask, mask, mode):
    umask(mask)

    files.write_text(tmp_path / "a" / "b.txt", "text\n")

    assert (tmp_path / "a" / "b.txt").read_bytes() == b"text\n"
    assert (tmp_path / "a" / "b.txt").stat().st_mode & 0o777 == mode


def test_a_block_that_fails_leaves_the_old_file_alone(tmp_path):
    files.write_text(tmp_path / "a", "old")

    with pytest.raises(ZeroDivisionError):
        with files.replacing(tmp_path / "a") as scratch:
            scratch.write_text("half")
            1 / 0

    assert (tmp_path / "a").read_text() == "old" and os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_a_sentence_that_fits_every_caller(tmp_path):
    with pytest.raises(errors.KitError) as caught:
        with files.replacing(tmp_path / "a") as scratch:
            scratch.symlink_to("/dev/full")
            scratch.write_text("x")

    assert str(caught.value) == (f"Cannot write {tmp_path / 'a'}: No space left on device. Free some space, or choose "
                                 f"another place for it.")
    assert os.listdir(tmp_path) == []
