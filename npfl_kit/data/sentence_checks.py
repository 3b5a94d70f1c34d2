"""What is odd in files of tagged sentences: what can be survived is left out or mended, and counted by its line."""
from __future__ import annotations

from collections.abc import Iterator

KINDS = {
    "no words": "sentences without a word, left out",
    "multiword": "ranges of a word that is written as one and tagged as several, left out",
    "empty node": "empty nodes, which stand for no word of the text, left out",
    "entity begins inside": "entities that begin with I-, made to begin with B-",
    "unseen tag": "words with a tag that training has never seen, which count as wrong",
}
NAMED = 5       # places that a line of the report names

Report = dict[str, list[str]]  # kind, from KINDS -> the place of each occurrence


def place(name: str, number: int) -> str:
    """A line of a file, in short.

    >>> place("treebank/dev.conllu", 7)
    'dev.conllu:7'
    """
    return f"{name.rsplit('/', 1)[-1]}:{number}"


def note(report: Report, kind: str, where: str) -> None:
    """Write down one occurrence.

    >>> report: Report = {}
    >>> note(report, "no words", "dev.conllu:7")
    >>> report
    {'no words': ['dev.conllu:7']}
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}")
    report.setdefault(kind, []).append(where)


def merged(*reports: Report) -> Report:
    """One report of several, in the order of `KINDS`."""
    kinds = [kind for kind in KINDS if any(kind in report for report in reports)]
    return {kind: [each for report in reports for each in report.get(kind, [])] for kind in kinds}


def lines(report: Report) -> Iterator[str]:
    """One sentence per kind, with the first places.

    >>> list(lines({"no words": ["dev.conllu:7", "dev.conllu:9"]}))
    ['2 sentences without a word, left out: dev.conllu:7, dev.conllu:9']
    """
    for kind, places in report.items():
        more = len(places) - NAMED
        shown = ", ".join(places[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
        yield f"{len(places):,} {KINDS[kind]}: {shown}"
