"""Inside the box: imports the student's script, runs case after case, and claims what came out.

    python -s -B child.py

The first line of stdin says what there is: `sources`, `module`, `path`; the second one the `seconds` that the import
has, each further one is a case. One line goes out for each: that this file has started, that the script is imported,
then a claim for each case. After an error, the other repeats of a case are not run: they count no more. What leaves
here is never more than a claim: the student's code shares this process and can write whatever it likes.

Not `python -I`, which would ignore PYTHONHASHSEED: without it, sets have another order in each run. The environment is
the warden's in all, and the folder of this file, which Python puts on the path, leaves it first.
"""
from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.pop(0)

import base64  # noqa: E402
import contextlib  # noqa: E402
import faulthandler  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

NAME = "__npfl_kit__"       # of the student's module: its `__name__`
DESCRIPTOR = 200            # the least number of ours, which code that opens files does not meet by chance
MOST_TEXT, MOST_FRAMES = 2000, 10
STDERR = 2


class MissingName(Exception):
    """The script lacks what the case asks for."""


class Wire:
    """The two private descriptors, which replace stdin and stdout; the latter is then what stderr is."""

    def __init__(self) -> None:
        import fcntl

        self.cases = os.fdopen(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, DESCRIPTOR), "rb")
        self.claims = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, DESCRIPTOR)
        self.owner = os.getpid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)     # type: ignore[union-attr]

    def receive(self) -> dict[str, Any]:
        """The next line; its absence is the end."""
        line = self.cases.readline()
        return json.loads(line) if line else os._exit(0)

    def send(self, claim: dict[str, Any]) -> None:
        """One line, after all that was printed before; a process that the student forked sends nothing."""
        if os.getpid() != self.owner:
            os._exit(0)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:       # the student's own stream, or none
                pass
        data = json.dumps(claim, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
        while data:
            data = data[os.write(self.claims, data):]


class Clock:
    """The seconds of the steps; those of one name have theirs together."""

    def __init__(self) -> None:
        self.used: dict[str, float] = {}

    @contextlib.contextmanager
    def over(self, name: str, seconds: float) -> Iterator[None]:
        """Print where the code is, shortly before its time is over."""
        started, left = time.monotonic(), seconds - self.used.get(name, 0.0)
        with contextlib.suppress(RuntimeError):     # no further thread is to be had
            faulthandler.dump_traceback_later(max(0.01, left - min(1.0, 0.2 * left)), file=STDERR)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            self.used[name] = self.used.get(name, 0.0) + time.monotonic() - started


def is_own(name: Any, folder: str) -> bool:
    """Whether a file that Python names is one of the student's."""
    return isinstance(name, str) and os.path.dirname(os.path.abspath(name)) == folder and os.path.isfile(name)


def described(error: BaseException, folder: str) -> dict[str, Any]:
    """An exception as JSON: its type, its text and the lines of the student's files that it came through."""
    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename, folder)]
        lines = [f"{os.path.basename(frame.filename)}, line {frame.lineno}, in {frame.name}: {frame.line}"[:200]
                 for frame in frames[-MOST_FRAMES:]]
        text = str(error)[:MOST_TEXT]
        if isinstance(error, SyntaxError) and is_own(error.filename, folder):
            found = (error.text or "").strip()
            place = f"{os.path.basename(str(error.filename))}, line {error.lineno or 1}{found and f': {found}'}"
            lines, text = [*lines, place[:200]][-MOST_FRAMES:], str(error.msg)[:MOST_TEXT]
        if isinstance(error, SystemExit):
            text = f"the script ended itself with code {text}; what it printed may say why"
        number = error.errno if isinstance(error, OSError) and type(error.errno) is int else None
        return {"type": type(error).__name__[:100], "text": text, "traceback": lines, "errno": number}
    except BaseException as another:        # of a class that does not like to be looked at
        return {"type": "Exception", "text": f"an exception that raised {type(another)} when it was read"[:MOST_TEXT],
                "traceback": [], "errno": None}


def load(name: str, folder: str) -> ModuleType:
    """Import the student's script by its file."""
    spec = importlib.util.spec_from_file_location(NAME, os.path.join(folder, name))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module


def named(module: ModuleType, name: str) -> Any:
    """What the script has by a name."""
    if not hasattr(module, name):
        raise MissingName(f"the script has no {name}")
    return getattr(module, name)


def run(module: ModuleType, case: dict[str, Any], values: ModuleType) -> Any:
    """What the student's function, or `main` with the flags of the case, returns."""
    if case["kind"] == "main":
        return named(module, "main")(named(module, "parser").parse_args(case["flags"]))
    function = named(module, case["call"])
    arguments = {name: values.from_json(value) for name, value in case["arguments"].items()}
    positions = sorted((name for name in arguments if name.isdigit()), key=int)
    return function(*[arguments.pop(name) for name in positions], **arguments)


def main() -> None:
    """All of it; never returns."""
    wire, clock = Wire(), Clock()
    faulthandler.enable(STDERR, all_threads=False)
    job = wire.receive()
    sys.path[:0] = job["path"][:1]
    from npfl_kit.grading.wire import values

    sys.path[:1] = []                       # the kit is found by now; what lies beside it is nobody's module
    sys.path += [place for place in job["path"][1:] if place not in sys.path]
    folder = os.getcwd()
    for name, data in job["sources"].items():
        with open(os.path.join(folder, name), "xb") as file:
            file.write(base64.b64decode(data))
    sys.path.append(folder)                 # last: no upload hides a module of Python or of the kit
    sys.argv[:] = [job["module"]]
    wire.send({"alive": True})
    step = wire.receive()                   # the clock of the imports runs from here
    try:
        with clock.over("", step["seconds"]):
            module = load(job["module"], folder)
        wire.send({"ready": True})
    except BaseException as error:
        wire.send({"error": described(error, folder)})
        os._exit(0)
    failed: dict[str, Any] = {}
    while True:
        case = wire.receive()
        claim = {"case": case["id"], "repeat": case["repeat"]}
        try:
            if case["id"] not in failed:
                with clock.over(case["id"], case["seconds"]):
                    value = values.to_json(run(module, case, values))
                wire.send({**claim, "value": value})
                continue
        except BaseException as error:
            failed[case["id"]] = described(error, folder)
        wire.send({**claim, "error": failed[case["id"]]})


if __name__ == "__main__":
    main()
