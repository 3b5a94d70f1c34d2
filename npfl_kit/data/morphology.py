"""Morphology: sentences of a generated language whose endings tell the tags; the tagger's data set without a file.

    vi  da  korpulik  setromai  fi   kalunita   da  bromos   .
    ADP DET ADJ       NOUN_PL   PRON VERB_PAST  DET NOUN_SG  PUNCT

A word is a stem and an ending. Every stem takes every ending, and half of the stems are made up for one word alone, so
training has not seen a third of the words of dev, or six in ten different ones: what they are only their endings say.
Embeddings of words get 79 % of the tags right, characters all of them. The ending -en is both of a noun and of a
verb: after a determiner or an adjective it is NOUN_PL, else VERB_PAST.

Splits: train 2,000 sentences, dev 300, test 300, of 4 to 20 words. A sentence is a function of (seed, split, position
in it) alone.
"""
from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Sequence
from typing import Optional, TypeVar

from npfl_kit.data import sources
from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit

Choice = TypeVar("Choice")
NAME = "morphology"
COUNTS = {"train": 2_000, "dev": 300, "test": 300}
SEED = 42
MIN_WORDS, MAX_WORDS = 4, 20

# No ending is another one behind a consonant of LASTS, so that a word can be cut into stem and ending in one way.
ENDINGS = {"NOUN_SG": ("a", "os"), "NOUN_PL": ("ai", "osi", "en"), "VERB_NOW": ("at", "it"),
           "VERB_PAST": ("ata", "ita", "en"), "ADJ": ("ik", "esta"), "ADV": ("ikse", "est")}
SMALL_WORDS = {"DET": ("da", "ne", "ul"), "ADP": ("po", "vi", "sur", "ek"), "PRON": ("mi", "tu", "fi", "oni"),
               "CONJ": ("i", "aw", "ob"), "PUNCT": (".", ".", ".", "?", "!")}
SHARED, NOUN_BEFORE = "en", ("DET", "ADJ")      # the ending of two tags, and the tags before it of a noun
FIRSTS = "b br d dr f g gl h k kr l m n p r s st t tr v z".split()
VOWELS, LASTS = "aeiou", "klmnpr"
COMMON_STEMS, NEW_STEMS = 300, 0.5      # stems that come again, and the share of words with a stem of their own


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None, seed: int = SEED) -> SequenceTagging:
    """Sentences as `data.load` gives them; `data_dir` is not used, and another `seed` gives another language."""
    splits = {}
    for stream, (name, count) in enumerate(COUNTS.items()):
        drawn = [sentence(index, seed, stream) for index in range(count)]
        splits[name] = TaggingSplit([words for words, _ in drawn], [tags for _, tags in drawn])
    return SequenceTagging(NAME, splits, f"generated from seed {seed}", train_size=train_size)


def sentence(index: int, seed: int = SEED, stream: int = 0) -> tuple[list[str], list[str]]:
    """The words of one sentence and their tags.

    Args:
      index: position in the split.
      stream: 0 for train, 1 for dev, 2 for test.

    >>> words, tags = sentence(0)
    >>> len(words) == len(tags), tags[-1]
    (True, 'PUNCT')
    """
    generator = random.Random(f"{seed} {stream} {index}")
    tags: list[str] = []
    while not MIN_WORDS <= len(tags) <= MAX_WORDS:
        tags = [*_clauses(generator), "PUNCT"]
    return [_word(generator, tag, before, seed) for tag, before in zip(tags, ["", *tags])], tags


def _clauses(generator: random.Random) -> Iterator[str]:
    """Tags of one clause or more, joined by conjunctions."""
    yield from _clause(generator)
    while generator.random() < 0.3:
        yield "CONJ"
        yield from _clause(generator)


def _clause(generator: random.Random) -> Iterator[str]:
    """Perhaps a place, somebody, what is done, perhaps to whom, perhaps where; adverbs in between."""
    if generator.random() < 0.2:
        yield "ADP"
        yield from _noun_phrase(generator, 0)
    yield from _noun_phrase(generator, 0.3)
    if generator.random() < 0.25:
        yield "ADV"
    yield _one(generator, ("VERB_NOW", "VERB_PAST"))
    if generator.random() < 0.6:
        yield from _noun_phrase(generator, 0.15)
    if generator.random() < 0.25:
        yield "ADV"
    if generator.random() < 0.3:
        yield "ADP"
        yield from _noun_phrase(generator, 0.1)


def _noun_phrase(generator: random.Random, pronouns: float) -> Iterator[str]:
    """A pronoun, or a noun with a determiner and adjectives, if any."""
    if generator.random() < pronouns:
        yield "PRON"
        return
    if generator.random() < 0.5:
        yield "DET"
    while generator.random() < 0.35:
        yield "ADJ"
    yield _one(generator, ("NOUN_SG", "NOUN_PL"))


def _word(generator: random.Random, tag: str, before: str, seed: int) -> str:
    """A word with this tag, behind a word with the tag `before`."""
    if tag in SMALL_WORDS:
        return _one(generator, SMALL_WORDS[tag])
    endings = [ending for ending in ENDINGS[tag]
               if ending != SHARED or (before in NOUN_BEFORE) == tag.startswith("NOUN")]
    if generator.random() < NEW_STEMS:
        return _stem(generator) + _one(generator, endings)
    stems = _common_stems(seed)
    return stems[int(len(stems) * generator.random() ** 2)] + _one(generator, endings)     # the first ones most often


@functools.lru_cache(maxsize=4)
def _common_stems(seed: int) -> list[str]:
    generator = random.Random(f"{seed} stems")
    return [_stem(generator) for _ in range(COMMON_STEMS)]


def _stem(generator: random.Random) -> str:
    """One to three syllables; the last one ends in a consonant, the others sometimes do."""
    syllables = [_one(generator, FIRSTS) + _one(generator, VOWELS) for _ in range(_one(generator, (1, 2, 3)))]
    closed = [syllable + (_one(generator, LASTS) if generator.random() < 0.3 else "") for syllable in syllables[:-1]]
    return "".join(closed) + syllables[-1] + _one(generator, LASTS)


def _one(generator: random.Random, choices: Sequence[Choice]) -> Choice:
    """One of them, all equally likely; every version of Python gives the same one, unlike `generator.choice`."""
    return choices[int(generator.random() * len(choices))]
