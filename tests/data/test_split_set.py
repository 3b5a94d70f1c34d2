"""What every data set has in common: three splits, of which train may be cut short."""
import pytest

from npfl_kit import errors
from npfl_kit.data.split_set import SplitSet


class Numbers(list):
    def first(self, count):
        return Numbers(self[:count])


def splits():
    return {"train": Numbers(range(8)), "dev": Numbers([10, 11]), "test": Numbers([20])}


def test_train_alone_is_cut_short():
    few = SplitSet("numbers", splits(), train_size=3)

    assert few.split("train") == [0, 1, 2]
    assert few.split("dev") == [10, 11] and few.split("test") == [20]


@pytest.mark.parametrize("size", [0, -1, 9])
def test_an_impossible_size_says_what_is_possible(size):
    with pytest.raises(errors.UsageError, match=r"--train_size must be between 1 and 8, .* got"):
        SplitSet("numbers", splits(), train_size=size)


def test_the_whole_of_train_is_possible():
    assert len(SplitSet("numbers", splits(), train_size=8).split("train")) == 8


def test_an_unknown_split_is_named_with_the_known_ones():
    with pytest.raises(errors.UsageError, match="There is no split 'tset'; did you mean test"):
        SplitSet("numbers", splits()).split("tset")
