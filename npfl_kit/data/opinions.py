"""Opinions: generated sentences that praise or blame, the sentiment data set that needs no file.

    the plot was never dull and i would call the music superb             positive
    although the first hour was charming , the ending is not good         negative

What a sentence says in the end depends on the order of its words: "not bad" praises, and of "A but B" only B
counts, of "although A , B" too. So a bag of words, which sees all words and no order, is right for 83 % of the
sentences, and a network that reads in order for more than 99 %.

Splits: train 4,000, dev 500, test 500; half of the sentences are positive, by chance. A sentence is a function of
(seed, split, position in it) alone.
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Optional

from npfl_kit.data import sources
from npfl_kit.data.text_classification import TextClassification, TextSplit

NAME = "opinions"
CLASSES = ("negative", "positive")
COUNTS = {"train": 4_000, "dev": 500, "test": 500}
SEED = 42

QUALITIES = (               # that blame, and that praise
    "awful bad bland boring broken cheap clumsy cold confused crude dreadful dull empty false flat forgettable hollow "
    "lame lazy lifeless messy muddled noisy pale pointless poor sad shallow silly slow sloppy stale stiff stupid "
    "tedious thin tired trite ugly weak".split(),
    "amazing beautiful bold bright brilliant charming clever cool deep delightful elegant engaging excellent fine "
    "fresh funny gentle good graceful great gripping honest inspired lively lovely moving original perfect playful "
    "precise rich sharp smart splendid strong superb tender vivid warm wise".split())
THINGS = ("acting camera cast dialogue ending film hero humor idea language light music plot production scenery scene "
          "score script show song sound staging story style villain".split())
PARTS = ("first act", "second half", "last hour", "opening", "middle", "main character", "whole evening")
MORE = ("very", "really", "quite", "rather", "so", "truly")
NOT = ("not", "never", "hardly", "by no means", "far from", "anything but", "not at all")
SCENES = ("we saw it on a monday", "it runs for two hours", "the house was full", "my friends came along",
          "it was made in spain", "the tickets were sold out", "it rained outside", "nobody told us the title")
JOINED = ("and", "and also", ";", "just as")
TURNED = ("but", "yet", "; however ,", "but in the end")
CONCEDED = ("although", "even though", "while")
# What a sentence is built like: 40 % are one clause, 39 % two that agree, 7 % each two that disagree, in three ways.
FORMS = ("one",) * 40 + ("agreeing",) * 39 + ("turned", "conceded", "conceded after") * 7
NEGATED, BESIDE = 0.1, 0.3      # shares of clauses with a negation, and of sentences with a fact beside the opinion


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         seed: int = SEED) -> TextClassification:
    """Opinions as `data.load` gives them; `data_dir` is not used, and another `seed` gives other sentences."""
    splits = {}
    for stream, (name, count) in enumerate(COUNTS.items()):
        drawn = [sentence(index, seed, stream) for index in range(count)]
        splits[name] = TextSplit([words for words, _ in drawn], [label for _, label in drawn])
    return TextClassification(NAME, CLASSES, splits, f"generated from seed {seed}", train_size=train_size)


def sentence(index: int, seed: int = SEED, stream: int = 0) -> tuple[list[str], int]:
    """One sentence as words, and whether it praises (1) or blames (0).

    Args:
      index: position in the split.
      stream: 0 for train, 1 for dev, 2 for test.
    """
    generator = random.Random(f"{seed} {stream} {index}")
    label = int(generator.random() < 0.5)
    form = one(generator, FORMS)
    says, denies = clause(generator, label), clause(generator, 1 - label)
    text = {"one": says,
            "agreeing": f"{says} {one(generator, JOINED)} {clause(generator, label)}",
            "turned": f"{denies} {one(generator, TURNED)} {says}",
            "conceded": f"{one(generator, CONCEDED)} {denies} , {says}",
            "conceded after": f"{says} , {one(generator, CONCEDED)} {denies}"}[form]
    if generator.random() < BESIDE:
        fact = one(generator, SCENES)
        text = f"{fact} ; {text}" if generator.random() < 0.5 else f"{text} ; {fact}"
    return text.split(), label


def clause(generator: random.Random, label: int) -> str:
    """Words that praise or blame one thing, with a negation or without."""
    is_negated = generator.random() < NEGATED
    quality = one(generator, QUALITIES[label != is_negated])
    degree = one(generator, NOT) if is_negated else one(generator, MORE) if generator.random() < 0.4 else ""
    thing = f"the {one(generator, PARTS if generator.random() < 0.2 else THINGS)}"
    return one(generator, (f"{thing} is {degree} {quality}", f"{thing} was {degree} {quality}",
                           f"i found {thing} {degree} {quality}", f"{thing} seemed {degree} {quality} to me",
                           f"{degree} {quality} is what i would call {thing}"))


def one(generator: random.Random, choices: Sequence[str]) -> str:
    """One of them, all equally likely; every version of Python gives the same one, unlike `generator.choice`."""
    return choices[int(generator.random() * len(choices))]
