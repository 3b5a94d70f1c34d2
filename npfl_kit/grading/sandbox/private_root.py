"""Level 1 by util-linux: namespaces of its own, and a root that holds nothing but what is readable and a box.

The commands are those of the system (`unshare`, `mount`, `pivot_root`, `setpriv`), tied together by a script for `sh`.
The user stays the same one, as a Python in a home folder is readable for nobody else; so it is mounts and not file
permissions that hide, and all capabilities, which could undo them, are gone before the student's code starts:

- no namespace of users can be made below this one, or its capabilities would be new ones (`max_user_namespaces`);
- shared memory of System V, which no process has to hold, cannot be made (`shmmni`);
- `/proc` shows the processes of the sandbox alone, and it is read-only, or root could set the kernel's parameters;
- devices are read-only binds, which can be written to but not be changed; the box is a tmpfs with a size.
"""
from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from npfl_kit.grading.sandbox import readable

BOX = "/box"
NAMESPACES = ("user", "mount", "pid", "net", "ipc", "uts", "cgroup")
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {"tmp": "box", "dev/shm": "../box", "dev/fd": "/proc/self/fd"}
FILES_IN_BOX = 20_000
RESERVED = 300              # ids of processes that the kernel does not give twice
OWN_PID_MAX = (6, 14)       # the Linux since which a namespace of processes has a bound of its own
DROPPED = ("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
           "--securebits=+noroot,+noroot_locked,+no_setuid_fixup,+no_setuid_fixup_locked")


def command(argv: Sequence[str], root: str, paths: Sequence[str], hidden: Sequence[str], disk: int,
            processes: int) -> list[str]:
    """The command that runs `argv` in a root of its own.

    Args:
      argv: seen from inside.
      root: an empty folder, which becomes the root; outside it stays empty.
      paths: what can be read, under the same names as outside; system programs and libraries come to them.
      hidden: what is covered even if it lies below `paths`.
      disk: bytes that the box takes.
      processes: a few times as many are too many for the kernel, where it counts them.
    """
    namespaces = [f"--{name}" for name in NAMESPACES]
    return ["unshare", *namespaces, "--map-root-user", "--fork", "--kill-child",
            "sh", "-c", script(root, paths, hidden, disk, processes), "sh", *argv]


def script(root: str, paths: Sequence[str], hidden: Sequence[str], disk: int, processes: int) -> str:
    """What `sh` does inside the new namespaces before it becomes the program; any failure ends it."""
    links = {path[1:]: os.readlink(path).lstrip("/") for path in readable.SYSTEM if os.path.islink(path)
             and path.count("/") == 1}
    kept = [path for path in readable.SYSTEM if os.path.exists(path) and path[1:] not in links]
    seen = readable.places([*kept, *paths])
    folders = [path[1:] for path in seen if os.path.isdir(path)]
    files = [path[1:] for path in seen if not os.path.isdir(path)] + [f"dev/{name}" for name in DEVICES]
    places = dict.fromkeys([*folders, *filter(None, map(os.path.dirname, files)), "proc", "box", ".old"])
    return "\n".join([
        "set -eu; umask 022; PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        f"mount -t tmpfs -o mode=755,size=4m,nosuid,nodev tmpfs {shlex.quote(root)}",
        f"cd {shlex.quote(root)}",
        f"mkdir -p {shlex.join(places)}",
        f"touch {shlex.join(files)}",
        *(f"ln -s {shlex.quote(target)} {shlex.quote(link)}" for link, target in {**links, **LINKS}.items()),
        "cat > .mounts <<'END OF MOUNTS'",
        *mounts(root, seen, hidden, disk),
        "END OF MOUNTS",
        "mount --all --fstab .mounts",
        "rm .mounts",
        "echo 0 > /proc/sys/user/max_user_namespaces",
        *([f"echo {RESERVED + 2 * processes} > /proc/sys/kernel/pid_max"] if has_own_pid_max() else []),
        "echo 0 > /proc/sys/kernel/shmmni",
        "pivot_root . .old",
        "umount -l .old",
        "mount -o remount,bind,ro /",
        f"cd {BOX}",
        f'exec setpriv {shlex.join(DROPPED)} -- "$@"'])


def mounts(root: str, seen: Sequence[str], hidden: Sequence[str], disk: int) -> list[str]:
    """The lines of the table of mounts (`fstab`) of the new root."""
    table = [(path, path, "none", _bind(path)) for path in seen]
    for path in dict.fromkeys(readable.masked(seen, hidden)):
        table.append(("tmpfs", path, "tmpfs", "ro,size=4k,mode=555") if os.path.isdir(path) else
                     ("/dev/null", path, "none", "bind,ro"))
    table += [(f"/dev/{name}", f"/dev/{name}", "none", "bind,ro,nosuid,noexec") for name in DEVICES]
    table += [("proc", "/proc", "proc", "ro,nosuid,nodev,noexec"),
              ("tmpfs", BOX, "tmpfs", f"mode=755,size={disk},nr_inodes={FILES_IN_BOX},nosuid,nodev,noexec")]
    return [f"{escaped(source)} {escaped(root + target)} {kind} {options} 0 0"
            for source, target, kind, options in table]


def has_own_pid_max() -> bool:
    """Whether the bound of a namespace is its own: on an older Linux, root would set that of the whole machine."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return found is not None and tuple(map(int, found.groups())) >= OWN_PID_MAX


def _bind(path: str) -> str:
    """Options for a read-only bind; noexec, where a file system has it, cannot be taken away."""
    noexec = getattr(os, "ST_NOEXEC", 8) & os.statvfs(path).f_flag
    return "bind,ro,nosuid,nodev" + ",noexec" * bool(noexec)


def escaped(path: str) -> str:
    r"""A path as a table of mounts has it.

    >>> escaped("/my data")
    '/my\\040data'
    """
    return "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\#" else letter for letter in path)
