"""Lines of a board as they are shown: pseudonyms instead of names, rounded scores, one's own line marked."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, pseudonyms
from npfl_kit.grading.tasks import task

RULES = {False: "Equal rounded scores share a rank (=). These are scores of the public examples.",
         True: "Who is not beaten beyond noise by the first of a rank shares it (=). These are scores of the private "
               "examples."}


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a board.

    Args:
      rank: 1 and more; `tied` ones are shared.
      name: the pseudonym.
      score: as text, with all decimals of the board.
      submissions: how many the team has made.
      own: whether it is that of the person who looks.
      final: whether the score is the private one.
      members: names, for teachers alone; empty on boards for students.
    """

    rank: int
    tied: bool
    name: str
    score: str
    submissions: int
    own: bool = False
    final: bool = False
    members: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The line as JSON values; `members` only where there are some."""
        value = dataclasses.asdict(self)
        return {**value, "members": list(self.members)} if self.members else \
            {name: each for name, each in value.items() if name != "members"}


def lines(description: task.Task, rows: Sequence[board.Row], secret: bytes, viewer: Optional[str] = None,
          final: bool = False, names: bool = False) -> list[Line]:
    """The lines of a board, best first, of equal shown scores by pseudonym, which tells nothing.

    Args:
      rows: of `board.public_rows` or `board.final_rows`.
      secret: of the store.
      viewer: the person who looks, if known.
      names: whether members are named, for teachers.
    """
    decimals = description.board.decimals if description.board else 3
    found = [Line(row.rank, row.tied, pseudonyms.pseudonym(row.entry.team, secret),
                  f"{record.rounded_down(row.value, decimals):.{max(decimals, 0)}f}", row.entry.submissions,
                  viewer is not None and viewer in row.entry.team, final, row.entry.team if names else ())
             for row in rows]
    best_first = -1 if board.order_of(description) == "desc" else 1
    return sorted(found, key=lambda line: (line.rank, best_first * float(line.score), line.name))


def eligible(description: task.Task, absent: int = 0) -> str:
    """Which submissions may stand on a board, and how many teams have a score but none of these, in a sentence."""
    without = f"; {absent} team{' has' if absent == 1 else 's have'} others alone" if absent else ""
    return (f"Only submissions in time and within the attempts of their day ({description.per_day}) stand on the "
            f"board{without}.")


def sentence(description: task.Task) -> str:
    """How ranks are made, in a few sentences."""
    assert description.board is not None
    shown, number = description.board, shown_text.number
    text = (f"Of each team the submission with the best public score so far stands here, the "
            f"{'highest' if shown.order == 'desc' else 'lowest'} {shown_text.line(shown.metric)} first, rounded down "
            f"to {shown.decimals} decimals. {eligible(description)}")
    if description.kind in ("predictions", "weights"):
        text += (f" The public score is of {100 * shown.public:.0f} % of the examples, and nobody knows which; the "
                 f"final rank is of the others.")
    text += (" In the final order a new rank begins where the first of the current rank is better beyond noise; the "
             "rest share it.")
    if shown.order_points:
        text += (f" Rank r of n teams over the threshold gives {number(shown.order_points)} x (1 - (r - 1) / n) "
                 f"points.")
    return text
