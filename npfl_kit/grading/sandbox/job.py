"""What a submission is run with, and how each run ended: the two ends of `runner.run`."""
from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Optional

STATES = ("ok", "error", "limit", "lost")


@dataclasses.dataclass(frozen=True)
class JobCase:
    """One thing to run.

    Args:
      id: of the case.
      repeat: which of its repeats.
      kind: "call", a function, or "main", the script's `main(parser.parse_args(flags))`.
      call: of "call", the name of the function.
      arguments: of "call": by name, or by position as "0", "1"; JSON values as `values.to_json` makes them.
      flags: of "main".
      seconds: wall time allowed, for all repeats of a case together; None is that of the limits.
    """

    id: str
    repeat: int = 0
    kind: str = "call"
    call: Optional[str] = None
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    flags: Sequence[str] = ()
    seconds: Optional[float] = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one `JobCase` ended.

    Args:
      state: "ok", there is a value; "error", the student's code raised, or said what it may not; "limit", it took too
        much; "lost", the process ended before there was an answer.
      value: what the code claims to have computed: any value of `values.from_json`, of any form, maybe not finite.
      error: unless ok, `type`, `text` and `traceback` (lines of the student's files); of a limit, the type is its
        name: "seconds", "memory", "processes", "disk", "claims" or "cpu". `where` is "import" if the script could not
        be imported.
      seconds, peak_rss: measured from outside; None where nothing ran.
      output: what was printed meanwhile, head and tail; at the first case, also that of the imports.
      isolation: name of the level.
    """

    id: str
    repeat: int
    state: str
    value: Any = None
    error: Optional[Mapping[str, Any]] = None
    seconds: Optional[float] = None
    peak_rss: Optional[int] = None
    output: str = ""
    isolation: str = "L0"
