"""The official files of a data set: brought into the cache once and checked, or a sentence that says how else."""
from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from npfl_kit import errors
from npfl_kit.data import cache, digest, manifest, progress, transfer, unpacking


def fetch(name: str, patience: transfer.Patience = transfer.Patience()) -> Path:
    """The folder that holds every file of a data set; what is missing is downloaded, archives are unpacked.

    A complete folder is only looked at, so a cache that many share may be read-only. `NPFL_KIT_OFFLINE=1` forbids
    the network.

    Raises: DataError when the files cannot be had or written; UsageError for an unknown name.
    """
    facts, folder = manifest.read(name), cache.folder(name)
    if all(is_ready(file, folder) for file in facts.files):
        return folder
    with locked(folder):                                    # another process may have brought some by now
        for file in facts.files:
            if not is_ready(file, folder):
                if not is_whole(file, folder):
                    bring(file, name, folder, patience)
                if file.unpacks:
                    unpack(file, folder)
    return folder


def is_whole(file: manifest.RemoteFile, folder: Path) -> bool:
    """Whether the file is there with its size; its bytes were checked before it got its name."""
    return transfer.size_of(folder / file.name) == file.bytes


def is_ready(file: manifest.RemoteFile, folder: Path) -> bool:
    """Whether the file can be read: whole or, for an archive, unpacked."""
    return (folder / file.unpacks).is_dir() if file.unpacks else is_whole(file, folder)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a data set, `NAME.lock` beside its folder, against other processes and threads."""
    import filelock     # 0.1 s

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder.with_name(f"{folder.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            print(f"Waiting for another process that downloads {folder.name} ...", file=sys.stderr, flush=True)
            lock.acquire()
    except OSError as error:
        raise transfer.cannot_write(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def bring(file: manifest.RemoteFile, name: str, folder: Path, patience: transfer.Patience) -> None:
    """Download one file, or raise the DataError that says how to put it there by hand."""
    found = transfer.size_of(folder / file.name)
    there = f"; the file there has {found} bytes instead of {file.bytes}" if found else ""
    if os.environ.get("NPFL_KIT_OFFLINE", "0") not in ("", "0"):
        raise missing(file, name, folder, "NPFL_KIT_OFFLINE is set" + there)
    require_space(file, folder)
    try:
        with progress.of_download(f"{name}/{file.name}", file.bytes) as advance:
            transfer.obtain(file, folder, patience, advance)
    except transfer.Unobtainable as failure:
        raise missing(file, name, folder, f"{failure}{there}") from failure


def require_space(file: manifest.RemoteFile, folder: Path) -> None:
    """Raise DataError when the disk is too small for the rest of the file and what it unpacks to."""
    needed = file.bytes - transfer.size_of(folder / f"{file.name}.part") + file.unpacked_bytes
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise errors.DataError(
            f"{file.name} needs {progress.readable(needed)} in {folder}, and {progress.readable(free)} are free. Free "
            f"some space, or let NPFL_KIT_CACHE name a folder on another disk.")


def missing(file: manifest.RemoteFile, name: str, folder: Path, reason: str) -> errors.DataError:
    """The error for a file that cannot be downloaded: what is missing, why, and the three ways on."""
    return errors.DataError(
        f"Cannot download {file.name} of {name}, {progress.readable(file.bytes)} ({reason}). Put the file of "
        f"{file.urls[0]} into {folder}, or name a folder that holds it by --data_dir=FOLDER; without a network, "
        f"--dataset=glyphs needs no download.")


def unpack(file: manifest.RemoteFile, folder: Path) -> None:
    """Unpack an archive, and remove it; its bytes are compared first, as it may have been put there by hand."""
    path = folder / file.name
    found = digest.of_file(path)
    if found != file.sha256:
        raise errors.DataError(f"{path} has sha256 {found} instead of {file.sha256}. Remove the file, so that it is "
                               f"downloaded again.")
    unpacking.unpack(path, folder / file.unpacks, file.unpacked_bytes)
    path.unlink()


@dataclasses.dataclass(frozen=True)
class Finding:
    """What `verify` says about one file: `state` is right, rewrapped, unpacked, unofficial, missing or wrong."""

    file: str
    state: str
    detail: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether a reader gets the official content, or what nobody can compare with it."""
        return self.state in ("right", "rewrapped", "unpacked", "unofficial")


def verify(name: str, folder: Path) -> list[Finding]:
    """Compare the files in a folder with the manifest, byte by byte; nothing is downloaded or changed."""
    return [examine(file, folder) for file in manifest.read(name).files]


def examine(file: manifest.RemoteFile, folder: Path) -> Finding:
    """The finding about one file: by its digest, else by the digest of what it wraps."""
    path = folder / file.name
    if not path.is_file():
        if file.unpacks and (folder / file.unpacks).is_dir():
            return Finding(file.name, "unpacked", f"to {file.unpacks}; its bytes were right then")
        if file.content_sha256 and is_content(folder / path.stem, file):
            return Finding(path.stem, "rewrapped", f"the official content of {file.name}, unzipped")
        return Finding(file.name, "missing", f"expected in {folder}")
    try:
        found = digest.of_file(path)
    except OSError as error:
        return Finding(file.name, "wrong", f"cannot be read: {error.strerror}")
    if found == file.sha256:
        return Finding(file.name, "right")
    if file.content_sha256 and digest.of_content(path, file.content_bytes) == file.content_sha256:
        return Finding(file.name, "rewrapped", "the official content in another gzip wrapper")
    size = transfer.size_of(path)
    if size != file.bytes:
        return Finding(file.name, "wrong", f"{size} bytes instead of {file.bytes}")
    return Finding(file.name, "wrong", f"sha256 {found} instead of {file.sha256}")


def is_content(path: Path, file: manifest.RemoteFile) -> bool:
    """Whether the file holds just what the `.gz` of the manifest wraps."""
    return transfer.size_of(path) == file.content_bytes and digest.of_file(path) == file.content_sha256
