"""What this process may use of the machine: cores, memory, and a GPU or the reason why not."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CGROUP_FILES = ("sys/fs/cgroup{}/memory.max", "sys/fs/cgroup/memory{}/memory.limit_in_bytes")     # versions 2 and 1
PROBE = """
import json
import tensorflow as tf
print("PROBE" + json.dumps({"gpus": [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
                                     for gpu in tf.config.list_physical_devices("GPU")],
                            "cuda": tf.test.is_built_with_cuda()}))
"""


def cores() -> int:
    """The cores that this process may run on, which `taskset` and containers make fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory(root: Path = Path("/")) -> int | None:
    """Bytes of memory that this process may use: what the machine has, or less if its control group says so."""
    limits = [number for number in (machine_memory(root), *group_limits(root)) if number]
    return min(limits) if limits else None


def machine_memory(root: Path) -> int | None:
    """Bytes of memory of the machine, from `/proc/meminfo` or what POSIX offers; None where neither tells."""
    for line in text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def group_limits(root: Path) -> list[int]:
    """The memory limits of the control group of this process and of the groups around it."""
    groups = [Path(line.split(":", 2)[2].lstrip("/")) for line in text(root / "proc/self/cgroup").splitlines()
              if line.count(":") >= 2 and line.split(":")[1] in ("", "memory")]
    around = {f"/{each}".rstrip("/.") for group in groups or [Path()] for each in (group, *group.parents)}
    found = [text(root / pattern.format(group)).strip() for group in around for pattern in CGROUP_FILES]
    return [int(number) for number in found if number.isdigit()]


def text(path: Path) -> str:
    """The text of a file of the system; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def probe_tensorflow(python: str = sys.executable, seconds: float = 120) -> dict[str, Any]:
    """Import TensorFlow in a process that may crash: `{"gpus": names, "cuda": bool}` or `{"error": why}`."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        ended = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, timeout=seconds, env=quiet)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"error": str(error)}
    answer = [line for line in ended.stdout.splitlines() if line.startswith("PROBE")]
    if ended.returncode == 0 and answer:
        return json.loads(answer[-1][len("PROBE"):])
    said = ended.stderr.strip().splitlines()
    return {"error": said[-1] if said else f"it ended with code {ended.returncode}"}


def has_driver() -> bool:
    """Whether a driver of NVIDIA is installed: its kernel module, or its tool where there is no /proc."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def why_no_gpu(cuda: bool, driver: bool, visible: str | None) -> str:
    """The first reason why TensorFlow sees no GPU, and the command that mends it.

    Args:
      cuda: whether TensorFlow was built for GPUs.
      driver: whether a driver of NVIDIA is installed.
      visible: the value of `CUDA_VISIBLE_DEVICES`, None if it is not set.

    >>> why_no_gpu(cuda=True, driver=True, visible="")
    "CUDA_VISIBLE_DEVICES='' hides every GPU; type: unset CUDA_VISIBLE_DEVICES"
    """
    if not driver:
        return "no NVIDIA driver; if there is a card, install it, on Ubuntu by: sudo ubuntu-drivers install"
    if visible is not None and (visible.strip() == "" or visible.strip().startswith("-")):
        return f"CUDA_VISIBLE_DEVICES={visible!r} hides every GPU; type: unset CUDA_VISIBLE_DEVICES"
    if not cuda:
        return "this TensorFlow is built without CUDA; type: pip install \"tensorflow[and-cuda]==2.15.1\""
    return "the CUDA libraries are not found; type: pip install \"tensorflow[and-cuda]==2.15.1\""
