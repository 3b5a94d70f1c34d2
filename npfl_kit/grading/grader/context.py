"""What a grade depends on besides the task and the upload."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Optional

from npfl_kit.grading.grader import reference
from npfl_kit.grading.sandbox import isolation


@dataclasses.dataclass(frozen=True)
class Context:
    """Where, how and by what secret an upload is graded.

    Args:
      level: of isolation, for code.
      secret: of the store, which seeds of hidden cases and the private rows come from; at home there is none.
      gold_dir: folder with hidden answers; None takes those of the data set.
      data_dirs: folders with files of data sets, which code may read.
      references: what the reference solution answers.
      home: whether a student checks at home: public cases only, predictions of the home split.
      only: ids of the cases to grade; empty is all of them.
      trusted: whether somebody answers for the code, so that it may run without a sandbox.
      report: is told of each error of ours, whose text may say what is hidden: for the course's eyes.
      printed: is told what code printed in cases that are not right, and the lines that it came through; at home for
        its author, else for the course's eyes, as the code knows the inputs of hidden cases.
    """

    level: isolation.Level
    secret: bytes = b""
    gold_dir: Optional[Path] = None
    data_dirs: tuple[Path, ...] = ()
    references: reference.References = dataclasses.field(default_factory=reference.References)
    home: bool = False
    only: tuple[str, ...] = ()
    trusted: bool = False
    report: Callable[[Exception], None] = lambda error: None
    printed: Callable[[str], None] = lambda text: None

    @property
    def variables(self) -> dict[str, str]:
        """What a child is told of the data."""
        return {"NPFL_KIT_DATA": str(self.data_dirs[0])} if self.data_dirs else {}

    @property
    def hidden(self) -> list[Path]:
        """What a child must not see, wherever it lies."""
        return [self.gold_dir] if self.gold_dir else []
