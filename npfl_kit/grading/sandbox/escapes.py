"""A program that tries to get out of the box it runs in, and prints as JSON what it was able to do.

    python -I -B -S escapes.py CANARY PROCESS

Plain Python. An empty list is the only good answer; `isolation` asks it of a level before it is believed.
"""
from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator

NEW_MOUNTS, NEW_USERS = 0x00020000, 0x10000000       # of unshare


def reads(path: str) -> bool:
    """Whether the file is there, by any of its names."""
    names = [path, *(f"/proc/{process}/root{path}" for process in os.listdir("/proc") if process.isdigit())]
    return any(os.path.exists(name) for name in names)


def sees(process: str) -> bool:
    """Whether a process of the grader is there: the id is its own in the box, if it is so."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/cmdline", "rb") as file:
        return int(process) != os.getpid() and bool(file.read())
    return False


def has_network() -> bool:
    """Whether there is any way to another machine, or a loopback that is up."""
    with contextlib.suppress(OSError):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
            outside.connect(("192.0.2.1", 9))       # a UDP connect sends nothing: it asks for a route
            return True
    return len(socket.if_nameindex()) > 1


def allowed(name: str, *arguments: object) -> bool:
    """Whether the kernel lets this program call a function: it succeeds, or fails for another reason than rights.

    The arguments below ask for nothing that can be had, so that nothing happens where it is allowed.
    """
    return getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) == 0 or ctypes.get_errno() != errno.EPERM


def writes() -> Iterator[str]:
    """Folders outside the box that can be written to."""
    box = os.stat(".").st_dev
    for folder in ("/", "/dev", "/etc", "/usr", "/usr/lib", "/home", os.path.dirname(sys.executable),
                   os.path.dirname(os.path.abspath(__file__)), "/proc/sys/kernel", "/sys"):
        if os.path.isdir(folder) and os.stat(folder).st_dev != box and not folder.startswith("/proc"):
            with contextlib.suppress(OSError):
                descriptor = os.open(os.path.join(folder, f".npfl_kit_{os.getpid()}"), os.O_CREAT | os.O_EXCL)
                os.close(descriptor)
                os.unlink(os.path.join(folder, f".npfl_kit_{os.getpid()}"))
                yield folder
    with contextlib.suppress(OSError), open("/proc/sys/kernel/core_pattern", "r+b"):
        yield "/proc/sys"


def capabilities() -> bool:
    """Whether there is a capability, or could be one."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file)
    return any(int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd")) \
        or lines["NoNewPrivs"].strip() != "1"


def makes_namespaces() -> bool:
    """Whether a new namespace can be had, where this program would have all capabilities."""
    library = ctypes.CDLL(None)
    return library.unshare(NEW_USERS) == 0 or library.unshare(NEW_MOUNTS) == 0


def main() -> None:
    """Try all of it."""
    canary, process = sys.argv[1:]
    attempts: dict[str, Callable[[], object]] = {
        "read files that are not for it": lambda: reads(canary),
        "see the grader's processes": lambda: sees(process),
        "use a network": has_network,
        "write outside its box": lambda: list(writes()),
        "have capabilities": capabilities,
        "unmount": lambda: allowed("umount2", b".", 0),
        "mount": lambda: allowed("mount", b"none", b".", b"no such file system", 0, None),
        "make a namespace": makes_namespaces}
    found = []
    for what, attempt in attempts.items():
        with contextlib.suppress(OSError):
            if attempt():
                found.append(what)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
