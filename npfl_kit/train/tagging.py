"""The end of a tagging run: predictions, scores, pictures, and what to type next."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

import numpy as np
import tensorflow as tf

from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit
from npfl_kit.scoring import accuracy, tag_lines
from npfl_kit.train import plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

UNSEEN = "(unseen)"     # a tag of dev or test that training has not

Sentences = list[list[str]]
Tag = Callable[[dict[str, tf.Tensor]], tf.Tensor]


class ScoreEntities(tf.keras.callbacks.Callback):
    """Adds `val_f1` to the metrics of an epoch: F1 of whole entities on dev, tagged as `report_tagging` does.

    Nearly all words are outside of entities, so the accuracy of the tags says little of them, and the epoch of the
    highest accuracy is not that of the highest F1.

    Args:
      run: with its `batch_size`.
      data: of entities.
      tag: see `report_tagging`.
    """

    def __init__(self, run: Run, data: SequenceTagging, tag: Tag) -> None:
        super().__init__()
        self.data, self.batches = data, data.batches("dev", run.args.batch_size)
        self.tag = tf.function(tag, input_signature=[self.batches.element_spec])

    def on_epoch_end(self, epoch: int, logs: Optional[dict[str, float]] = None) -> None:
        if logs is not None:
            logs["val_f1"] = self.data.evaluate("dev", predicted(self.batches, self.data.tags, self.tag))["f1"]


def report_tagging(run: Run, data: SequenceTagging, tag: Tag) -> dict[str, float]:
    """Tag dev and test with the kept weights; write predictions, `results.json` and `plots/`.

    `predictions.txt` is of the test set and `predictions_dev.txt` of the dev set: one tag per line, an empty line
    after each sentence.

    Args:
      tag: function of a batch as `data.batches` gives it to the numbers of the tags, int32 `[B, T]`.
    Returns: val_accuracy and test_accuracy; val_unknown and test_unknown, the accuracy of the words that training has
      not; for entities val_f1, test_f1 and their precision and recall. All in [0, 1].
    """
    metrics: dict[str, float] = {}
    compiled = tf.function(tag, input_signature=[data.batches("dev", run.args.batch_size).element_spec])
    for split, prefix, name in (("dev", "val", "predictions_dev.txt"), ("test", "test", "predictions.txt")):
        found = predicted(data.batches(split, run.args.batch_size), data.tags, compiled)
        run.write_text(name, tag_lines.write(found))
        metrics.update({f"{prefix}_{key}": value for key, value in data.evaluate(split, found).items()})
        metrics[f"{prefix}_unknown"] = unknown_accuracy(data.split(split), found, set(data.words.symbols))
    metrics = run.finish(metrics)
    if run.history:
        curves = plots.learning_curves(run.history, best_epoch(run.history, run.monitor))
        plots.save(curves, run.folder / "plots" / "learning_curves.png")
    matrix, names = confusion(data.split("test").tags, found, data.tags), [*data.tags, UNSEEN]
    shown = len(names) if matrix[-1].any() else len(data.tags)
    picture = plots.confusion_matrix(matrix[:shown, :shown], names[:shown])
    plots.save(picture, run.folder / "plots" / "confusion_matrix.png")
    print(summary(run, data, metrics))
    return metrics


def predicted(batches: tf.data.Dataset, tags: Sequence[str], tag: Tag) -> Sentences:
    """The tags of each sentence of the batches, by name."""
    numbers = [row[:length] for batch in batches for row, length in zip(tag(batch).numpy(), batch["lengths"].numpy())]
    return [[tags[number] for number in row] for row in numbers]


def unknown_accuracy(gold: TaggingSplit, found: Sentences, known: set[str]) -> float:
    """The share of right tags among the words that are not known, in [0, 1]; 1.0 if all are known."""
    right = [tag == other for words, tags, others in zip(gold.sentences, gold.tags, found)
             for word, tag, other in zip(words, tags, others) if word not in known]
    return float(np.mean(right)) if right else 1.0


def confusion(gold: Sequence[Sequence[str]], found: Sentences, tags: Sequence[str]) -> np.ndarray:
    """Int `[K + 1, K + 1]`, rows are gold; the last row has the tags that training has not seen.

    >>> confusion([["A", "C"]], [["A", "B"]], ["A", "B"]).tolist()
    [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    """
    number = {tag: place for place, tag in enumerate(tags)}

    def flat(sentences: Sequence[Sequence[str]]) -> list[int]:
        return [number.get(tag, len(tags)) for sentence in sentences for tag in sentence]
    return accuracy.confusion_matrix(flat(gold), flat(found), len(tags) + 1)


def summary(run: Run, data: SequenceTagging, metrics: dict[str, float]) -> str:
    """The score, where the pictures are, and the next commands to try."""
    words = int(data.split("test").lengths.sum())
    entities = []
    if data.spans:
        entities = [f"Entities: F1 {metrics['val_f1']:.2%} on dev, {metrics['test_f1']:.2%} on test."]
    return "\n".join([
        f"Accuracy {metrics['val_accuracy']:.2%} on dev, {metrics['test_accuracy']:.2%} on test ({words:,} words of "
        f"{data.name}); of unknown words {metrics['val_unknown']:.2%} and {metrics['test_unknown']:.2%}.",
        *entities,
        f"Look at  {run.folder / 'plots'}: learning curves, confusion matrix.",
        *run.next_commands(data.name, "predictions.txt"),
    ])
