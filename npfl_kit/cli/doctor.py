"""Tell whether the kit can run here, what it would run on, and which command mends what is wrong."""
from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from npfl_kit import errors, version
from npfl_kit.cli import machine, table

HELP = "check the installation and this machine"
GOOD, BAD, NOTE = "ok", "WRONG", "-"
PACKAGES = {"TensorFlow": version.TENSORFLOWS, "Keras": ("keras",), "Addons": ("tensorflow-addons",),
            "NumPy": ("numpy",)}
Line = tuple     # mark, subject, finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`npfl-kit doctor` has no flags of its own."""


def run(args: argparse.Namespace) -> int:
    """Print a line per finding; exit code 0 when the kit can run, 1 when not."""
    is_well = True
    for line in diagnosis():
        is_well &= line[0] != BAD
        print(*table.lines([[line[0].ljust(5), line[1].ljust(10), line[2]]]), flush=True)
    print("The kit can run here." if is_well else "The kit cannot run here; see what is marked WRONG.")
    return 0 if is_well else 1


def diagnosis() -> Iterator[Line]:
    """Everything that is worth a line, the quick things first."""
    yield from stack()
    yield from tensorflow()
    yield NOTE, "cores", str(machine.cores())
    memory = machine.memory()
    yield NOTE, "memory", f"{memory / 2**30:.1f} GiB" if memory else "unknown"
    yield from storage()
    yield NOTE, "network", network()
    yield NOTE, "sandbox", sandbox()
    yield from present()


def sandbox() -> str:
    """How well this machine keeps foreign code in when it grades, or why it does not."""
    from npfl_kit.grading.sandbox import isolation

    level = isolation.probe()
    if level is not isolation.L0:
        return f"{level.name} by {level.tool}"
    return f"L0, which keeps nobody in: foreign files are refused ({isolation.describe()['L1']})"


def stack() -> Iterator[Line]:
    """Python and the packages by their metadata, and the one sentence that mends them."""
    yield NOTE, "Python", f"{platform.python_version()} in {sys.prefix}"
    for name, packages in PACKAGES.items():
        versions = filter(None, (version.version_or_none(version.installed, each) for each in packages))
        yield NOTE, name, next(versions, "not installed")
    try:
        version.check_stack()
        yield GOOD, "versions", "these belong together"
    except errors.StackError as error:
        yield BAD, "versions", str(error)


def tensorflow() -> Iterator[Line]:
    """Whether TensorFlow starts, and its GPU or the reason why there is none; a GPU is no need."""
    found = machine.probe_tensorflow()
    if "error" in found:
        yield BAD, "import", f"TensorFlow does not start: {found['error']}"
        return
    yield GOOD, "import", "TensorFlow starts"
    gpus, visible = found["gpus"], os.environ.get("CUDA_VISIBLE_DEVICES")
    yield ((GOOD, "GPU", ", ".join(gpus)) if gpus else
           (NOTE, "GPU", f"none: {machine.why_no_gpu(found['cuda'], machine.has_driver(), visible)}"))


def storage() -> Iterator[Line]:
    """Whether the folder for downloads can be written, and the space on its disk."""
    from npfl_kit.data import cache, progress

    try:
        folder = cache.root()
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryFile(dir=existing):
            yield GOOD, "cache", f"{folder}, {progress.readable(shutil.disk_usage(existing).free)} free"
    except (OSError, errors.DataError) as error:
        yield NOTE, "cache", f"{error}; data sets cannot be downloaded. Let NPFL_KIT_CACHE name another folder."


def network(seconds: float = 2.0) -> str:
    """Whether the official host of MNIST answers; asked in a thread, as looking up a name knows no time limit."""
    from npfl_kit.data import manifest

    if os.environ.get("NPFL_KIT_OFFLINE", "0") not in ("", "0"):
        return "not to be used: NPFL_KIT_OFFLINE is set"
    url = manifest.read("mnist").files[0].urls[0]
    answers: list[str] = []
    thread = threading.Thread(target=ask, args=(url, seconds, answers), daemon=True)
    thread.start()
    thread.join(seconds)
    host = urllib.parse.urlsplit(url).hostname
    return f"{host} {answers[0]}" if answers else f"{host} is silent; without a network, use --dataset=glyphs"


def ask(url: str, seconds: float, answers: list[str]) -> None:
    """Send a HEAD request and append what came of it."""
    import requests

    try:
        answers.append(f"answers ({requests.head(url, timeout=seconds).status_code})")
    except requests.RequestException as error:
        answers.append(f"is not reached ({type(error).__name__}); without a network, use --dataset=glyphs")


def present() -> Iterator[Line]:
    """The data sets that need no download any more."""
    from npfl_kit import data
    from npfl_kit.cli import data as verb
    from npfl_kit.data import manifest

    known = manifest.names()
    here = [name for name in data.NAMES if name not in known or Path(verb.place(name, manifest.read(name))).is_dir()]
    yield NOTE, "data", ", ".join(name for name in here if name != "folder")
