"""From what a warden reports to what is said of each case. The lines in a report are a student's to write.

A line counts only if it is the claim for the case that had been asked at that moment, with exactly the parts of one,
and a value that `values` takes. The first other one ends the trust: that case and all after it are errors.
"""
from __future__ import annotations

import errno
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.sandbox.job import JobCase, Outcome
from npfl_kit.grading.wire import values

MET = {errno.EFBIG: "disk", errno.ENOSPC: "disk", errno.EDQUOT: "disk", errno.EAGAIN: "processes"}
NO_THREAD = "can't start new thread"    # as Python says where the kernel gives none, sooner than the warden has looked
KERNEL_LIMITS = {"SIGXCPU": "cpu", "SIGXFSZ": "disk"}
SENTENCES = {"seconds": "It took longer than {seconds:g} s.",
             "memory": "It took more than {memory:,} bytes of memory.",
             "processes": "It had more than {processes} processes and threads.",
             "disk": "It wrote more than {disk:,} bytes.", "claims": "It returned more than the grader reads.",
             "cpu": "It took more processor time than all its cases may."}
MOST_TEXT, MOST_FRAMES = 2000, 10
NOTHING: Mapping[str, Any] = {"seconds": None, "peak_rss": None, "output": ""}


class Tampering(Exception):
    """A line that is no answer to what was asked."""


class Answers:
    """What a report says.

    Args:
      cases: as they were asked, in this order; at least one.
      report: of a warden, whose steps are the start, the import, and the cases.
      limits: numbers for `SENTENCES`; "seconds" are those of the import.
      level: name of the isolation.
    """

    def __init__(self, cases: Sequence[JobCase], report: Mapping[str, Any], limits: Mapping[str, Any],
                 level: str) -> None:
        self.cases, self.report, self.limits, self.level = cases, report, limits, level

    def outcomes(self) -> list[Outcome]:
        """At least one outcome, of the first cases; those that are left need another child.

        Raises: IsolationError when the child did not come to the student's code, or could not be ended.
        """
        lines = self.report["lines"]
        self.check_sandbox()
        if len(lines) == 1:
            return self.all_from(0, *self.ending(self.limits))
        try:
            if lines[1] != '{"ready":true}':
                return self.all_from(0, *failure(only(loaded(lines[1]), "error")))
        except Tampering as tampering:
            return self.all_from(0, *tampered(tampering))
        found: list[Outcome] = []
        for place, line in enumerate(lines[2:]):
            try:
                found.append(self.outcome(place, *claim(line, self.cases[place])))
            except Tampering as tampering:
                return found + self.all_from(place, *tampered(tampering))
        if len(found) < len(self.cases):
            case = self.cases[len(found)]
            limits = self.limits if case.seconds is None else {**self.limits, "seconds": case.seconds}
            found.append(self.outcome(len(found), *self.ending(limits)))
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
                       peak_rss=step["peak_rss"], output=imports + step["output"], isolation=self.level, **parts)

    def all_from(self, place: int, state: str, parts: Mapping[str, Any]) -> list[Outcome]:
        return [self.outcome(each, state, parts) for each in range(place, len(self.cases))]

    def ending(self, limits: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What is said of the case in which the child ended or was ended."""
        reason, code = self.report["reason"], self.report["code"]
        killer = signal_name(-code) if code is not None and code < 0 else ""
        reason = KERNEL_LIMITS.get(killer, reason)
        if reason in SENTENCES:
            return "limit", error(reason, SENTENCES[reason].format(**limits))
        how = f"by the signal {killer}" if killer else f"with exit code {code}"
        return "lost", error("lost", f"The process ended {how} before it had answered.")


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


def claim(line: str, case: JobCase) -> tuple[str, dict[str, Any]]:
    """The state and the parts of the outcome of a case whose answer is this line; Tampering if it is none."""
    found = loaded(line)
    kind = "error" if isinstance(found, dict) and "error" in found else "value"
    content = only(found, "case", "repeat", kind)
    if found["case"] != case.id or found["repeat"] != case.repeat or type(found["repeat"]) is not int:
        raise Tampering("an answer to what was not asked")
    if kind == "error":
        return failure(content)
    try:
        return "ok", {"value": values.from_json(content)}
    except values.ValueRefused as refused:
        raise Tampering(str(refused)) from None


def failure(found: Any) -> tuple[str, dict[str, Any]]:
    """The state and the parts of the outcome of a case that raised; Tampering if that is not what is said."""
    only(found, "type", "text", "traceback", "errno")
    frames = found["traceback"]
    if not (isinstance(found["type"], str) and isinstance(found["text"], str) and isinstance(frames, list)
            and all(isinstance(frame, str) for frame in frames)):
        raise Tampering("expected texts in an error")
    parts = error(found["type"][:100], found["text"][:MOST_TEXT], [frame[:200] for frame in frames[:MOST_FRAMES]])
    if type(found["errno"]) is int and found["errno"] in MET:       # a limit of the kernel, as Python tells of it
        return "limit", {"error": {**parts["error"], "type": MET[found["errno"]]}}
    if found["type"] == "RuntimeError" and found["text"] == NO_THREAD:      # which has no number
        return "limit", {"error": {**parts["error"], "type": "processes"}}
    return "error", parts
