"""The command lines of other people's sandboxes: bubblewrap (L1), isolate (L2), docker and podman (L3).

The box of each has the system's programs and libraries and the given paths, all read-only and under the names that
they have outside, and a writable `/box` in memory. Whether a command line holds on a machine, `isolation` tries.
"""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Optional

from npfl_kit.grading.sandbox import private_root, readable
from npfl_kit.grading.tasks.task import Limits

IMAGE = "NPFL_KIT_IMAGE"            # names the image of docker or podman; any will do that has a shell's usual folders
BOXES = 1000                        # of isolate

Found = tuple[list[str], Optional[str], Optional[list[str]]]


def command(tool: str, argv: Sequence[str], paths: Sequence[str], hidden: Sequence[str], limits: Limits,
            variables: Sequence[str], name: str) -> Found:
    """The command, the folder to start it in, and the command that ends what it leaves.

    Args:
      tool: "bwrap", "isolate", "docker" or "podman".
      argv: what to run in `/box`.
      paths: what can be read.
      hidden: what cannot, though it lies below `paths`.
      limits: of memory, processes, and disk.
      variables: names of environment variables; their values are taken from the environment.
      name: that no other run has.
    """
    paths = [path for path in paths if os.path.exists(path)]
    masks = list(dict.fromkeys(readable.masked(paths, hidden)))
    if tool == "bwrap":
        return bubblewrap(argv, paths, masks, limits), None, None
    if tool == "isolate":
        return isolate(argv, paths, masks, limits, int(name[-8:], 16) % BOXES)
    return container(tool, argv, paths, masks, limits, variables, name), None, [tool, "kill", name]


def bubblewrap(argv: Sequence[str], paths: Sequence[str], masks: Sequence[str], limits: Limits) -> list[str]:
    """`bwrap` of 0.8 and newer, which can forbid namespaces of users and bound a tmpfs."""
    options = ["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session",
               "--cap-drop", "ALL"]
    for path in paths:
        options += ["--ro-bind", path, path]
    for path in masks:
        options += ["--tmpfs", path, "--remount-ro", path] if os.path.isdir(path) else \
            ["--ro-bind", os.devnull, path]
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(limits.disk), "--tmpfs", private_root.BOX,
                "--symlink", private_root.BOX[1:], "/tmp", "--remount-ro", "/", "--chdir", private_root.BOX]
    return ["bwrap", *options, "--", *argv]


def container(tool: str, argv: Sequence[str], paths: Sequence[str], masks: Sequence[str], limits: Limits,
              variables: Sequence[str], name: str) -> list[str]:
    """`docker run` or `podman run`, as the same user, without network."""
    options = ["--rm", "--interactive", "--init", "--name", name, "--pull", "never", "--network", "none",
               "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
               "--pids-limit", str(limits.processes),
               "--memory", str(limits.memory + limits.disk), "--memory-swap", str(limits.memory + limits.disk),
               "--user", f"{os.getuid()}:{os.getgid()}", "--workdir", private_root.BOX,
               "--tmpfs", f"{private_root.BOX}:rw,noexec,nosuid,nodev,mode=1777,size={limits.disk}",
               "--tmpfs", f"/tmp:rw,noexec,nosuid,nodev,mode=1777,size={limits.disk}"]
    for path in paths:
        options += ["--mount", f"type=bind,source={path},target={path},readonly"]
    for path in masks:
        options += ["--tmpfs", f"{path}:ro,size=4k"] if os.path.isdir(path) else \
            ["--mount", f"type=bind,source={os.devnull},target={path},readonly"]
    for variable in variables:
        options += ["--env", variable]
    return [tool, "run", *options, "--entrypoint", "", os.environ.get(IMAGE, "no-image-is-named"), *argv]


def isolate(argv: Sequence[str], paths: Sequence[str], masks: Sequence[str], limits: Limits, number: int) -> Found:
    """`isolate` with control groups; it has a user of its own, who must be able to read Python.

    Its `--mem` would bound the addresses, which TensorFlow reserves by the gigabyte; so it is `--cg-mem`.
    """
    if masks:
        raise ValueError("isolate cannot hide a part of what it shows; give folders that have nothing to hide")
    options = ["--cg", f"--box-id={number}", "--silent", "--full-env", f"--processes={limits.processes}",
               f"--cg-mem={limits.memory // 1024}", f"--fsize={limits.disk // 1024}",
               "--no-default-dirs", "--dir=box=./box:rw", "--dir=proc=proc:fs", "--dir=tmp:tmp", "--dir=dev:dev"]
    options += [f"--dir={path}" for path in paths if os.path.isdir(path)]
    setup = f"isolate --cg --box-id={number} --init > /dev/null && exec isolate \"$@\""
    return (["sh", "-c", setup, "sh", *options, "--run", "--", *argv], None,
            ["isolate", "--cg", f"--box-id={number}", "--cleanup"])
