import gzip
import struct

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data import idx


def encoded(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def array():
    return np.random.default_rng(42).integers(0, 256, [5, 4, 3], dtype=np.uint8)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_what_is_written_is_read_whatever_the_name(tmp_path, array, compress, name):
    (tmp_path / name).write_bytes(compress(encoded(array)))

    np.testing.assert_array_equal(idx.read(tmp_path / name), array)
    assert idx.header(tmp_path / name) == (5, 4, 3)


CRAFTED = {
    "empty": (b"", "expected an idx file, found an empty file"),
    "short magic": (b"\0\0", "expected an idx file, found 2 bytes"),
    "text": (b"<html>not found</html>", "expected an idx file of unsigned bytes .*, found magic 3c 68 74 6d"),
    "floats": (b"\0\0\x0d\x01\0\0\0\x01abcd", "found magic 00 00 0d 01"),
    "no dimension": (b"\0\0\x08\0", "found magic 00 00 08 00"),
    "many dimensions": (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255, "found magic 00 00 08 ff"),
    "short header": (b"\0\0\x08\x03\0\0\0\x01", "expected 3 dimensions, found a header of 8 bytes"),
    "zero items": (b"\0\0\x08\x01\0\0\0\0", "found dimensions 0"),
    "absurd dimensions": (b"\0\0\x08\x04" + b"\xff" * 16, "found dimensions 4294967295 x 4294967295"),
    "truncated": (b"\0\0\x08\x01\0\0\0\x05abc", r"expected 5 bytes of data \(5\), found only 3"),
    "trailing": (b"\0\0\x08\x01\0\0\0\x02abc", r"expected 2 bytes of data \(2\), found more"),
}


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("content, found", CRAFTED.values(), ids=CRAFTED)
def test_bad_file_is_a_data_error_naming_the_file(tmp_path, content, found, compress):
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(compress(content))

    with pytest.raises(errors.DataError, match=f"{path}: .*{found}.*Delete the file and get it again"):
        idx.read(path)


@pytest.mark.parametrize("kept", [3, 10, 20, -9, -1])
def test_truncated_gz_is_a_data_error_naming_the_file(tmp_path, array, kept):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(encoded(array))[:kept])

    with pytest.raises(errors.DataError, match=f"{path}: expected a whole gzip file, found one that is cut off"):
        idx.read(path)


def test_damaged_gz_is_a_data_error(tmp_path, array):
    content = bytearray(gzip.compress(encoded(array)))
    content[-6] ^= 1  # in the checksum
    (tmp_path / "a.gz").write_bytes(content)

    with pytest.raises(errors.DataError, match="cut off or damaged"):
        idx.read(tmp_path / "a.gz")


def test_gz_that_grows_without_end_is_not_read_to_its_end(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(2**26)))

    with pytest.raises(errors.DataError, match="expected 5 bytes of data"):
        idx.read(tmp_path / "a.gz")


def test_absent_file_is_a_data_error(tmp_path):
    with pytest.raises(errors.DataError, match="Cannot read .*absent: No such file"):
        idx.read(tmp_path / "absent")
