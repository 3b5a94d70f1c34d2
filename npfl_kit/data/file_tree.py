"""A folder, a zip or a tar file as one thing: the names of its files, and the bytes of each."""
from __future__ import annotations

import io
import lzma
import os
import pathlib
import posixpath
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable

from npfl_kit import errors

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_FILE_BYTES = 2**26   # 64 MiB: no picture and no batch of CIFAR-10 is larger
MAX_TAR_BYTES = 2**31    # a tar file has no index, so its files are kept in memory
DAMAGED = (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, RuntimeError,
           ValueError, struct.error)

Readers = dict[str, Callable[[], bytes]]


def is_archive(path: pathlib.Path) -> bool:
    """Whether `path` is a file whose name says that it is an archive.

    >>> is_archive(pathlib.Path("no such file.zip"))
    False
    """
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


class FileTree:
    """The files below a folder or inside an archive; an archive is never unpacked to the disk.

    `names` are relative, sorted, with `/` between folders; hidden files and `__MACOSX` are left out. A folder and a
    zip file are read file by file; a tar file is read whole when it is opened (at most 2 GiB).

    Args:
      path: folder, or file with one of `SUFFIXES`.
    Raises: DataError if `path` is absent or damaged.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        try:
            self._readers = (_folder if path.is_dir() else _zip if zipfile.is_zipfile(path) else _tar)(path)
        except DAMAGED as error:
            raise errors.DataError(f"Cannot read {path}: {_reason(path, error)}. Get that file again, or unpack it "
                                   f"and type --data_dir=FOLDER.") from None
        self.names = sorted(name for name in self._readers if not is_hidden(name))

    def read(self, name: str) -> bytes:
        """The content of one file, from any thread; a DataError if it is damaged or has more than 64 MiB."""
        try:
            return self._readers[name]()
        except DAMAGED as error:
            raise errors.DataError(f"Cannot read {name} in {self.path}: {error}. "
                                   f"Replace or delete that file.") from None


def is_hidden(name: str) -> bool:
    """Whether a file or a folder on the way to it is hidden, or is a leftover of a Mac's packer.

    >>> is_hidden("cat/.thumbnails/1.png"), is_hidden("__MACOSX"), is_hidden("cat/1.png")
    (True, True, False)
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _reason(path: pathlib.Path, error: Exception) -> str:
    """Why an archive cannot be opened, in one line; of a file of another kind, tarfile says it in five."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if path.stat().st_size == 0:
        return "it is empty"
    if "\n" in str(error):
        kind = "zip" if path.name.lower().endswith(".zip") else "tar"
        return f"it is not a {kind} file, or only the beginning of one"
    return str(error)


def _refuse_huge(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise OSError(f"a file has {size:,} bytes, expected at most {MAX_FILE_BYTES:,}")


def _folder(path: pathlib.Path) -> Readers:
    def reader(file: str) -> Callable[[], bytes]:
        def read() -> bytes:
            _refuse_huge(os.path.getsize(file))
            with open(file, "rb") as stream:
                return stream.read()
        return read

    return {os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/"): reader(os.path.join(folder, name))
            for folder, _, names in os.walk(path) for name in names if os.path.isfile(os.path.join(folder, name))}


def _zip(path: pathlib.Path) -> Readers:
    archive, lock = zipfile.ZipFile(path), threading.Lock()

    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            _refuse_huge(info.file_size)
            with lock:  # ZipFile counts its open members without one
                return archive.read(info)
        return read

    return {posixpath.normpath(info.filename.replace("\\", "/")): reader(info)
            for info in archive.infolist() if not info.is_dir()}


def _tar(path: pathlib.Path) -> Readers:
    readers: Readers = {}
    total = 0
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isreg():
                continue
            _refuse_huge(member.size)
            total += member.size
            if total > MAX_TAR_BYTES:
                raise OSError(f"it holds more than {MAX_TAR_BYTES:,} bytes; unpack it and give the folder")
            stream = archive.extractfile(member)
            content = io.BytesIO(b"" if stream is None else stream.read())
            readers[posixpath.normpath(member.name)] = content.getvalue
    return readers
