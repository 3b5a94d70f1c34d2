"""Runs the cases of a submission in a child of little trust, and says of each how it ended and what it claims.

    this process --job--> warden --case after case--> child in the box
    this process <--report-- warden <--a line each--    (the student's code is here)

All cases share one child, as TensorFlow takes seconds to import. When it ends in a case, another one runs those left.
"""
from __future__ import annotations

import base64
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from npfl_kit import errors, home
from npfl_kit.grading.sandbox import box_environment, claims, isolation, readable, scratch, script_choice
from npfl_kit.grading.sandbox.job import JobCase, Outcome
from npfl_kit.grading.tasks.task import Limits

__all__ = ["JobCase", "Outcome", "run"]

HERE = Path(__file__).resolve().parent
SETUP_SECONDS, IMPORT_SECONDS = 60.0, 120.0
CLAIMS = 2**26                          # bytes of all claims together
OPEN_FILES = 1024                       # of one process
MORE_PROCESSES = 4096                   # of the user, which the kernel bounds in case that the warden is too slow


def run(sources: Mapping[str, bytes], cases: Sequence[JobCase], limits: Limits, level: isolation.Level,
        data_dirs: Sequence[os.PathLike] = (), environment: Optional[Mapping[str, str]] = None,
        hidden: Sequence[os.PathLike] = (), import_seconds: float = IMPORT_SECONDS) -> list[Outcome]:
    """Run the cases, in their order, and say how each ended.

    Args:
      sources: files of the upload, with flat names; all are in the working folder, and one of them is the script.
      cases: no two with the same id and repeat. A case is told to the child when the one before it has ended, so that
        what is hidden in later ones cannot be printed by earlier ones: public cases come first.
      limits: `seconds`, `memory`, `processes`, `output` and `disk` of them.
      level: of the isolation; see `isolation.probe`.
      data_dirs: folders that the child may read.
      environment: more variables for it, as NPFL_KIT_DATA.
      hidden: files and folders that it must not see even if they lie in a folder that it may read; from L1 on.
      import_seconds: for the script's own imports, before the first case.
    Returns: an outcome for each case. Where one repeat of a case ends the child, its other repeats are not run.
    Raises: IsolationError when the sandbox fails, DataError for a missing folder; nothing because of what the
      student's code does.
    """
    if len({(case.id, case.repeat) for case in cases}) < len(cases):
        raise ValueError("two cases have the same id and repeat")
    if strange := [name for name in sources if name != os.path.basename(name) or name in ("", ".", "..")]:
        raise ValueError(f"names of files in a box have no folder, got {strange[:3]}")
    if missing := [os.fspath(path) for path in data_dirs if not os.path.isdir(path)]:
        raise errors.DataError(f"There is no folder {missing[0]} with data for the submissions. Type: npfl-kit data")
    try:
        module = script_choice.choose(sources, [case.call or "main" for case in cases])
    except errors.UsageError as error:
        return [Outcome(case.id, case.repeat, "error", isolation=level.name,
                        **claims.error("Upload", str(error))) for case in cases]
    job = Job(sources, module, limits, level, data_dirs, environment or {}, hidden, import_seconds)
    found: dict[tuple[str, int], Outcome] = {}
    left = list(cases)
    while left:
        for outcome in job.outcomes(left):
            found[outcome.id, outcome.repeat] = outcome
        ended = {outcome.id: outcome for outcome in found.values() if outcome.state in ("limit", "lost")}
        for case in left:
            if case.id in ended:
                found.setdefault((case.id, case.repeat), _not_run(case, ended[case.id]))
        left = [case for case in left if (case.id, case.repeat) not in found]
    return [found[case.id, case.repeat] for case in cases]


def _not_run(case: JobCase, ended: Outcome) -> Outcome:
    """The outcome of a repeat after another one of the same case had ended the child."""
    return Outcome(case.id, case.repeat, ended.state, isolation=ended.isolation, error=ended.error)


