"""An upload made at home: everything that the course will look at first is looked at here, and each fault is named."""
from __future__ import annotations

import ast
import io
import os
import shlex
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional, Union

from npfl_kit import errors, version
from npfl_kit.grading.grader import weights
from npfl_kit.grading.judging import gold
from npfl_kit.grading.sandbox import script_choice
from npfl_kit.grading.tasks.task import Task
from npfl_kit.grading.uploads import forbidden, intake, team, upload_manifest
from npfl_kit.grading.uploads.ungradable import UngradableError

MOMENT = (1980, 1, 1, 0, 0, 0)      # of every file in an archive, so that equal files make equal archives
MODE = 0o100644
SOURCE_KINDS = ("functions", "runs")


def pack(task: Task, paths: Sequence[Union[str, os.PathLike]], members: Sequence[str] = (),
         metrics: Optional[Mapping[str, float]] = None) -> bytes:
    """The archive to hand in.

    Args:
      paths: files; their folders are left out.
      members: of the team, by name.
      metrics: what was measured at home, to be told to the course.
    Raises: UngradableError that names all that is wrong, a line each.
    """
    upload = intake.read_files(paths, task.limits)
    found = problems(task, upload, {os.path.basename(path): os.fspath(path) for path in paths})
    if found:
        raise UngradableError("\n".join(found))
    manifest = upload_manifest.make(task.lab, task.version, version.__version__, upload.files,
                                    team.checked(members, task.team), metrics)
    archive = zipped({intake.MANIFEST: upload_manifest.write(manifest), **dict(sorted(upload.files.items()))})
    intake.read_zip(archive, task.limits)       # as the course will
    return archive


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of files by name, in the order given; equal files make equal bytes.

    >>> zipped({"a.txt": b"1"}) == zipped({"a.txt": b"1"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.create_system, info.external_attr, info.compress_type = 3, MODE << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def problems(task: Task, upload: intake.Upload, places: Mapping[str, str] = {}) -> list[str]:
    """All that is wrong with files for a task, a sentence or more each; nothing of them is run.

    Args:
      places: where the files lie, by name, for commands.
    """
    try:
        intake.require_wanted(task, upload.files)
    except UngradableError as error:
        return [str(error)]
    return [*_of_sources(task, upload.files, places), *_of_predictions(task, upload.files),
            *_of_weights(task, upload.files)]


def _of_sources(task: Task, files: Mapping[str, bytes], places: Mapping[str, str]) -> Iterator[str]:
    """Sources must parse, exactly one of them is the script, and none uses a forbidden name."""
    sources = {name: content for name, content in files.items() if name.endswith(".py")}
    parsed = True
    for name, content in sources.items():
        fault = _parse_fault(name, content, shlex.quote(places.get(name, name)))
        parsed = parsed and not fault
        if fault:
            yield fault
        elif task.forbidden:
            for used, line in forbidden.uses(content, task.forbidden, forbidden.entries(task, sources)):
                yield (f"{name}, line {line}: {used} is forbidden in this task, as it does what you are to write. "
                       f"Leave it out.")
    if parsed and task.kind in SOURCE_KINDS:
        called = [case.call for case in task.cases if case.call] if task.kind == "functions" else ["main"]
        try:
            script_choice.choose(sources, called)
        except errors.UsageError as error:
            yield str(error)


def _parse_fault(name: str, content: bytes, place: str) -> str:
    """Where a source is no Python, or "" if it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # such as those of backslashes, which Python itself shows
            ast.parse(content, name)
    except SyntaxError as error:
        return (f"{name}, line {error.lineno or 1}: expected Python, found a mistake ({error.msg}). "
                f"Try: python3 {place}")
    except (MemoryError, RecursionError, ValueError) as error:
        return f"{name}: expected Python, found something else ({error}). Try: python3 {place}"
    return ""


def _of_predictions(task: Task, files: Mapping[str, bytes]) -> Iterator[str]:
    """Predictions of the course's split and of the home split, line by line, if the data set is here."""
    data = task.data
    if data is None or task.kind != "predictions":
        return
    for name, split, tell in ((data.file, data.split, False), (data.home_file, data.home_split, True)):
        if name in files:
            try:
                answers = gold.load(data, split, version=task.version)
            except errors.DataError:
                continue        # without the data set, the course alone can tell
            try:
                answers.judge(answers.read(files[name], name, tell), data.metric)
            except UngradableError as error:
                yield from str(error).split("\n")


def _of_weights(task: Task, files: Mapping[str, bytes]) -> Iterator[str]:
    for name, content in files.items():
        if name.endswith((".safetensors", ".h5")):
            try:
                weights.scan(name, content)
            except UngradableError as error:
                yield str(error)


def contents(task: Task, archive: bytes) -> Mapping[str, Any]:
    """The manifest of an archive that `pack` made."""
    return intake.read_zip(archive, task.limits).manifest
