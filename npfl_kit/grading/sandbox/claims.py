"""From what a warden reports to what is said of each case. The lines in a report are a student's to write.

A line counts only if it is the claim for the case that had been asked at that moment, with exactly the parts of one,
and a value that `values` takes. The first other one ends the trust: that case and all after it are errors.
"""
from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Container, Mapping, Sequence
from typing import Any

from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.sandbox.job import JobCase, Outcome
from npfl_kit.grading.wire import values

MET = {errno.EFBIG: "disk", errno.ENOSPC: "disk", errno.EDQUOT: "disk", errno.EAGAIN: "processes"}
NO_THREAD = "can't start new thread"    # as Python says where the kernel gives none, sooner than the warden has looked
KERNEL_LIMITS = {"SIGXCPU": "cpu", "SIGXFSZ": "disk"}
SENTENCES = {"seconds": "It took longer than {seconds:g} s, the time of {step}.",
             "memory": "It took more than {memory:,} bytes of memory.",
             "processes": "It had more than {processes} processes and threads.",
             "disk": "It wrote more than {disk:,} bytes.", "claims": "It returned more than the grader reads.",
             "cpu": "It took more processor time than all its cases may."}
REFUSED = {"disk": "No more could be written: a case may write {disk:,} bytes ({text}).",
           "processes": "No further process or thread could be started: {processes} are allowed ({text})."}
ENDS = {"SIGSEGV": "A library crashed (SIGSEGV)", "SIGBUS": "A library crashed (SIGBUS)",
        "SIGFPE": "A library crashed (SIGFPE)", "SIGILL": "A library crashed (SIGILL)",
        "SIGABRT": "A library ended the process (SIGABRT)", "SIGKILL": "The process was killed (SIGKILL)"}
DUMP = re.compile(r"^(?:Timeout \(|Fatal Python error: ).*\n(?:\n|Thread .*\n|Current thread .*\n|  File .*\n"
                  r"|  \.\.\.\n|Extension modules: .*\n)*", re.MULTILINE)     # as `faulthandler` writes it
DUMPED = re.compile(r'^  File "([^"\n]*)", line ([0-9]+) in (.*)$', re.MULTILINE)
MOST_TEXT, MOST_FRAMES = 2000, 10
NOTHING: Mapping[str, Any] = {"seconds": None, "peak_rss": None, "output": ""}


class Tampering(Exception):
    """A line that is no answer to what was asked."""


class Answers:
    """What a report says.

    Args:
      cases: as they were asked, in this order; at least one.
      report: of a warden, whose steps are the start, the import, and the cases.
      limits: numbers for `SENTENCES`; and "import_seconds".
      level: name of the isolation.
      names: of the student's files.
    """

    def __init__(self, cases: Sequence[JobCase], report: Mapping[str, Any], limits: Mapping[str, Any],
                 level: str, names: Container[str] = ()) -> None:
        self.cases, self.report, self.limits, self.level, self.names = cases, report, limits, level, names

    def outcomes(self) -> list[Outcome]:
        """At least one outcome, of the first cases; those that are left need another child.

        Raises: IsolationError when the child did not come to the student's code, or could not be ended.
        """
        lines = self.report["lines"]
        self.check_sandbox()
        if len(lines) == 1:
            return self.all_from(0, *of_import(*self.ending(self.limits["import_seconds"], "the imports")))
        try:
            if lines[1] != '{"ready":true}':
                return self.all_from(0, *of_import(*failure(only(loaded(lines[1]), "error"), self.limits)))
        except Tampering as tampering:
            return self.all_from(0, *tampered(tampering))
        found: list[Outcome] = []
        for place, line in enumerate(lines[2:]):
            try:
                found.append(self.outcome(place, *claim(line, self.cases[place], self.limits)))
            except Tampering as tampering:
                return found + self.all_from(place, *tampered(tampering))
        if len(found) < len(self.cases):
            seconds = self.cases[len(found)].seconds
            found.append(self.outcome(len(found), *self.ending(
                self.limits["seconds"] if seconds is None else seconds, "a case")))
        return found

    def check_sandbox(self) -> None:
        """An IsolationError if the fault is ours or the machine's."""
        if self.report["survivors"]:
            raise isolation.IsolationError(f"{self.report['survivors']} processes of a submission cannot be killed. "
                                           f"Type: ps aux, and end them.")
        lines = self.report["lines"]
        if not lines or lines[0] != '{"alive":true}':
            printed = self.report["steps"][0]["output"].strip().splitlines() or ["it printed nothing"]
            raise isolation.IsolationError(f"The sandbox {self.level} did not start ({self.report['reason']}): "
                                           f"{printed[-1][:500]}. Type: npfl-kit doctor")

    def outcome(self, place: int, state: str, parts: Mapping[str, Any]) -> Outcome:
        steps = self.report["steps"]
        step = steps[place + 2] if place + 2 < len(steps) else NOTHING
        imports = steps[1]["output"] if place == 0 and len(steps) > 1 else ""
        return Outcome(self.cases[place].id, self.cases[place].repeat, state, seconds=step["seconds"],
                       peak_rss=step["peak_rss"], output=DUMP.sub("", imports + step["output"]),
                       isolation=self.level, **parts)

    def all_from(self, place: int, state: str, parts: Mapping[str, Any]) -> list[Outcome]:
        return [self.outcome(each, state, parts) for each in range(place, len(self.cases))]

    def ending(self, seconds: float, step: str) -> tuple[str, dict[str, Any]]:
        """What is said of the case, or the import, in which the child ended or was ended."""
        reason, code = self.report["reason"], self.report["code"] or 0
        killer = signal_name(-code) if code < 0 else signal_name(code - 128)    # what a shell makes of a signal
        if code >= 0 and killer not in {*ENDS, *KERNEL_LIMITS}:
            killer = ""
        reason = KERNEL_LIMITS.get(killer, reason)
        frames = dumped(self.report["steps"][-1]["output"], self.names) if killer or reason == "seconds" else []
        if reason in SENTENCES:
            text = SENTENCES[reason].format(**{**self.limits, "seconds": seconds, "step": step})
            return "limit", error(reason, text, frames)
        by = f"by the signal {killer}" if killer else f"with exit code {code}"
        how = ENDS.get(killer, f"The process ended {by}")
        return "lost", error("lost", f"{how} before it had answered.", frames)


