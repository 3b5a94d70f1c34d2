"""Which process holds a piece of work, and whether that process has surely ended."""
from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path
from typing import Optional

ENDED = "ZXx"       # states of a process in /proc that only waits for its parent to look


def new() -> str:
    """A name for this process that no other one has, now or later, here or on another machine."""
    return " ".join([place(), str(os.getpid()), start_of(os.getpid()) or "-", uuid.uuid4().hex])


def is_gone(identity: str) -> bool:
    """Whether the process of that name has ended; False where that is not sure, as of another machine.

    >>> is_gone(new()), is_gone("elsewhere - - 1 - 0")
    (False, False)
    """
    where, pid, started, _ = identity.rsplit(" ", 3)
    if where != place() or os.name != "posix":
        return False
    if started != "-":
        return start_of(int(pid)) != started    # a number may belong to a later process by now
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def place() -> str:
    """Where numbers of processes mean the same: the machine, since it was started, and its container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{platform.node()} - -"


def start_of(pid: int) -> Optional[str]:
    """When a process was started, in ticks since the machine was; None if there is none, or no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ENDED else fields[19]
