"""What predictions got wrong, for people: pictures with two classes, sentences with their tags.

Only examples of the home split are shown, whose answers students have.
"""
from __future__ import annotations

import dataclasses
import io
import os
from pathlib import Path
from typing import Any, Union

import numpy as np
from PIL import Image

from npfl_kit import data
from npfl_kit.grading import shown_text
from npfl_kit.grading.judging import predictions
from npfl_kit.grading.tasks import task
from npfl_kit.grading.uploads import intake

SMALLEST, LARGEST = 112, 224    # pixels of the longer side of a picture that is shown
LONGEST = 60                    # words of a sentence


@dataclasses.dataclass(frozen=True)
class Word:
    """A word with its right tag and the predicted one; none, of a sentence with one class."""

    text: str
    expected: str = ""
    actual: str = ""


@dataclasses.dataclass(frozen=True)
class Example:
    """An example that was predicted wrongly.

    Args:
      place: in its split, from 0.
      expected, actual: what is right, and what was predicted.
      png: its picture; empty if it is a sentence.
      words: its words; empty if it is a picture.
    """

    place: int
    expected: str
    actual: str
    png: bytes = b""
    words: tuple[Word, ...] = ()


def examples(scores: predictions.PredictionScores, split: Any, split_name: str, home_split: str) -> list[Example]:
    """The worst examples of a split of a data set.

    Args:
      scores: what the judge said of predictions of this split.
      split: with `images` `[N, H, W, C]` or `image(i)`, or `sentences`.
      split_name, home_split: what it is called, and what may be shown.
    Raises: ValueError for any other split than the home split: its answers are hidden.
    """
    if split_name != home_split:
        raise ValueError(f"only examples of {home_split} are shown, not those of {split_name}")
    return [_example(split, *each) for each in zip(scores.worst, scores.expected, scores.actual)]


def at_home(description: task.Task, upload: intake.Upload,
            folder: Union[str, os.PathLike, None] = None) -> list[Example]:
    """The worst examples of the predictions of the home split in an upload.

    Args:
      folder: of the data set; None is where it always is.
    Raises: as `predictions.judge`.
    """
    if description.data is None:
        return []
    about = description.data
    scores = predictions.judge(description, about, upload, folder, home=True)
    known: Any = data.load(about.dataset, None if folder is None else Path(folder), column=about.column)
    return examples(scores, known.split(about.home_split), about.home_split, about.home_split)


def _example(split: Any, place: int, expected: str, actual: str) -> Example:
    expected, actual = shown_text.line(expected), shown_text.line(actual)
    if hasattr(split, "sentences"):
        return Example(place, expected, actual, words=_words(split, place, actual))
    image = split.image(place) if hasattr(split, "image") else split.images[place]
    return Example(place, expected, actual, png=png(np.asarray(image)))


def _words(split: Any, place: int, actual: str) -> tuple[Word, ...]:
    """The words of a sentence; of a tagger with their tags, as far as the predicted ones are known."""
    texts = [shown_text.line(word, 40) for word in split.sentences[place][:LONGEST]]
    if not hasattr(split, "tags"):
        return tuple(map(Word, texts))
    given = actual.split(" ")
    given = given[:-1] if len(actual) >= predictions.SHOWN else given      # the last one may be cut
    return tuple(map(Word, texts, split.tags[place], given))


def png(pixels: np.ndarray) -> bytes:
    """A picture as PNG, brought to a size that can be seen: small ones by whole factors, pixel by pixel.

    Args:
      pixels: uint8 `[H, W]` or `[H, W, C]`, C in 1, 3, 4.
    """
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError(f"expected pixels uint8 [H, W] or [H, W, C], got {pixels.dtype} {list(pixels.shape)}")
    image, longer = Image.fromarray(pixels), max(pixels.shape[:2])
    if longer > LARGEST:
        image.thumbnail((LARGEST, LARGEST))
    elif longer < SMALLEST:
        factor = -(-SMALLEST // longer)
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
