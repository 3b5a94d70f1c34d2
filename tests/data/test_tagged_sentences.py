import pytest

from npfl_kit import errors
from npfl_kit.data import tagged_sentences
from npfl_kit.data.sequence_tagging import TaggingSplit


def split(count):
    return TaggingSplit([[str(number)] for number in range(count)], [["A"]] * count)


def words(parts):
    return {name: [sentence[0] for sentence in part.sentences] for name, part in parts.items()}


def test_all_parts_stay_as_they_are():
    parts = {"train": split(3), "dev": split(2), "test": split(1)}

    assert tagged_sentences.complete(parts, "here") == parts


@pytest.mark.parametrize("names", [["train"], [""], ["dev"]])
def test_one_part_is_cut_in_three_that_share_nothing(names):
    found = words(tagged_sentences.complete({name: split(100) for name in names}, "here"))

    assert [len(found[name]) for name in ("train", "dev", "test")] == [81, 9, 10]
    assert sorted(sum(found.values(), [])) == sorted(map(str, range(100)))
    assert found["train"] == sorted(found["train"], key=int)
    assert found == words(tagged_sentences.complete({"": split(100)}, "here"))      # the same every time


def test_without_train_dev_is_train_and_test_stays():
    found = tagged_sentences.complete({"dev": split(100), "test": split(7)}, "here")

    assert [len(found[name]) for name in ("train", "dev", "test")] == [90, 10, 7]


def test_a_dev_part_stays_dev_where_there_is_no_test():
    found = tagged_sentences.complete({"train": split(50), "dev": split(7)}, "here")

    assert [len(found[name]) for name in ("train", "dev", "test")] == [45, 7, 5]


@pytest.mark.parametrize("parts, message", [({"test": split(9)}, "expected a training part beside test; found none"),
                                            ({"": split(2)}, "expected at least 3 sentences")])
def test_what_cannot_be_trained_on_is_refused(parts, message):
    with pytest.raises(errors.DataError, match=message):
        tagged_sentences.complete(parts, "here")


def test_a_word_that_occurs_twice_is_kept_once():
    found = tagged_sentences.TaggedSentences()
    for number in (1, 3):
        found.add(["".join("cat")], ["".join("NN")], "folder/dev.txt", [number])

    assert found.sentences[0][0] is found.sentences[1][0] and found.tags[0][0] is found.tags[1][0]
    assert found.split().place(1, 0) == "dev.txt:3"
