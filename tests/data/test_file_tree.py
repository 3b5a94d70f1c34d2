"""Archives that cannot be read: one sentence, with the name of the file and what to type next."""
import io
import random
import tarfile
import zipfile

import pytest

from npfl_kit import errors
from npfl_kit.data import file_tree

NAMES = [f"kůň/{number}.png" for number in range(5)]
NEXT = r"Get that file again, or unpack it and type --data_dir=FOLDER\."


def archive(form, size=3000):
    """The bytes of an archive of five files of noise."""
    buffer, noise = io.BytesIO(), random.Random(42)
    if form == "zip":
        with zipfile.ZipFile(buffer, "w") as zipped:
            for name in NAMES:
                zipped.writestr(name, noise.randbytes(size))
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if form == "tgz" else "w") as tar:
            for name in NAMES:
                info = tarfile.TarInfo(name)
                info.size = size
                tar.addfile(info, io.BytesIO(noise.randbytes(size)))
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["zip", "tar", "tgz"])
def test_a_whole_archive_has_its_files_in_order(tmp_path, form):
    path = tmp_path / f"packed.{form}"
    path.write_bytes(archive(form))

    tree = file_tree.FileTree(path)

    assert tree.names == NAMES and len(tree.read(NAMES[2])) == 3000


@pytest.mark.parametrize("form, content, reason", [
    ("zip", b"", "it is empty"),
    ("zip", b"<html>Please log in</html>", "it is not a zip file, or only the beginning of one"),
    ("zip", "half", "it is not a zip file, or only the beginning of one"),
    ("tar", b"", "it is empty"),
    ("tar", b"<html>Please log in</html>", "it is not a tar file, or only the beginning of one"),
    ("tar", "half", "unexpected end of data"),
    ("tgz", b"<html>Please log in</html>", "it is not a tar file, or only the beginning of one"),
    ("tgz", "half", "Compressed file ended before .*"),
], ids=lambda each: str(each)[:20])
def test_an_archive_that_cannot_be_read_is_one_sentence_naming_it(tmp_path, form, content, reason):
    path = tmp_path / f"packed.{form}"
    path.write_bytes(archive(form)[:9000] if content == "half" else content)

    with pytest.raises(errors.DataError, match=f"^Cannot read {path}: {reason}. {NEXT}$"):
        file_tree.FileTree(path)


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_wrong_bytes_anywhere_are_read_or_a_data_error(tmp_path, form):
    path, whole, noise = tmp_path / f"packed.{form}", archive(form, size=20), random.Random(42)

    for _ in range(300):
        content = bytearray(whole)
        for _ in range(noise.choice([1, 2, 4])):
            content[noise.randrange(len(content))] = noise.randrange(256)
        path.write_bytes(content)
        try:
            tree = file_tree.FileTree(path)
            for name in tree.names:
                tree.read(name)
        except errors.DataError as error:
            assert str(path) in str(error)


def test_an_absent_archive_is_a_data_error(tmp_path):
    with pytest.raises(errors.DataError, match="Cannot read .*absent.tar.gz: No such file or directory"):
        file_tree.FileTree(tmp_path / "absent.tar.gz")
