"""Pictures of a run: learning curves, the confusion matrix, the worst mistakes."""
from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from npfl_kit import files

MANY_CLASSES = 60     # above this, the confusion matrix has neither names nor numbers
LARGEST = 20          # inches, side of the confusion matrix


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all."""
    FigureCanvasAgg(figure)
    with files.replacing(path) as scratch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from|Matplotlib currently does not support")  # of a name
        figure.savefig(scratch, format="png", dpi=120)
    return path


def shown(name: str, most: int = 24) -> str:
    """A class name for a picture: in one line, of at most `most` letters, shortened in the middle.

    >>> shown("n01440764 tench, Tinca tinca", 15), shown("two\\nlines")
    ('n014407…a tinca', 'two lines')
    """
    name = name.encode("utf-8", "replace").decode()     # the name of a folder may be no Unicode
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return name if len(name) <= most else f"{name[:most // 2]}…{name[len(name) - (most - 1) // 2:]}"


def learning_curves(history: Sequence[dict[str, float]], best: int) -> Figure:
    """Loss and the other metrics over epochs, training and dev in one frame each; the kept epoch is marked.

    What is measured on dev only, as average precision, stands together in the first frame.

    Args:
      history: metrics of each epoch, as Keras names them; one may be absent from some epochs.
      best: index of the epoch whose weights were kept.
    """
    names = list(dict.fromkeys(name for logs in history for name in logs))
    frames = curves(names)
    unit = "" if any(name.endswith("_loss") and name != "val_loss" for name in names) else " [nats]"    # of one loss
    columns = max(1, len(frames) if len(frames) <= 3 else 2)
    rows = max(1, -(-len(frames) // columns))
    figure = Figure(figsize=(5 * columns, 3.6 * rows), layout="constrained")
    every = np.ravel(figure.subplots(rows, columns))
    for axes, (title, keys) in zip(every, frames.items()):
        for key, label in keys.items():
            epochs = [epoch for epoch, logs in enumerate(history) if key in logs]
            axes.plot([epoch + 1 for epoch in epochs], [history[epoch][key] for epoch in epochs],
                      marker="." if len(epochs) < 40 else None, label=label)
        axes.axvline(best + 1, color="gray", linewidth=1, linestyle=":", label=f"kept: epoch {best + 1}")
        axes.set(xlabel="epoch", ylabel=title + unit if title == "loss" else title, title=title)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    for axes in every[len(frames):]:
        axes.axis("off")
    return figure


def curves(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Which metrics share a frame: its title, and the label of each curve in it, by the metric.

    >>> curves(["loss", "val_loss", "val_ap", "val_ap50"])
    {'AP, AP50 on dev': {'val_ap': 'AP', 'val_ap50': 'AP50'}, 'loss': {'loss': 'training', 'val_loss': 'dev'}}
    """
    alone = [name for name in names if name.startswith("val_") and name[len("val_"):] not in names]
    labels = [re.sub("^ap", "AP", name[len("val_"):]) for name in alone]
    first = {f"{', '.join(labels)} on dev": dict(zip(alone, labels))} if alone else {}
    return {**first, **{name: {name: "training", f"val_{name}": "dev"} for name in names if f"val_{name}" in names}}


def confusion_matrix(matrix: np.ndarray, classes: Sequence[str]) -> Figure:
    """How often each gold class (row) was predicted as each class (column), colored by the share of its row.

    At most 20 inches wide; more than 60 classes have neither names nor numbers.

    Args:
      matrix: int `[K, K]`, rows are gold.
      classes: K names.
    """
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    names = [shown(name) for name in classes] if len(classes) <= MANY_CLASSES else []
    square = max(2.5, 0.32 * len(names)) if names else 10.0     # inches, without what stands around
    size = min(square + 1.5 + 0.1 * max(map(len, names), default=0), LARGEST - 1)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, label="share of the gold class", shrink=0.8)
    wrong = matrix.sum() - np.trace(matrix)
    axes.set(xlabel="predicted class", ylabel="gold class", title=f"{wrong:,} of {matrix.sum():,} wrong",
             xticks=[], yticks=[])
    if names:
        axes.set_xticks(np.arange(len(names)), names, rotation=90, parse_math=False)
        axes.set_yticks(np.arange(len(names)), names, parse_math=False)
        for row, column in zip(*np.nonzero(matrix)):
            axes.text(column, row, matrix[row, column], ha="center", va="center", in_layout=False,
                      fontsize=min(8, 28 / len(str(matrix.max()))),
                      color="white" if shares[row, column] > 0.5 else "black")
    return figure


def worst_mistakes(images: Sequence[np.ndarray], gold: Sequence[str], predicted: Sequence[str],
                   confidence: Sequence[float], columns: int = 6) -> Figure:
    """The pictures that were answered wrongly with the most confidence.

    Args:
      images: N pictures, uint8 `[H, W, C]`, worst first.
      gold, predicted: N class names each.
      confidence: N probabilities given to the wrong answer.
    """
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(1.75 * columns, 2.1 * rows + 0.4), layout="constrained")
    figure.suptitle("Most confident mistakes" if len(images) else "No mistakes")
    frames = np.ravel(figure.subplots(rows, columns))
    for axes in frames:
        axes.axis("off")
    for axes, image, right, answer, share in zip(frames, images, gold, predicted, confidence):
        axes.imshow(image.squeeze(), cmap="gray" if image.shape[-1] == 1 else None, vmin=0, vmax=255)
        axes.set_title(f"{shown(answer, 16)}, {share:.0%} sure\nis {shown(right)}", fontsize=8, parse_math=False)
    return figure
