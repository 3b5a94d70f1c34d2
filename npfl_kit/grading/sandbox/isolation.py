"""The levels of isolation that a student's code can run on, and which of them this machine gives.

    L3  podman or docker: a container without network, with limits of the kernel
    L2  isolate: the sandbox of programming contests
    L1  unshare or bubblewrap: namespaces, a private root, no capabilities, no new privileges
    L0  a process group with limits: for code that one trusts, as one's own

A namespace shares the kernel with all others; against somebody who has an exploit for it, use a virtual machine.
"""
from __future__ import annotations

import dataclasses
import functools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from npfl_kit import errors
from npfl_kit.grading.sandbox import containers, private_root, readable
from npfl_kit.grading.tasks.task import Limits

LEVELS = ("L0", "L1", "L2", "L3")
TOOLS = {"L3": ("podman", "docker"), "L2": ("isolate",), "L1": ("unshare", "bwrap")}
PROBE_SECONDS = 30
HOSTILE = Path(__file__).with_name("escapes.py")


class IsolationError(errors.KitError):
    """The sandbox itself does not work: a fault of ours or of the machine, never the student's."""


@dataclasses.dataclass(frozen=True)
class Command:
    """How a program is started.

    Args:
      argv: the command.
      folder: where it is started; None is anywhere.
      stop: a command that ends what is not a process below ours.
    """

    argv: list[str]
    folder: Optional[str] = None
    stop: Optional[list[str]] = None


@dataclasses.dataclass(frozen=True)
class Level:
    """A way to run a program.

    Args:
      name: one of `LEVELS`.
      tool: the program that isolates; of L0, none.
    """

    name: str
    tool: str = ""

    def box(self, folder: str) -> str:
        """The working folder as the program sees it."""
        return private_root.BOX if self.tool else folder

    def command(self, argv: Sequence[str], folder: str, paths: Sequence[str], limits: Limits,
                hidden: Sequence[str] = (), variables: Sequence[str] = ()) -> Command:
        """How to run `argv` in a box.

        Args:
          argv: what to run.
          folder: an empty one, the box itself (L0) or the place where its root is mounted.
          paths: that it may read, besides the system's programs and libraries.
          limits: `memory`, `processes` and `disk` are used where the tool knows them.
          hidden: paths that it must not see, though they lie below `paths`.
          variables: names of those in the environment that it must have.
        """
        if not self.tool:
            return Command(list(argv), folder)
        if self.tool == "unshare":
            return Command(private_root.command(argv, folder, paths, hidden, limits.disk,
                                                limits.processes))
        found = containers.command(self.tool, argv, readable.places([*readable.SYSTEM, *paths]), hidden, limits,
                                   variables, f"npfl-kit-{secrets.token_hex(8)}")
        return Command(*found)


L0 = Level("L0")


def failure(level: Level) -> Optional[str]:
    """Why a level cannot be used here: its tool is absent, does not start, or a hostile program gets through it.

    A program is run in it that looks for a file beside the box, for a network, for a place to write, and for a way
    to undo what hides the rest; None says that nothing was found.
    """
    if not level.tool:
        return None
    if shutil.which(level.tool) is None:
        return f"there is no {level.tool}"
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder, "canary")
        canary.write_text(secrets.token_hex(8), encoding="ascii")
        box = Path(folder, "box")
        box.mkdir()
        command = level.command([sys.executable, "-I", "-B", "-S", str(HOSTILE), str(canary), str(os.getpid())],
                                str(box), readable.of_python(), Limits(disk=2**20))
        try:
            ended = subprocess.run(command.argv, cwd=command.folder, stdin=subprocess.DEVNULL, capture_output=True,
                                   timeout=PROBE_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{level.tool} does not work here: {error}"
    return _reason(level.tool, ended.returncode, ended.stdout, ended.stderr)


def _reason(tool: str, code: int, stdout: bytes, stderr: bytes) -> Optional[str]:
    try:
        escapes = json.loads(stdout)
    except ValueError:
        said = stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {code}"]
        return f"{tool} does not work here: {said[-1][:200]}"
    return f"{tool} lets a program {', '.join(escapes)}" if escapes else None


@functools.lru_cache(maxsize=None)
def at(name: str) -> Level:
    """The level of that name, by the first of its tools that holds.

    Raises: IsolationError that says why there is none; UsageError for an unknown name.
    """
    if name not in LEVELS:
        raise errors.unknown("level of isolation", name, LEVELS)
    if name == "L0":
        return L0
    reasons = []
    for tool in TOOLS[name]:
        reason = failure(Level(name, tool))
        if reason is None:
            return Level(name, tool)
        reasons.append(reason)
    raise IsolationError(f"{name} is not to be had on this machine: {'; '.join(reasons)}. "
                         f"Type: npfl-kit doctor")


@functools.lru_cache(maxsize=None)
def probe() -> Level:
    """The strongest level of this machine; each is tried once in a process."""
    for name in reversed(LEVELS):
        try:
            return at(name)
        except IsolationError:
            continue
    return L0


def describe() -> dict[str, Any]:
    """For each level, what it is by here, or why it is not to be had."""
    found: dict[str, Any] = {}
    for name in reversed(LEVELS):
        try:
            found[name] = at(name).tool or "process group, limits and a clock"
        except IsolationError as error:
            found[name] = f"no: {error}"
    return found
