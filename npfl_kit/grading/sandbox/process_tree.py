"""The processes below one, read from `/proc`: which there are, what memory and threads they have, and the end of all.

Where there is no `/proc`, nothing is seen: then only the limits of the kernel and the clock hold. Plain Python, as
`warden` uses it.
"""
from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from typing import NamedTuple

ENDED = "ZX"        # states of a process that is dead and only not yet asked for its exit code


class Usage(NamedTuple):
    """What processes hold now: resident bytes that are their own (not mapped files), and threads."""

    memory: int = 0
    tasks: int = 0


def descendants(root: int, most: int = 10**4) -> list[int]:
    """The ids of the processes below `root`, parents first; those of ended parents are below their subreaper.

    Args:
      most: after so many, no further ones are looked for: a fork bomb grows quicker than it is counted.
    """
    found: list[int] = []
    for parent in itertools.chain([root], found):       # which grows meanwhile
        if len(found) > most:
            break
        found += children(parent)
    return found


def children(parent: int) -> list[int]:
    """The ids of the children of a process; none if it is gone."""
    ids: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{parent}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{parent}/task/{thread}/children", "rb") as file:
                ids += map(int, file.read().split())
    return ids


def status(pid: int) -> dict[str, str]:
    """The lines of `/proc/PID/status`; empty if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def usage(pids: list[int]) -> Usage:
    """What processes hold together; a page that several share is counted in each, see `shared_once`."""
    memory = tasks = 0
    for lines in map(status, pids):
        tasks += int(lines.get("Threads", 0))
        memory += 1024 * sum(int(lines.get(name, "0").split()[0]) for name in ("RssAnon", "RssShmem"))
    return Usage(memory, tasks)


def shared_once(pids: list[int], otherwise: int) -> int:
    """The resident bytes of processes where a shared page counts once; `otherwise` if the kernel does not tell.

    A fork shares all of its parent's pages at first, so that four workers of 500 MB are not 2.5 GB. It takes about a
    millisecond for each process, and is therefore asked only when the quick sum is over a limit.
    """
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as file:
                lines = dict(line.split(":", 1) for line in file if line.startswith("Pss_"))
            total += 1024 * sum(int(lines[name].split()[0]) for name in ("Pss_Anon", "Pss_Shmem"))
        except (FileNotFoundError, ProcessLookupError):     # it has ended
            continue
        except (OSError, KeyError):
            return otherwise
    return total


def memory_of_files(pids: list[int]) -> int:
    """The bytes of files in memory (`memfd_create`) that processes have open; nobody's resident memory has them."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{name}").startswith("/memfd:"):
                        state = os.stat(f"/proc/{pid}/fd/{name}")
                        found[state.st_dev, state.st_ino] = 512 * state.st_blocks
    return sum(found.values())


def living(root: int) -> list[int]:
    """The descendants of `root` that run or could run again."""
    return [pid for pid in descendants(root) if status(pid).get("State", "X")[0] not in ENDED]


def end(root: int, group: int, seconds: float = 5.0) -> tuple[int, int]:
    """Kill all descendants of `root` and the process group `group`, until none is left or the time is over.

    The group goes first, in one step for the kernel, so that a fork bomb has no time to fork; then whoever left the
    group. `root` is a subreaper: also a daemon that forked twice is below it.

    Returns: how many were found alive after the first blow, and how many still are.
    """
    deadline = time.monotonic() + seconds
    groups: set[int] = {group}
    alive: list[int] = []
    seen: set[int] = set()
    while True:
        for each in groups - {0, os.getpgid(root)}:
            with contextlib.suppress(OSError):
                os.killpg(each, signal.SIGKILL)
        for pid in alive:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap()
        alive = living(root)
        if not alive or time.monotonic() > deadline:
            reap()
            return len(seen), len(alive)
        seen.update(alive)
        groups = set(map(_group, alive))


def _group(pid: int) -> int:
    """The process group, 0 if the process is gone."""
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def reap() -> None:
    """Ask all ended children for their exit codes, so that they are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def tasks_of_user() -> int:
    """How many threads the processes of this user have now."""
    mine = 0
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError, ValueError):
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                    mine += len(os.listdir(f"/proc/{name}/task"))
    return mine
