"""Tagged sentences to `tf.data` batches: in order for evaluation, bucketed by length and resumable for training.

A batch is a dictionary of arrays; time is axis 1, and a sentence without words is ordinary:

    words       int32 [B, T]    numbers of the words, 0 beyond the length
    spelling    int32 [B, T]    row of `characters` for each word, 0 beyond the length
    characters  int32 [U, C]    the different words of the batch by their characters, 0 beyond a word's end;
                                row 0 is all zeros and stands for padding. Only the first 64 characters of a word count
    lengths     int32 [B]
    tags        int32 [B, T]    -1 beyond the length, and for a tag that training has not seen
    index       int32 [B]       position of the sentence in its split

A word that stands ten times in a batch is spelled once: a network reads `characters`, then gathers by `spelling`.
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from npfl_kit.data.ragged import Ragged
from npfl_kit.data.vocabulary import PAD, Vocabulary

Batch = dict[str, tf.Tensor]
MAX_CHARACTERS = 64     # of a word; an address on the web may have hundreds
UNSEEN = -1             # the tag of padding, and of a tag that training has not seen
SHAPES = {"words": [None, None], "spelling": [None, None], "characters": [None, None], "lengths": [None],
          "tags": [None, None], "index": [None]}


class Encoded:
    """The sentences of a split as numbers, from which a batch is gathered without a loop.

    Args:
      sentences, tags: `[N]` lists of words, and of as many tags.
      words, characters: vocabularies of train.
      known_tags: the tags that training has seen, by number.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], words: Vocabulary,
                 characters: Vocabulary, known_tags: Sequence[str]) -> None:
        forms: dict[str, int] = {}
        flat = [forms.setdefault(word, len(forms)) for word in itertools.chain.from_iterable(sentences)]
        self._forms = Ragged(np.array(flat, np.int32), [len(sentence) for sentence in sentences])
        self._words = words.ids(list(forms))                                            # [different words]
        self._spelled = Ragged.of([characters.ids(word[:MAX_CHARACTERS]) for word in forms])
        number = {tag: place for place, tag in enumerate(known_tags)}
        listed = [number.get(tag, UNSEEN) for tag in itertools.chain.from_iterable(tags)]
        self._tags = Ragged(np.array(listed, np.int32), self._forms.lengths)

    def __len__(self) -> int:
        return len(self._forms)

    @property
    def lengths(self) -> np.ndarray:
        """Words of each sentence, int32 `[N]`."""
        return self._forms.lengths

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """The sentences `indices`, int `[B]`, as the arrays of a batch."""
        forms = self._forms.padded(indices, -1)                                                       # [B, T]
        used, spelling = np.unique(np.append(-1, forms), return_inverse=True)                         # [U], [1 + B T]
        characters = self._spelled.padded(used[1:], PAD)                                              # [U - 1, C]
        spelling = spelling[1:].reshape(forms.shape).astype(np.int32)
        words = np.append(np.int32(PAD), self._words[used[1:]])[spelling]
        return {"words": words, "spelling": spelling, "characters": np.pad(characters, [(1, 0), (0, 0)]),
                "lengths": self.lengths[indices], "tags": self._tags.padded(indices, UNSEEN),
                "index": indices.astype(np.int32)}

    def read(self, indices: tf.Tensor) -> Batch:
        """The sentences `indices`, int64 `[B]`, as a batch."""
        def arrays(chosen: np.ndarray) -> list[np.ndarray]:
            found = self.batch(chosen)
            return [found[name] for name in SHAPES]

        parts = tf.numpy_function(arrays, [indices], [tf.int32] * len(SHAPES), stateful=False)
        return {name: tf.ensure_shape(part, shape) for part, (name, shape) in zip(parts, SHAPES.items())}


def examples(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> tf.data.Dataset:
    """Single sentences in order: `{"words": string [T], "tags": string [T]}`."""
    parts = {name: tf.RaggedTensor.from_row_lengths(
        tf.constant(list(itertools.chain.from_iterable(rows)), tf.string), [len(row) for row in rows])
        for name, rows in (("words", sentences), ("tags", tags))}
    return tf.data.Dataset.from_tensor_slices(parts).map(
        lambda row: {name: tf.ensure_shape(part, [None]) for name, part in row.items()})
