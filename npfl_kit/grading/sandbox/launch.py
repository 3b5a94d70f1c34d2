"""Starts a program that cannot outlive this process, under limits of the kernel. Plain Python, as `warden` uses it."""
from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from npfl_kit.grading.sandbox import process_tree

NICENESS = 5            # the warden comes first, also when hundreds of children want to run
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36              # of prctl
KEYCTL = {"x86_64": 250, "aarch64": 219}                # number of the system call, by machine
JOIN_SESSION_KEYRING = 1


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process, where there is such a thing (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def leave_keyring() -> None:
    """Take an empty ring of the kernel's keys, instead of the one with the tickets of whoever grades."""
    if sys.platform == "linux" and platform.machine() in KEYCTL:
        ctypes.CDLL(None).syscall(KEYCTL[platform.machine()], JOIN_SESSION_KEYRING, None)


def start(job: Mapping[str, Any]) -> subprocess.Popen:
    """The program of a job, leader of a session of its own, with pipes to its three streams.

    Args:
      job: `argv`, `env`, `cwd`, and in `limits` the `kernel`'s by their names in `resource`; of RLIMIT_NPROC, how many
        more than the user has now, since the kernel counts all of them.
    """
    numbers = {name: most for name, most in job["limits"]["kernel"].items() if hasattr(resource, name)}
    if "RLIMIT_NPROC" in numbers:
        numbers["RLIMIT_NPROC"] += process_tree.tasks_of_user()

    def prepare() -> None:
        for name, most in numbers.items():
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (bound, bound))
        os.nice(NICENESS)
        leave_keyring()
        prctl(SET_PDEATHSIG, signal.SIGKILL)

    return subprocess.Popen(job["argv"], env=job["env"], cwd=job["cwd"], start_new_session=True, preexec_fn=prepare,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
