"""What a teacher sees of a batch: a bar with the time left, or a line per submission where nobody watches."""
from __future__ import annotations

import datetime
import sys
import threading
import time
from typing import Optional, TextIO

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.stores import leases


class Progress:
    """One who is told what a batch does, and is silent.

    `begin` comes first with the number of submissions that wait; `started` and `finished` come from any thread, and
    `finished` has no result for a submission that took over that of an equal one; `end` comes last.
    """

    def begin(self, waiting: int) -> None:
        """The batch begins."""

    def started(self, work: leases.Work) -> None:
        """A submission is begun."""

    def finished(self, work: leases.Work, result: Optional[record.Record], again: bool) -> None:
        """A submission has a result; whether it will be tried `again`."""

    def end(self) -> None:
        """The batch has ended, well or not."""


class Lines(Progress):
    """A line for each submission that is done, for files and pipes.

    Args:
      stream: where to print; standard output when not given.
    """

    def __init__(self, stream: Optional[TextIO] = None) -> None:
        self.stream = stream or sys.stdout
        self._lock = threading.Lock()

    def begin(self, waiting: int) -> None:
        self.waiting, self.done, self.began = waiting, 0, time.monotonic()
        self.since: dict[int, float] = {}

    def started(self, work: leases.Work) -> None:
        with self._lock:
            self.since[work.submission.id] = time.monotonic()

    def finished(self, work: leases.Work, result: Optional[record.Record], again: bool) -> None:
        with self._lock:
            seconds = time.monotonic() - self.since.pop(work.submission.id, time.monotonic())
            self.done += not again
            self.waiting = max(self.waiting, self.done)
            self.tell(f"{self.done:{len(str(self.waiting))}}/{self.waiting}  {line(work, result, again, seconds)}",
                      result)

    def tell(self, text: str, result: Optional[record.Record]) -> None:
        """Print the line, with the time left as it looks now."""
        left = (time.monotonic() - self.began) / self.done * (self.waiting - self.done) if self.done else 0
        said = f"{text}, {datetime.timedelta(seconds=round(left))} left" if left >= 1 else text
        print(fit(said, self.stream), file=self.stream, flush=True)


class Bar(Lines):
    """A bar with what is done, what is being graded and the time left; a line only for what needs a look."""

    def __init__(self, stream: Optional[TextIO] = None) -> None:
        from rich import console, progress  # 0.1 s, only for those who see it

        super().__init__(stream)
        columns = (progress.TextColumn("Grading"), progress.BarColumn(), progress.MofNCompleteColumn(),
                   progress.TimeRemainingColumn(), progress.TextColumn("{task.description}", markup=False))
        self.bar = progress.Progress(*columns, console=console.Console(file=self.stream, highlight=False))

    def begin(self, waiting: int) -> None:
        super().begin(waiting)
        self.task = self.bar.add_task("", total=waiting)
        self.bar.start()

    def started(self, work: leases.Work) -> None:
        super().started(work)
        self.bar.update(self.task, description=f"#{min(self.since, default=work.submission.id)}")

    def tell(self, text: str, result: Optional[record.Record]) -> None:
        self.bar.update(self.task, completed=self.done, total=self.waiting)
        if result is not None and result.state != "graded":
            self.bar.console.print(fit(text, self.stream), markup=False)

    def end(self) -> None:
        self.bar.stop()


def of(stream: TextIO) -> Progress:
    """A bar on a terminal, lines elsewhere."""
    return Bar(stream) if stream.isatty() else Lines(stream)


def line(work: leases.Work, result: Optional[record.Record], again: bool, seconds: float) -> str:
    """What is said of a submission that is done.

    >>> from npfl_kit.grading.stores import entries
    >>> came = entries.Submission(7, "cnn", "ada", ("ada",), "2026-10-01T12:00:00.000000+00:00", 64 * "0", 64 * "0")
    >>> line(leases.Work(9, came, "v1", 1), None, False, 0.0)
    '#7 cnn ada: as an equal submission'
    """
    name = f"#{work.submission.id} {work.submission.lab} {shown_text.line(work.submission.person)}"
    if result is None:
        return f"{name}: as an equal submission"
    points = f" {result.score:g} of {result.max:g}" if result.state == "graded" else ""
    return f"{name}: {result.state}{points}{' (is tried again)' if again else ''} in {seconds:.1f}s"


def fit(text: str, stream: TextIO) -> str:
    """The text with question marks for letters that the stream cannot write, so that no name stops a batch.

    >>> import io
    >>> fit("\u00e1da", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    '?da'
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
