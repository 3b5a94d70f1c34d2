import pytest

from npfl_kit.data import sst2, tokens


@pytest.mark.parametrize("typed, words", [
    ("", []), ("   ", []), ("Fine.", ["fine", "."]), ("don't", ["do", "n't"]),
    ("I can't, he'll", ["i", "ca", "n't", ",", "he", "'ll"]),
    ("the actors' work", ["the", "actors", "'", "work"]), ("wait...what?!", ["wait", "...", "what", "?", "!"]),
    ("it\u2019s 2.5 stars", ["it", "'s", "2.5", "stars"]), ("na\u00efve caf\u00e9", ["na\u00efve", "caf\u00e9"])])
def test_a_typed_sentence_is_cut_as_in_the_treebank(typed, words):
    assert tokens.english(typed) == words


def test_words_of_the_treebank_are_found_again_when_their_sentences_are_typed(shared):
    split = sst2.load(shared / "data").split("dev")

    typed = [" ".join(text).replace(" n't", "n't").replace(" 's", "'s") for text in split.sentences]
    again = [tokens.english(sentence) == text for sentence, text in zip(typed, split.sentences)]

    assert sum(again) > 0.95 * len(again)
