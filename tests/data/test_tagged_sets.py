"""The known sets of tagged sentences as they lie in the shared data: counts that were published."""
import collections
import itertools
import random

import numpy as np
import pytest

from npfl_kit.data import length_buckets, ud_czech_cltt, ud_english_ewt, uner_english_ewt, wnut17_ner
from npfl_kit.scoring import spans

SPLITS = ("train", "dev", "test")
SETS = {each.NAME: each for each in (ud_english_ewt, ud_czech_cltt, wnut17_ner, uner_english_ewt)}
SENTENCES = {"ud_english_ewt": [12_544, 2001, 2077], "ud_czech_cltt": [467, 316, 338],
             "wnut17_ner": [3394, 1009, 1287], "uner_english_ewt": [1801, 200, 2077]}
WORDS = {"ud_english_ewt": [204_577, 25_147, 25_094], "ud_czech_cltt": [13_894, 10_710, 11_409]}


@pytest.fixture(scope="module", params=list(SETS))
def known(request, shared):
    return SETS[request.param].load(shared / "data")


@pytest.fixture(scope="module")
def ewt(shared):
    return ud_english_ewt.load(shared / "data" / "ud_english_ewt")


def test_sentences_and_words_are_as_many_as_were_published(known):
    assert [len(known.split(part)) for part in SPLITS] == SENTENCES[known.name]
    if known.name in WORDS:
        assert [int(known.split(part).lengths.sum()) for part in SPLITS] == WORDS[known.name]


def test_gold_tags_are_right_and_others_are_not(known):
    gold = known.split("dev").tags

    assert set(known.evaluate("dev", gold).values()) == {1.0}
    assert known.evaluate("dev", [["?"] * len(tags) for tags in gold])["accuracy"] == 0


def test_a_batch_can_be_read_back(known):
    batch = next(iter(known.batches("test", 16))).copy()
    words, letters = known.words.symbols, known.characters.symbols
    folded = {word.casefold() for word in words[2:]}

    for row, sentence in enumerate(known.split("test").sentences[:16]):
        for step, word in enumerate(sentence):
            found = words[batch["words"][row, step]]
            assert found == word if word in known.words else \
                found.casefold() == (word.casefold() if word.casefold() in folded else "<unk>")
            spelled = batch["characters"][batch["spelling"][row, step]].numpy()
            assert "".join(letters[number] for number in spelled if number > 1) == \
                "".join(letter for letter in word[:64] if letter in known.characters)


@pytest.mark.parametrize("column, tags, unseen", [("upos", 17, 0), ("xpos", 49, 0), ("feats", 230, 22)])
def test_the_english_treebank_in_each_column(shared, column, tags, unseen):
    found = ud_english_ewt.load(shared / "data", column=column)
    report = found.report()

    assert len(found.tags) == tags and len(report.get("unseen tag", [])) == unseen
    assert len(report["multiword"]) == 2614 + 359 + 354 and len(report["empty node"]) == 37 + 4 + 2
    assert "no words" not in report and found.split("train").sentences[0][:2] == ["Al", "-"]


def test_the_commonest_tag_of_each_word_is_the_usual_baseline(ewt):
    counts = collections.defaultdict(collections.Counter)
    for words, tags in zip(ewt.split("train").sentences, ewt.split("train").tags):
        for word, tag in zip(words, tags):
            counts[word][tag] += 1
    best = {word: each.most_common(1)[0][0] for word, each in counts.items()}

    found = [[best.get(word, "NOUN") for word in words] for words in ewt.split("dev").sentences]

    assert ewt.evaluate("dev", found)["accuracy"] == pytest.approx(0.861, abs=1e-3)


def test_little_of_a_bucketed_batch_is_padding(ewt):
    lengths = ewt.split("train").lengths

    shares = [length_buckets.padding_share(lengths, length_buckets.batches(lengths, 32, (42, epoch), bucketed))
              for epoch in range(3) for bucketed in (True, False)]

    assert max(shares[::2]) < 0.04 and min(shares[1::2]) > 0.66


@pytest.mark.parametrize("name, entities", [("wnut17_ner", [1975, 836, 1079]), ("uner_english_ewt", [889, 77, 1088])])
def test_entities_are_as_many_as_begin_with_b(shared, name, entities):
    known = SETS[name].load(shared / "data")

    for part, count in zip(SPLITS, entities):
        tags = known.split(part).tags
        assert sum(len(spans.spans(each)) for each in tags) == count
        assert sum(tag[0] == "B" for tag in itertools.chain.from_iterable(tags)) == count
    assert known.spans and not known.report()


def test_hiding_entities_lowers_recall_alone(shared):
    known = uner_english_ewt.load(shared / "data")
    generator = random.Random(42)
    halved = []
    for tags in known.split("test").tags:
        kept = [each for each in spans.spans(tags) if generator.random() < 0.5]
        halved.append(list(tags))
        for _, first, last in set(spans.spans(tags)) - set(kept):
            halved[-1][first:last + 1] = ["O"] * (last + 1 - first)

    scores = known.evaluate("test", halved)

    assert scores["precision"] == 1 and scores["recall"] == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(scores["f1"], 2 / (1 + 1 / scores["recall"]))
