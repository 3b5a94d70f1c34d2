"""What is in a data set of sentences or of text, and what is wrong with it: the card, counts, oddities by line."""
from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from npfl_kit.cli import data_card, table
from npfl_kit.cli.data_card import SPLITS

GENERATED = ("morphology", "opinions", "python_text")
TAGS = 25       # tags that are counted one by one; a language with many cases has hundreds
TAG, LABEL = '"tags": string [T]', '"label": int32 []'
NAMED = 5       # places of an oddity that are named
WHAT = {
    "morphology": "a language whose endings tell the tags, made in memory and never downloaded",
    "conllu": "your own treebank in --data_dir, in CoNLL-U",
    "iob2": "your own sentences with entities in --data_dir, in IOB or IOB2",
    "morpho": "the course's Czech morphology, czech_cac.zip or czech_pdt.zip; your copy in --data_dir",
    "ud_english_ewt": "16,622 English sentences with parts of speech; your copy in --data_dir",
    "ud_czech_cltt": "1,121 Czech sentences of law with parts of speech; your copy in --data_dir",
    "wnut17_ner": "5,690 noisy English sentences with entities; your copy in --data_dir",
    "uner_english_ewt": "4,078 English sentences with persons, places and organizations; your copy in --data_dir",
    "opinions": "sentences that praise or blame, made in memory and never downloaded",
    "sst2": "9,613 sentences of film reviews, 2 classes; your copy in --data_dir",
    "movie_reviews_mr": "10,662 sentences of film reviews, 2 classes; your copy in --data_dir",
    "python_text": "Python's manual, a text that ships with Python and is never downloaded",
    "tiny_shakespeare": "1,115,394 characters of Shakespeare's plays; your copy in --data_dir",
    "text": "your own text in --data_dir, a file or a folder of .txt files",
}


def lines(name: str, data_dir: Path | None, is_here: bool, column: Optional[str] = None) -> Iterator[str]:
    """The text of `npfl-kit data show NAME`; nothing is read but the card if the files are not here."""
    from npfl_kit import data

    yield from data_card.introduction(name, is_here)
    if not is_here:
        return
    loaded: Any = data.load(name, data_dir, column=column)
    yield from counts(loaded)
    element = ("int32 [], the number of a character" if name in data.LANGUAGE else
               f'{{"words": string [T], {TAG if name in data.TAGGING else LABEL}}}')
    yield f"\nElement: {element}"
    yield f"Files:   {loaded.sources}"
    yield from odd(loaded)


def counts(loaded: Any) -> Iterator[str]:
    """What there is in train, dev and test; a table."""
    from npfl_kit import data

    splits = [loaded.split(split) for split in SPLITS]
    if loaded.name in data.LANGUAGE:
        rows = [["characters", *map(len, splits)],
                ["different", *(len(set(loaded.part(split))) for split in SPLITS)]]
    else:
        rows = [["sentences", *map(len, splits)], ["words", *(int(split.lengths.sum()) for split in splits)],
                ["longest", *(int(split.lengths.max(initial=0)) for split in splits)]]
        rows += tag_counts(splits) if loaded.name in data.TAGGING else [
            [name, *(int((split.labels == label).sum()) for split in splits)]
            for label, name in enumerate(loaded.classes)]
    yield from table.lines([[each if isinstance(each, str) else f"{each:,}" for each in row] for row in rows],
                           header=["count", *SPLITS])


def tag_counts(splits: Sequence[Any]) -> list[list]:
    """Rows with how often each tag is in train, dev and test, the most frequent first; rare ones are one row."""
    found = [collections.Counter(itertools.chain.from_iterable(split.tags)) for split in splits]
    tags = [tag for tag, _ in sum(found, collections.Counter[str]()).most_common()]
    rows: list[list] = [[tag, *(each[tag] for each in found)] for tag in tags[:TAGS]]
    if len(tags) > TAGS:
        rows.append([f"{len(tags) - TAGS:,} others", *(sum(each[tag] for tag in tags[TAGS:]) for each in found)])
    return rows


def odd(loaded: Any) -> Iterator[str]:
    """A line for each kind of oddity in the files, with its first places."""
    from npfl_kit.data import sentence_checks

    for kind, places in loaded.report().items():
        more = f" and {len(places) - NAMED:,} more" if len(places) > NAMED else ""
        yield (f"Odd:     {len(places):,} {sentence_checks.KINDS.get(kind, kind)}: "
               f"{'; '.join(places[:NAMED])}{more}")


def verify(name: str, data_dir: Path | None, column: Optional[str] = None) -> int:
    """Read every line; a line that is wrong is a DataError that names it."""
    from npfl_kit import data

    loaded: Any = data.load(name, data_dir, column=column)
    print(*counts(loaded), *odd(loaded), f"Files:   {loaded.sources}, every line is whole", sep="\n")
    return 0
