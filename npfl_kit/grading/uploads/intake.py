"""What a student hands in, as bytes by name: from an archive, or from files at home. All of it is hostile."""
from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Union

from npfl_kit.grading.tasks.task import Limits, Task
from npfl_kit.grading.uploads import file_names, upload_manifest, zip_reader
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import bounded_file

__all__ = ["UngradableError", "Upload", "content_sha256", "read_files", "read_zip", "require_wanted", "wanted"]
MANIFEST = zip_reader.MANIFEST


@dataclasses.dataclass(frozen=True)
class Upload:
    """What a student hands in.

    Args:
      files: their bytes by name, without the manifest; no name has a folder, or hides a module of Python.
      manifest: see `upload_manifest.read`; empty if there is none.
      sha256: of the archive; of loose files, `content_sha256`.
      team: members by name; empty if nobody is named.
    """

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sha256: str = ""
    team: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """`content_sha256` of the files: equal for equal files, whoever packed them, and however."""
        return content_sha256(self.files)


def content_sha256(files: Mapping[str, bytes]) -> str:
    """The sha256 of names and contents together, in the order of the names.

    >>> content_sha256({"a": b"1", "b": b""}) == content_sha256({"b": b"", "a": b"1"})
    True
    """
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{hashlib.sha256(content).hexdigest()} {name}\n".encode())
    return digest.hexdigest()


def read_zip(data: bytes, limits: Limits = Limits()) -> Upload:
    """An archive as an upload; see `zip_reader` for what is refused.

    Raises: UngradableError that says what was expected and what came.
    """
    files = zip_reader.read(data, limits)
    manifest: dict[str, Any] = {}
    if MANIFEST in files:
        manifest = upload_manifest.read(files.pop(MANIFEST))
        upload_manifest.require_files(manifest, files)
    if not files:
        raise UngradableError("The archive has no file but its manifest. Type: npfl-kit pack LAB FILES")
    return Upload(files, manifest, hashlib.sha256(data).hexdigest(), tuple(manifest.get("team", ())))


def read_files(paths: Iterable[Union[str, os.PathLike]], limits: Limits = Limits()) -> Upload:
    """Files at home as an upload, held to the same rules; a single `.zip` is read as an archive.

    Raises: UngradableError that says what was expected and what came.
    """
    places = [Path(path) for path in paths]
    if len(places) == 1 and places[0].name.lower().endswith(".zip"):
        return read_zip(bounded_file.read(places[0], limits.upload + 2**17, UngradableError), limits)
    if len(places) > limits.files:
        raise UngradableError(f"Expected at most {limits.files} files, got {len(places)}. Leave out what the task "
                              f"does not ask for.")
    file_names.require(place.name for place in places)
    files: dict[str, bytes] = {}
    left = limits.upload
    for place in places:
        if place.name == MANIFEST:
            raise UngradableError(f"{place}: npfl-kit pack writes the manifest; leave it out.")
        files[place.name] = bounded_file.read(place, left, UngradableError)
        left -= len(files[place.name])
    if not files:
        raise UngradableError("Expected at least one file. Type: npfl-kit pack LAB FILES")
    return Upload(files, sha256=content_sha256(files))


def wanted(task: Task, home: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Patterns of the names that an upload must have, and of those that it may have.

    Of predictions and weights, only these are judged at home, and the predictions are those of the home split.
    """
    data = task.data
    if data is None or not home:
        return task.files, task.optional + ((data.home_file,) if data else ())
    return (data.home_file,), tuple(dict.fromkeys([*task.files, *task.optional, data.file]))


def require_wanted(task: Task, names: Iterable[str], home: bool = False) -> None:
    """Raise UngradableError that names a file which the task asks for and an upload lacks, or has too many."""
    listed = sorted(names)
    needed, allowed = wanted(task, home)
    for pattern in needed:
        if not fnmatch.filter(listed, pattern):
            raise UngradableError(f"The task {task.lab} asks for a file {pattern}; got "
                                  f"{', '.join(listed[:5]) or 'none'}. Add it.")
    for name in listed:
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in needed + allowed):
            raise UngradableError(f"The task {task.lab} does not ask for {name}; it asks for "
                                  f"{', '.join(needed + allowed)}. Leave it out, or give it that name.")
