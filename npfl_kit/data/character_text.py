"""A text as a sequence of characters, for a network that predicts the next one."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data.alphabet import Alphabet

if TYPE_CHECKING:
    import tensorflow as tf

DEV_SHARE = TEST_SHARE = 0.05
MIN_CHARACTERS = 100


class CharacterText:
    """One text, cut into train, dev and test in this order; each character is a number of `alphabet`, that of train.

    Args:
      name: of the data set.
      text: the whole text, as it is read.
      sources: where it comes from, for people.
      dev_share, test_share: float in (0, 0.5), parts of the text; with a `test_share` of 0, dev is test, too.
      train_size: int in `[2, N]`, keep the first so many characters of train; None keeps all.
    Raises: DataError if the text has fewer than 100 characters, UsageError if `train_size` is impossible.
    """

    def __init__(self, name: str, text: str, sources: str, *, dev_share: float = DEV_SHARE,
                 test_share: float = TEST_SHARE, train_size: Optional[int] = None) -> None:
        self.name, self.text, self.sources = name, text, sources
        if len(text) < MIN_CHARACTERS:
            raise errors.DataError(f"{sources}: expected a text of at least {MIN_CHARACTERS} characters, found "
                                   f"{len(text):,}. Take a longer one, or type --dataset=python_text, which needs no "
                                   f"file.")
        self._places = _places(len(text), dev_share, test_share)
        most = self._places["train"].stop
        if train_size is not None:
            if not 2 <= train_size <= most:
                raise errors.UsageError(f"--train_size must be between 2 and {most:,}, the training characters of "
                                        f"{name}; got {train_size:,}.")
            self._places["train"] = slice(0, train_size)
        self.alphabet = Alphabet(self.part("train"))
        self._numbers: dict[str, np.ndarray] = {}

    @property
    def characters(self) -> list[str]:
        """The different characters of train, by number."""
        return self.alphabet.characters

    def part(self, name: str) -> str:
        """The text of "train", "dev" or "test"; a UsageError for another name."""
        if name not in self._places:
            raise errors.unknown("split", name, self._places)
        return self.text[self._places[name]]

    def split(self, name: str) -> np.ndarray:
        """The numbers of the characters of "train", "dev" or "test": int32 `[N]`."""
        if name not in self._numbers:
            self._numbers[name] = self.alphabet.encode(self.part(name))
        return self._numbers[name]

    def report(self) -> dict[str, list[str]]:
        """What was odd in the text, by kind: the characters that train does not have, see `Alphabet`."""
        found = {name: self.alphabet.strangers(self.part(name)) for name in self._places}
        lines = [f"{character!r} {count} times in {name}" for name, strangers in found.items()
                 for character, count in strangers.items()]
        return {"characters that train does not have, read as the nearest one": lines} if lines else {}

    @property
    def train(self) -> tf.data.Dataset:
        return self._examples("train")

    @property
    def dev(self) -> tf.data.Dataset:
        return self._examples("dev")

    @property
    def test(self) -> tf.data.Dataset:
        return self._examples("test")

    def _examples(self, split_name: str) -> tf.data.Dataset:
        """The characters one by one: int32 `[]`."""
        import tensorflow as tf
        return tf.data.Dataset.from_tensor_slices(self.split(split_name))

    def batches(self, split_name: str, batch_size: int, length: int, seed: Optional[int] = None,
                marked: bool = False) -> Any:
        """Windows of the text in parallel rows, in order, so that a state can be carried from one to the next.

        Args:
          split_name: "train" gives `CharacterBatches`, whose windows begin elsewhere in every epoch; "dev" and "test"
            give a `tf.data.Dataset` in which each character of the split is a target once. `character_batches` says
            what is in a batch.
          batch_size: int, rows; each is a piece of the text.
          length: int, characters of a window.
          seed: int, where the windows of train begin; None is 42.
          marked: whether the inputs say which windows are the first of their rows, where the state is zero.
        """
        from npfl_kit.data import character_batches
        for flag, value in (("batch_size", batch_size), ("sequence_length", length)):
            if value < 1:
                raise errors.UsageError(f"--{flag} must be at least 1, got {value}.")
        numbers = self.split(split_name)
        if split_name == "train":
            return character_batches.CharacterBatches(numbers, batch_size, length, 42 if seed is None else seed,
                                                      marked)
        before = self.alphabet.encode(self.text[self._places[split_name].start - 1])    # the first target has an input
        return character_batches.in_full(np.concatenate([before, numbers]), batch_size, length, marked)


def _places(count: int, dev_share: float, test_share: float) -> dict[str, slice]:
    """Where the parts are in a text of `count` characters.

    >>> _places(100, 0.1, 0)
    {'train': slice(0, 90, None), 'dev': slice(90, 100, None), 'test': slice(90, 100, None)}
    """
    first_test = count - round(test_share * count)
    dev = slice(first_test - round(dev_share * count), first_test)
    return {"train": slice(0, dev.start), "dev": dev, "test": slice(first_test, count) if test_share else dev}