def dumped(output: str, names: Container[str]) -> list[str]:
    """The places in the student's files that `faulthandler` has printed last, the innermost at the end."""
    last = re.split(r"most recent call first", output)[-1]
    found = [f"{os.path.basename(name)}, line {line}, in {function}"[:200]
             for name, line, function in DUMPED.findall(last) if os.path.basename(name) in names]
    return found[:MOST_FRAMES][::-1]


def signal_name(number: int) -> str:
    """The name of a signal; those of real time have only numbers.

    >>> signal_name(9), signal_name(40)
    ('SIGKILL', '40')
    """
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, str(number))


def error(kind: str, text: str, frames: Sequence[str] = ()) -> dict[str, Any]:
    """The parts of an outcome without a value."""
    return {"error": {"type": kind, "text": text, "traceback": list(frames)}}


def of_import(state: str, parts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What is said of all cases when the script cannot be imported."""
    return state, {"error": {**parts["error"], "where": "import"}}


def tampered(tampering: Tampering) -> tuple[str, dict[str, Any]]:
    """What is said of the case with a line that is no answer, and of those after it."""
    return "error", error("Tampering", f"Something else than an answer came to the grader: {tampering}.")


def loaded(line: str) -> Any:
    """The JSON of a line; Tampering if it is none."""
    try:
        return values.loads(line.encode())
    except values.ValueRefused as refused:
        raise Tampering(str(refused)) from None


def only(value: Any, *names: str) -> Any:
    """The last of the parts of a dict that has exactly these; else Tampering."""
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        raise Tampering(f"expected {' and '.join(names)} in a line")
    return value[names[-1]]


def claim(line: str, case: JobCase, limits: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The state and the parts of the outcome of a case whose answer is this line; Tampering if it is none."""
    found = loaded(line)
    kind = "error" if isinstance(found, dict) and "error" in found else "value"
    content = only(found, "case", "repeat", kind)
    if found["case"] != case.id or found["repeat"] != case.repeat or type(found["repeat"]) is not int:
        raise Tampering("an answer to what was not asked")
    if kind == "error":
        return failure(content, limits)
    try:
        return "ok", {"value": values.from_json(content)}
    except values.ValueRefused as refused:
        raise Tampering(str(refused)) from None


def failure(found: Any, limits: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The state and the parts of the outcome of a case that raised; Tampering if that is not what is said.

    A limit of the kernel comes as an error of Python.
    """
    only(found, "type", "text", "traceback", "errno")
    frames = found["traceback"]
    if not (isinstance(found["type"], str) and isinstance(found["text"], str) and isinstance(frames, list)
            and all(isinstance(frame, str) for frame in frames)):
        raise Tampering("expected texts in an error")
    kind, text = found["type"][:100], found["text"][:MOST_TEXT]
    frames = [frame[:200] for frame in frames[:MOST_FRAMES]]
    met = MET.get(found["errno"]) if type(found["errno"]) is int else None
    if kind == "RuntimeError" and text == NO_THREAD:        # which has no number
        met = "processes"
    if met:
        return "limit", error(met, REFUSED[met].format(**{**limits, "text": text}), frames)
    return "error", error(kind, text, frames)
