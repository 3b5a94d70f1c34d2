"""The trusted supervisor of one child: starts it, gives it case after case, measures, limits, and ends all of it.

    python -I -B -S warden.py, a job on stdin, a report on stdout; one line of JSON each

The child answers every step with one line on its stdout, and the warden does not look into it: whatever a student's
code writes there, it moves the clock to the next step and is judged elsewhere. All else that the child prints comes on
its stderr. Stdin stays open: at its end, or at SIGTERM, the grader is gone, and so is the child. Plain Python.
"""
from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Any, Optional

if __name__ == "__main__":      # -I keeps even the folder of the script from the path
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)))

from npfl_kit.grading.sandbox import head_tail, launch, process_tree, scratch, watch  # noqa: E402

POLL, LOOK = 0.05, 0.002    # seconds between two looks at what is used; of the last one before a step ends
CHUNK, PIPE = 2**16, 2**20  # bytes that are read at once, and that a pipe holds at most
STOP_SECONDS = 30
LEAST_OUTPUT = 1024         # bytes kept of a step's output, however much others printed


class Ended(Exception):
    """Why the child is not waited for any longer: the reason in the report."""


class Warden:
    """One child, from its start to its end.

    Args:
      job: `argv`, `env`, `cwd` of the child; `steps`, each with `send` (a line for its stdin) and `seconds`, which all
        steps with the same `group`, if they have one, have together; `limits`:
        `memory`, `processes`, `output`, `claims` and `disk` (bytes), `kernel` (names of `resource` -> numbers);
        `watch`, the folder that `disk` is about, or None; `stop`, a command that ends what is not below us, or None;
        `scratch`, the folder to remove if the grader, who does it otherwise, is gone, or None.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.steps, self.limits = job["steps"], job["limits"]
        self.watch = watch.Watch(self.limits, job["watch"])
        self.lines: list[bytes] = []
        self.done: list[dict[str, Any]] = []
        self.used: dict[str, float] = {}        # seconds of the steps of a group, which have theirs together
        self.partial, self.to_send, self.claimed, self.kept = bytearray(), bytearray(), 0, 0
        self.child = launch.start(job)
        assert self.child.stdin and self.child.stdout and self.child.stderr
        self.stdin, self.claims, self.output = self.child.stdin, self.child.stdout, self.child.stderr
        for stream in (self.stdin, self.claims, self.output):
            os.set_blocking(stream.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(0, selectors.EVENT_READ, self.on_parent)
        self.selector.register(self.claims, selectors.EVENT_READ, self.on_claims)
        self.selector.register(self.output, selectors.EVENT_READ, self.on_output)
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self.selector.register(os.pidfd_open(self.child.pid), selectors.EVENT_READ, self.check_exit)
        self.begin_step()

    def begin_step(self) -> None:
        step = self.steps[len(self.lines)]
        self.started = time.monotonic()
        self.deadline = self.started + step["seconds"] - self.used.get(step.get("group", ""), 0.0)
        self.printed = head_tail.HeadTail(min(self.limits["output"],
                                              max(LEAST_OUTPUT, 4 * self.limits["output"] - self.kept)))
        self.watch.peak_of_step = 0
        self.to_send += step["send"].encode()
        with contextlib.suppress(KeyError):         # it may still be sending what was asked before
            self.selector.register(self.stdin, selectors.EVENT_WRITE, self.on_writable)

    def end_step(self) -> None:
        if time.monotonic() - self.watch.last > LOOK:
            self.watch.measure()
        self.kept += len(self.printed)
        group, seconds = self.steps[len(self.done)].get("group"), time.monotonic() - self.started
        if group:
            self.used[group] = self.used.get(group, 0.0) + seconds
        peak = self.watch.peak_of_step or self.watch.peak
        self.done.append({"seconds": seconds, "peak_rss": peak, "output": self.printed.text()})

    def watch_over(self) -> None:
        """Wait for all steps; always ends with `Ended` or `OverLimit`."""
        while True:
            now = time.monotonic()
            for key, _ in self.selector.select(max(0.0, min(self.watch.last + POLL, self.deadline) - now)):
                key.data()
            now = time.monotonic()
            if now >= self.deadline:
                raise Ended("seconds")
            if now >= self.watch.last + POLL:
                self.watch.look()
                self.check_exit()

    def on_parent(self) -> None:
        raise Ended("parent")           # nothing comes after the job but the end of stdin

    def on_output(self, most: int = CHUNK) -> None:
        while most > 0:
            data = read(self.output)
            if not data:
                self.forget_if(data == b"", self.output)
                return
            self.printed.add(data)
            most -= len(data)

    def on_claims(self) -> bool:
        """Take what is there of the answers; whether anything was."""
        data = read(self.claims)
        if not data:
            self.forget_if(data == b"", self.claims)
            return False
        self.on_output(PIPE)            # what was printed before this line belongs to its step
        self.claimed += len(data)
        if self.claimed > self.limits["claims"]:
            raise Ended("claims")
        *ends, rest = data.split(b"\n")
        for end in ends:
            self.end_step()
            self.lines.append(bytes(self.partial + end))
            self.partial.clear()
            if len(self.lines) == len(self.steps):
                raise Ended("done")
            self.begin_step()
        self.partial += rest
        return True

    def on_writable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                del self.to_send[:os.write(self.stdin.fileno(), self.to_send[:CHUNK])]
            except BrokenPipeError:         # it has ended, or closed its stdin: the clock decides
                self.to_send.clear()
        self.forget_if(not self.to_send, self.stdin)

    def check_exit(self) -> None:
        if self.child.poll() is None:
            return
        while self.on_claims():
            pass
        raise Ended("exit")

    def forget_if(self, finished: bool, stream: Any) -> None:
        if finished:
            with contextlib.suppress(KeyError):
                self.selector.unregister(stream)

    def report(self, reason: str) -> dict[str, Any]:
        """End everything that is left, and say how it went."""
        left, survivors = process_tree.end(os.getpid(), self.child.pid)
        self.on_output(PIPE)
        if len(self.done) < len(self.steps):
            self.end_step()
        return {"reason": reason, "code": self.child.returncode if reason == "exit" else None,
                "lines": [line.decode("utf-8", "replace") for line in self.lines], "steps": self.done,
                "peak_rss": self.watch.peak, "left": left, "survivors": survivors}


def read(stream: Any) -> Optional[bytes]:
    """Some bytes; empty at the end of the stream, None if there are none now."""
    try:
        return os.read(stream.fileno(), CHUNK)
    except BlockingIOError:
        return None


def on_sigterm(*_: Any) -> None:
    """A handler: the grader is gone."""
    raise Ended("parent")


def main() -> None:
    """Read a job, see it through, and write the report."""
    launch.prctl(launch.SET_CHILD_SUBREAPER, 1)
    launch.prctl(launch.SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, on_sigterm)
    job = json.loads(sys.stdin.buffer.readline())       # nothing follows it but the end
    warden, reason = None, "parent"
    try:
        warden = Warden(job)
        warden.watch_over()
    except (Ended, watch.OverLimit) as ended:
        reason = str(ended)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if job["stop"]:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(job["stop"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, timeout=STOP_SECONDS, check=False)
        report = warden.report(reason) if warden else process_tree.end(os.getpid(), 0)
        if reason != "parent":
            print(json.dumps(report), flush=True)
        elif job["scratch"]:
            scratch.remove(job["scratch"])


if __name__ == "__main__":
    main()
