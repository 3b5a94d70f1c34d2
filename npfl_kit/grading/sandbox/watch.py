"""What the processes below this one use, held against the limits. Plain Python, as `warden` uses it."""
from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import Any, Optional

from npfl_kit.grading.sandbox import process_tree

DISK_SECONDS = 0.5      # between two looks at the disk, which take longer than those at memory


class OverLimit(Exception):
    """A limit is passed; the text is its name."""


class Watch:
    """Compares what is used with the limits, each time that it is asked.

    Args:
      limits: `memory` and `disk` in bytes, `processes` and threads.
      folder: which may hold `disk` bytes; None where the disk bounds itself.
    """

    def __init__(self, limits: Mapping[str, Any], folder: Optional[str]) -> None:
        self.limits, self.folder = limits, folder
        self.last = self.last_of_disk = 0.0
        self.peak = self.peak_of_step = 0

    def look(self) -> None:
        """OverLimit if too much is used."""
        used = self.measure()
        if used.tasks > self.limits["processes"]:
            raise OverLimit("processes")
        if used.memory > self.limits["memory"]:
            raise OverLimit("memory")
        if self.folder and self.last > self.last_of_disk + DISK_SECONDS:
            self.last_of_disk = self.last
            if folder_bytes(self.folder) > self.limits["disk"]:
                raise OverLimit("disk")

    def measure(self) -> process_tree.Usage:
        """What is used now; of more processes than there may be, the memory is not asked, as it takes too long."""
        self.last = time.monotonic()
        pids = process_tree.descendants(os.getpid(), self.limits["processes"])
        if len(pids) > self.limits["processes"]:
            return process_tree.Usage(self.peak, len(pids))
        used = process_tree.usage(pids)
        if used.memory > self.limits["memory"] and len(pids) > 1:
            used = used._replace(memory=process_tree.shared_once(pids, used.memory))
        used = used._replace(memory=used.memory + process_tree.memory_of_files(pids))
        self.peak_of_step = max(self.peak_of_step, used.memory)
        self.peak = max(self.peak, used.memory)
        return used


def folder_bytes(folder: str) -> int:
    """What the files below a folder take of the disk; links are not followed."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += 512 * os.lstat(os.path.join(place, name)).st_blocks
    return total
