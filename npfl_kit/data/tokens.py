"""A sentence as words, in the way of the data sets that were cut into words by others."""
from __future__ import annotations

import re

ENDINGS = re.compile(r"(?i)(?<=[a-z])(n't|'(?:s|re|ve|ll|d|m))\b")
WORDS = re.compile(r"(?i)n't\b|'(?:s|re|ve|ll|d|m)\b|\.\.\.|[^\W_]+(?:[-'.][^\W_]+)*|[^\w\s]|_+")


def split(sentence: str) -> list[str]:
    """The words of a sentence that is cut already, with blanks between them.

    >>> split("it 's not  bad .")
    ['it', "'s", 'not', 'bad', '.']
    """
    return sentence.split()


def english(sentence: str) -> list[str]:
    """The words of a sentence as people type it, cut as in the Penn Treebank and in small letters, as SST-2 has them.

    >>> english("It's a well-made film, isn't it?")
    ['it', "'s", 'a', 'well-made', 'film', ',', 'is', "n't", 'it', '?']
    """
    return WORDS.findall(ENDINGS.sub(r" \1", sentence.lower().replace("\u2019", "'")))
