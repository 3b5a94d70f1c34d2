"""Which words a network looked at: sentences whose words are colored by their share of attention."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from npfl_kit.data.text_classification import TextClassification
from npfl_kit.train import plots
from npfl_kit.train.run import Run

SHOWN = 14      # sentences
WIDTH = 11.0    # inches
LETTER = 0.094  # inches of a letter at the size of the text
LONGEST = 24    # words of a sentence that is shown


def draw_attention(run: Run, data: TextClassification, weights: tf.keras.Model) -> None:
    """Write `plots/attention.png` of test sentences.

    Args:
      weights: of words int32 `[B, T]` to the share of attention of each, float `[B, T, 1]`.
    """
    test = data.split("test")
    short = [index for index, words in enumerate(test.sentences) if 3 <= len(words) <= LONGEST]
    chosen = [short[place] for place in np.unique(np.linspace(0, len(short) - 1, SHOWN).astype(int))] if short else []
    shares = [weights({"words": tf.constant(data.words.ids(test.sentences[index])[None])}).numpy()[0, :, 0]
              for index in chosen]
    labels = [data.classes[test.labels[index]] for index in chosen]
    figure = attention([test.sentences[index] for index in chosen], shares, labels)
    plots.save(figure, run.folder / "plots" / "attention.png")


def attention(sentences: Sequence[Sequence[str]], shares: Sequence[np.ndarray], labels: Sequence[str]) -> Figure:
    """Sentences in lines; the darker a word, the larger its share of attention, on one scale.

    Args:
      sentences: lists of words.
      shares: float `[T]` for each, which sum to 1.
      labels: the right class of each.
    """
    lines = [line for words, share, label in zip(sentences, shares, labels) for line in wrapped(words, share, label)]
    figure = Figure(figsize=(WIDTH, 0.3 * len(lines) + 0.9))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(0.3 * len(lines) + 0.9, 0))
    axes.axis("off")
    axes.text(0.15, 0.35, "Share of attention of each word, from 0 (white) to 0.5 and more; its class stands before a "
              "sentence", fontsize=11)
    for row, line in enumerate(lines):
        place = 0.15
        for word, share in line:
            axes.text(place, 0.8 + 0.3 * row, plots.shown(word, 30), fontsize=9.5, family="monospace",
                      parse_math=False, color="gray" if share is None else "black",
                      bbox=None if share is None else dict(facecolor=(1.0, 0.45, 0.1, min(1.0, 2 * share)), pad=1.5,
                                                           edgecolor="none"))
            place += 1.2 if share is None else LETTER * (len(plots.shown(word, 30)) + 1)
    return figure


def wrapped(words: Sequence[str], shares: np.ndarray, label: str) -> list[list[tuple[str, float | None]]]:
    """The words of a sentence in lines that fit, the first after its class, the others after a blank one.

    >>> wrapped(["good"], np.array([1.0]), "positive")
    [[('positive', None), ('good', 1.0)]]
    """
    lines: list[list[tuple[str, float | None]]] = [[(plots.shown(label, 12), None)]]
    used = 1.2
    for word, share in zip(words, shares.tolist()):
        width = LETTER * (len(plots.shown(word, 30)) + 1)
        if used + width > WIDTH - 0.3 and len(lines[-1]) > 1:
            lines.append([("", None)])
            used = 1.2
        lines[-1].append((word, share))
        used += width
    return lines
