"""Content-addressed files: whole or not there, checked when read, never outside their folder."""
import os
import threading

import hypothesis
import pytest
from hypothesis import strategies

from npfl_kit import errors
from npfl_kit.grading.stores import objects


@hypothesis.given(data=strategies.binary(max_size=200))
@hypothesis.settings(max_examples=30, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path, data):
    digest = objects.write(tmp_path, data)

    assert objects.read(tmp_path, digest) == data and digest == objects.sha256(data)


def test_equal_bytes_are_one_file(tmp_path):
    objects.write(tmp_path, b"same")
    objects.write(tmp_path, b"same")

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [objects.sha256(b"same")]


def test_many_threads_may_write_the_same_bytes(tmp_path):
    data = os.urandom(200_000)
    threads = [threading.Thread(target=objects.write, args=(tmp_path, data)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert objects.read(tmp_path, objects.sha256(data)) == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1      # no scratch file is left


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"other"), lambda path: path.write_bytes(b""),
                                   os.unlink], ids=["changed", "emptied", "lost"])
def test_a_spoilt_file_is_said_so_and_writing_mends_it(tmp_path, spoil):
    digest = objects.write(tmp_path, b"content")
    spoil(objects.path_of(tmp_path, digest))

    with pytest.raises(errors.DataError, match="from a copy of the store"):
        objects.read(tmp_path, digest)
    objects.write(tmp_path, b"content")

    assert objects.read(tmp_path, digest) == b"content"


@pytest.mark.parametrize("name", ["", "../secret", "ab/../../secret", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_no_other_name_becomes_a_path(tmp_path, name):
    with pytest.raises(ValueError, match="SHA-256"):
        objects.read(tmp_path, name)


def test_only_the_owner_may_read_a_file(tmp_path):
    digest = objects.write(tmp_path, b"content")

    assert objects.path_of(tmp_path, digest).stat().st_mode & 0o077 == 0


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "replace", fail)

    with pytest.raises(errors.DataError, match="No space left"):
        objects.write(tmp_path, b"content")

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
