"""Who hands in together: members by name."""
from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Iterable, Sequence

from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import edit_distance

LONGEST = 60
TELLING = 4         # letters of a name, from which on one other letter is rather a typing error than another name


def checked(members: Sequence[str], most: int) -> tuple[str, ...]:
    """The members of a team, each once.

    Args:
      members: their names, as they are known to the course.
      most: int, how many a team may have.
    Returns: the names with single blanks, and none around them, in the order given.
    Raises: UngradableError for an impossible or doubled name, or too many.

    >>> checked(["Ada Lovelace", " Alan  Turing "], most=3)
    ('Ada Lovelace', 'Alan Turing')
    """
    names = tuple(map(spelled, members))
    for name in names:
        if not name or len(name) > LONGEST or not name.isprintable() or "," in name:
            raise UngradableError(f"Expected the name of a team member, at most {LONGEST} letters, found "
                                  f"{ascii(name)[:LONGEST]}. Type: --team=NAME,NAME")
    if len({name.casefold() for name in names}) < len(names):
        raise UngradableError(f"A member of the team is named twice: {', '.join(names)}. Name each once.")
    if len(names) > most:
        raise UngradableError(f"The team has {len(names)} members; the task allows {most}.")
    return names


def spelled(name: str) -> str:
    """A name as it is kept: composed letters, single blanks, and none around it."""
    return re.sub(" +", " ", unicodedata.normalize("NFC", name)).strip(" ")


def near(name: str, known: Iterable[str]) -> list[str]:
    """Known names that differ from a name in case, in accents or in one letter alone; another digit is another name.

    >>> near("zlutoucky kun", ["Žluťoučký Kůň", "Ada"]), near("Ada Lovelce", ["Ada Lovelace"]), near("bob", ["rob"])
    (['Žluťoučký Kůň'], ['Ada Lovelace'], [])
    """
    own = _bare(name)
    most = 1 if len(own) >= TELLING else 0
    return sorted(each for each in known if each != name and abs(len(_bare(each)) - len(own)) <= most
                  and re.findall(r"\d", each) == re.findall(r"\d", name)
                  and edit_distance.edit_distance(_bare(each), own) <= most)


def near_ones(names: Iterable[str]) -> dict[str, list[str]]:
    """Each name with those of the others that are `near` it, without a look at all pairs.

    >>> near_ones(["Ada Lovelce", "Ada Lovelace", "Grace"])
    {'Ada Lovelce': ['Ada Lovelace'], 'Ada Lovelace': ['Ada Lovelce'], 'Grace': []}
    """
    without = {name: _without_one(_bare(name)) for name in names}       # near names share one of these
    alike: dict[str, set[str]] = collections.defaultdict(set)
    for name, texts in without.items():
        for text in texts:
            alike[text].add(name)
    return {name: near(name, set().union(*(alike[text] for text in texts))) for name, texts in without.items()}


def _without_one(text: str) -> set[str]:
    """The text, and it without any one of its letters."""
    return {text, *(text[:place] + text[place + 1:] for place in range(len(text)))}


def _bare(name: str) -> str:
    """The letters alone, small and without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))


def parse(text: str, most: int) -> tuple[str, ...]:
    """The members that `--team=NAME,NAME` names; none for an empty text.

    >>> parse("Ada Lovelace,Alan Turing", most=2)
    ('Ada Lovelace', 'Alan Turing')
    """
    return checked(text.split(",") if text.strip() else (), most)
