"""Text files are read strictly: the first byte that is no text is named."""
import gzip

import pytest

from npfl_kit import errors
from npfl_kit.data import plain_text


@pytest.mark.parametrize("content, text", [
    (b"", ""), (b"one\ntwo", "one\ntwo"), (b"\xef\xbb\xbfone\r\ntwo\r\n", "one\ntwo\n"), ("žluť\n".encode(), "žluť\n"),
    (b"a\rb", "a\rb")])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path, content, text):
    (tmp_path / "plain.txt").write_bytes(content)
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(content, mtime=0))

    assert plain_text.read(tmp_path / "plain.txt") == plain_text.read(tmp_path / "packed.txt.gz") == text


def test_a_byte_that_is_no_text_is_named_by_place_and_line(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"one\n" * 1_000 + b"caf\xe9\n")

    with pytest.raises(errors.DataError, match=r"latin\.txt, line 1,001: .*UTF-8.*0xe9 at byte 4,003\. .*iconv"):
        plain_text.read(tmp_path / "latin.txt")


def test_a_file_that_is_cut_off_inside_a_character_is_named_by_its_beginning(tmp_path):
    (tmp_path / "cut.txt").write_bytes("abč".encode()[:-1])

    with pytest.raises(errors.DataError, match="at byte 2"):
        plain_text.read(tmp_path / "cut.txt")


@pytest.mark.parametrize("content, lines", [
    (b"", []), (b"\n", [""]), (b"a\n\nb", ["a", "", "b"]), (b"a\n", ["a"]),
    ("a\u2028b\x0cc\n".encode(), ["a\u2028b\x0cc"])])
def test_only_the_end_of_a_line_ends_one(tmp_path, content, lines):
    (tmp_path / "some.txt").write_bytes(content)

    assert plain_text.lines(tmp_path / "some.txt") == lines


@pytest.mark.parametrize("content", [b"\x1f\x8bno", gzip.compress(b"text" * 99, mtime=0)[:-9]])
def test_a_broken_archive_is_a_data_error(tmp_path, content):
    (tmp_path / "text.gz").write_bytes(content)

    with pytest.raises(errors.DataError, match="text.gz: expected a whole gzip file"):
        plain_text.read(tmp_path / "text.gz")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_without_end_is_refused(tmp_path, packed):
    path = tmp_path / ("bomb.gz" if packed else "long.txt")
    path.write_bytes(gzip.compress(b"0" * 10_000, mtime=0) if packed else b"0" * 10_000)

    with pytest.raises(errors.DataError, match="at most 1,000 bytes"):
        plain_text.read(path, limit=1_000)


def test_what_is_no_file_is_a_data_error(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(errors.DataError, match=str(path)):
            plain_text.read(path)