@dataclasses.dataclass(frozen=True)
class Job:
    """What is the same for each child of a submission; the parts are those of `run`."""

    sources: Mapping[str, bytes]
    module: str
    limits: Limits
    level: isolation.Level
    data_dirs: Sequence[os.PathLike]
    environment: Mapping[str, str]
    hidden: Sequence[os.PathLike]
    import_seconds: float

    def outcomes(self, cases: Sequence[JobCase]) -> list[Outcome]:
        """Run one child; the outcomes of the first cases, at least of one."""
        with scratch.empty_folder() as folder:
            report = supervised(self.for_warden(cases, folder))
        limits = {**dataclasses.asdict(self.limits), "import_seconds": self.import_seconds}
        return claims.Answers(cases, report, limits, self.level.name, self.sources).outcomes()

    def for_warden(self, cases: Sequence[JobCase], folder: str) -> dict[str, Any]:
        """The job as a warden takes it."""
        limits = dataclasses.replace(self.limits, disk=self.limits.disk + sum(map(len, self.sources.values())))
        variables = box_environment.variables(self.level.box(folder), home.folder("datasets").parent, self.environment)
        command = self.level.command([sys.executable, "-s", "-B", str(HERE / "child.py")], folder,
                                     [*readable.of_python(), *map(os.fspath, self.data_dirs)], limits,
                                     [*map(os.fspath, self.hidden)], list(variables))
        steps = list(self.steps(cases))
        seconds = sum(step["seconds"] for step in steps)
        kernel = {"RLIMIT_CPU": int(seconds * (os.cpu_count() or 1)) + 1, "RLIMIT_CORE": 0,
                  "RLIMIT_FSIZE": limits.disk, "RLIMIT_NOFILE": OPEN_FILES,
                  "RLIMIT_NPROC": limits.processes + MORE_PROCESSES}
        return {"argv": command.argv, "cwd": command.folder, "stop": command.stop, "env": variables, "steps": steps,
                "watch": None if self.level.tool else folder, "scratch": os.path.dirname(folder),
                "limits": {"memory": limits.memory, "processes": limits.processes, "claims": CLAIMS,
                           "output": limits.output, "disk": limits.disk, "kernel": kernel}}

    def steps(self, cases: Sequence[JobCase]) -> Iterator[dict[str, Any]]:
        """What is sent to the child, and how long it may take to answer."""
        packed = {name: base64.b64encode(data).decode("ascii") for name, data in self.sources.items()}
        start = {"sources": packed, "module": self.module, "path": [str(readable.KIT), *readable.site_folders()]}
        yield {"send": json.dumps(start) + "\n", "seconds": SETUP_SECONDS}
        yield {"send": json.dumps({"seconds": self.import_seconds}) + "\n", "seconds": self.import_seconds}
        for case in cases:
            seconds = self.limits.seconds if case.seconds is None else case.seconds
            parts = {"id": case.id, "repeat": case.repeat, "kind": case.kind, "call": case.call,
                     "arguments": dict(case.arguments), "flags": list(case.flags), "seconds": seconds}
            yield {"send": json.dumps(parts, allow_nan=False) + "\n", "group": case.id, "seconds": seconds}


def supervised(job: Mapping[str, Any]) -> dict[str, Any]:
    """Give a job to a warden of its own, and take its report; when this is left, nothing of it runs any more."""
    command = [sys.executable, "-I", "-B", "-S", str(HERE / "warden.py")]
    warden = subprocess.Popen(command, env={"PATH": job["env"]["PATH"], "LANG": "C.UTF-8"}, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, bufsize=0)
    assert warden.stdin is not None and warden.stdout is not None
    with warden.stdin, warden.stdout:
        try:
            written = memoryview(json.dumps(job).encode("ascii") + b"\n")
            while written:
                written = written[warden.stdin.write(written):]
            text = warden.stdout.read()
        finally:
            warden.stdin.close()        # the warden ends, and all that is below it
            warden.wait()
    try:
        return json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        said = text[-500:].decode("utf-8", "replace")
        raise isolation.IsolationError(f"The warden of a submission failed: {said}") from None
