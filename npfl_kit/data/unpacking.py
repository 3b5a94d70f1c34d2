"""Unpacking a stranger's `.tar.gz`: nothing leaves the folder, and the folder appears whole or not at all."""
from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from npfl_kit import errors

MOST_FILES = 100_000


def unpack(archive: Path, target: Path, most_bytes: int) -> None:
    """Unpack the folder `target.name` of the archive as `target`.

    Only ordinary files and folders below that name are taken. A path that leaves it, a link or a device makes the
    whole archive refused, and so does a total size above `most_bytes`: this differs from `tar`, and from `tarfile`
    with `filter="data"`, which Python 3.9 has only in its last releases.

    Raises: DataError, with nothing left behind, when the archive is damaged, not safe, or the disk is full.
    """
    for leftover in target.parent.glob(".unpacking-*"):     # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=target.parent))
    except OSError as error:
        raise cannot_unpack(archive, error) from error
    try:
        unpack_members(archive, scratch, target.name, most_bytes)
        os.replace(scratch / target.name, target)
    except tarfile.TarError as error:
        raise damaged(archive, str(error)) from error
    except (EOFError, zlib.error) as error:
        raise damaged(archive, "it ends early or holds wrong bytes") from error
    except OSError as error:
        raise cannot_unpack(archive, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unpack_members(archive: Path, scratch: Path, top: str, most_bytes: int) -> None:
    """Write every file of the archive under `scratch`, with our own modes, owner and times."""
    total = 0
    with tarfile.open(archive, "r:gz") as tar:
        for count, member in enumerate(tar):
            total += member.size
            if count >= MOST_FILES or total > most_bytes:
                raise damaged(archive, f"it unpacks to more than {most_bytes} bytes or {MOST_FILES} files")
            path = scratch / safe_path(archive, member.name, top)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                raise damaged(archive, f"{member.name!r} is a link or a device, not a file")
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as out:
                shutil.copyfileobj(content, out)
    if not (scratch / top).is_dir():
        raise damaged(archive, f"it holds no folder {top!r}")


def safe_path(archive: Path, name: str, top: str) -> PurePosixPath:
    """The path of a member below the scratch folder.

    >>> print(safe_path(Path("a.tgz"), "./top/x.jpg", "top"))
    top/x.jpg
    >>> safe_path(Path("a.tgz"), "top/../../x", "top")
    Traceback (most recent call last):
    npfl_kit.errors.DataError: a.tgz is not safe: 'top/../../x' does not lie in 'top'. Remove it and download again.
    """
    path = PurePosixPath(name)
    if path.parts[:1] != (top,) or ".." in path.parts or set(name) & set("\\:"):     # these lead away on Windows
        raise errors.DataError(f"{archive} is not safe: {name!r} does not lie in {top!r}. Remove it and download "
                               f"again.")
    return path


def damaged(archive: Path, reason: str) -> errors.DataError:
    """The error for an archive that is not what its name says."""
    return errors.DataError(f"Cannot unpack {archive}: {reason}. Remove the file and download it again.")


def cannot_unpack(archive: Path, error: OSError) -> errors.DataError:
    """The error for a disk that is full or may not be written, or an archive that repeats a name."""
    return errors.DataError(f"Cannot unpack {archive}: {error.strerror or error}. Free some space, or let "
                            f"NPFL_KIT_CACHE name a folder on another disk.")
