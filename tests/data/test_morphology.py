"""The generated language: its endings decide the tags, and many of its words are new in dev."""
import itertools

import numpy as np
import pytest

from npfl_kit import data
from npfl_kit.data import morphology


@pytest.fixture(scope="module")
def language():
    return data.load("morphology")


def tagged(words):
    """The tags by the rules as they are written, from left to right."""
    small = {word: tag for tag, listed in morphology.SMALL_WORDS.items() for word in listed}
    tags = []
    for word in words:
        fits = {tag for tag, endings in morphology.ENDINGS.items() for ending in endings
                if word.endswith(ending) and word[:-len(ending)][-1:] in tuple(morphology.LASTS)}
        if fits == {"NOUN_PL", "VERB_PAST"}:
            fits = {"NOUN_PL" if tags and tags[-1] in morphology.NOUN_BEFORE else "VERB_PAST"}
        tag, = {small[word]} if word in small else fits
        tags.append(tag)
    return tags


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_the_endings_and_the_word_before_decide_every_tag(language, split):
    for words, tags in zip(language.split(split).sentences, language.split(split).tags):
        assert tagged(words) == tags


def test_the_same_ending_needs_the_word_before(language):
    tags = [tag for words, row in zip(language.split("dev").sentences, language.split("dev").tags)
            for word, tag in zip(words, row) if word.endswith("en")]

    assert set(tags) == {"NOUN_PL", "VERB_PAST"} and min(map(tags.count, set(tags))) > 30


def test_every_stem_takes_endings_of_every_tag(language):
    stems = {}
    for words, tags in zip(language.split("train").sentences, language.split("train").tags):
        for word, tag in zip(words, tags):
            if tag in morphology.ENDINGS:
                ending = max((each for each in morphology.ENDINGS[tag] if word.endswith(each)), key=len)
                stems.setdefault(word[:-len(ending)], set()).add(tag)

    common = [stems.get(stem, set()) for stem in morphology._common_stems(42)[:50]]
    assert np.mean([len(tags) for tags in common]) > 5


def test_many_words_of_dev_are_new_but_no_character_and_no_tag(language):
    known = set(language.words.symbols)
    for split in (language.split("dev"), language.split("test")):
        words = list(itertools.chain(*split.sentences))
        assert 0.25 < np.mean([word not in known for word in words]) < 0.4
        assert 0.45 < np.mean([word not in known for word in set(words)]) < 0.65
        assert set("".join(words)) <= set(language.characters.symbols)
        assert set(itertools.chain(*split.tags)) <= set(language.tags)
    assert language.report() == {} and len(language.tags) == 11 and not language.spans


def test_sizes_and_lengths_are_as_written(language):
    assert [len(language.split(name)) for name in ("train", "dev", "test")] == [2_000, 300, 300]
    lengths = language.split("train").lengths
    assert lengths.min() == 4 and lengths.max() <= 20 and 8 < lengths.mean() < 10


def test_no_content_word_is_a_small_word(language):
    small = set(itertools.chain(*morphology.SMALL_WORDS.values()))
    for words, tags in zip(language.split("train").sentences, language.split("train").tags):
        assert all((word in small) == (tag in morphology.SMALL_WORDS) for word, tag in zip(words, tags))


def test_a_sentence_is_a_function_of_seed_split_and_place():
    assert morphology.sentence(3) == morphology.sentence(3, 42, 0)
    assert len({tuple(morphology.sentence(3, seed, stream)[0]) for seed in (1, 2) for stream in range(3)}) == 6


def test_the_sentences_stay_those_that_were_published(language):
    assert " ".join(language.split("train").sentences[0]) == "da drimelen bompapest drulit ne glornitura ."
    assert " ".join(language.split("train").tags[0]) == "DET NOUN_PL ADV VERB_NOW DET NOUN_SG PUNCT"
