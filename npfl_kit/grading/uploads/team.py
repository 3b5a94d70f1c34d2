"""Who hands in together: members by name."""
from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from npfl_kit.grading.uploads.ungradable import UngradableError

LONGEST = 60


def checked(members: Sequence[str], most: int) -> tuple[str, ...]:
    """The members of a team, each once.

    Args:
      members: their names, as they are known to the course.
      most: int, how many a team may have.
    Returns: the names without blanks around them, in the order given.
    Raises: UngradableError for an impossible or doubled name, or too many.

    >>> checked(["Ada Lovelace", " Alan Turing "], most=3)
    ('Ada Lovelace', 'Alan Turing')
    """
    names = tuple(unicodedata.normalize("NFC", name).strip(" ") for name in members)
    for name in names:
        if not name or len(name) > LONGEST or not name.isprintable() or "," in name:
            raise UngradableError(f"Expected the name of a team member, at most {LONGEST} letters, found "
                                  f"{ascii(name)[:LONGEST]}. Type: --team=NAME,NAME")
    if len({name.casefold() for name in names}) < len(names):
        raise UngradableError(f"A member of the team is named twice: {', '.join(names)}. Name each once.")
    if len(names) > most:
        raise UngradableError(f"The team has {len(names)} members; the task allows {most}.")
    return names


def parse(text: str, most: int) -> tuple[str, ...]:
    """The members that `--team=NAME,NAME` names; none for an empty text.

    >>> parse("Ada Lovelace,Alan Turing", most=2)
    ('Ada Lovelace', 'Alan Turing')
    """
    return checked(text.split(",") if text.strip() else (), most)
