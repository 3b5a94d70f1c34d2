"""Cores, memory and GPU as this process may use them, from the files that the system offers."""
import os

import pytest

from npfl_kit.cli import machine


def test_cores_are_those_that_this_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})

        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize("files, expected", [
    ({}, 8 << 30),
    ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "max"}, 8 << 30),
    ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": f"{2 << 30}"}, 2 << 30),
    ({"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/memory.max": f"{1 << 30}",
      "sys/fs/cgroup/a/b/memory.max": f"{3 << 30}"}, 1 << 30),
    ({"proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/c", "sys/fs/cgroup/memory/docker/c/memory.limit_in_bytes":
      f"{4 << 30}"}, 4 << 30),
    ({"proc/self/cgroup": "4:memory:/docker/c", "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{5 << 30}"}, 5 << 30),
    ({"sys/fs/cgroup/memory.max": f"{6 << 30}"}, 6 << 30),
    ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": f"{9 << 50}"}, 8 << 30),
], ids=["no group", "no limit", "version 2", "group around", "version 1", "version 1 in a container", "only files",
        "more than there is"])
def test_memory_is_what_the_control_group_leaves(tmp_path, files, expected):
    for name, content in {"proc/meminfo": f"MemTotal:  {8 << 20} kB\n", **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content + "\n")

    assert machine.memory(tmp_path) == expected


def test_memory_of_this_machine_is_a_number():
    assert machine.memory() > 1 << 28


@pytest.mark.parametrize("cuda, driver, visible, said", [
    (True, False, None, "no NVIDIA driver"), (False, False, "", "no NVIDIA driver"),
    (True, True, "", "unset CUDA_VISIBLE_DEVICES"), (True, True, "-1", "unset CUDA_VISIBLE_DEVICES"),
    (False, True, None, "built without CUDA"), (True, True, None, "CUDA libraries are not found"),
    (True, True, "0", 'pip install "tensorflow[and-cuda]==2.15.1"'),
])
def test_the_first_reason_for_no_gpu_is_named_with_its_cure(cuda, driver, visible, said):
    assert said in machine.why_no_gpu(cuda, driver, visible)
