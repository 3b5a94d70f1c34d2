"""The end of a tagging run: predictions, scores, pictures, and what to type next."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from npfl_kit.data.sequence_tagging import SequenceTagging, TaggingSplit
from npfl_kit.scoring import accuracy, tag_lines
from npfl_kit.train import plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

UNSEEN = "(unseen)"     # a tag of dev or test that training has not

Sentences = list[list[str]]


def report_tagging(run: Run, data: SequenceTagging, tag: Callable[[dict[str, tf.Tensor]], tf.Tensor]
                   ) -> dict[str, float]:
    """Tag dev and test with the kept weights; write predictions, `results.json` and `plots/`.

    `predictions.txt` is of the test set and `predictions_dev.txt` of the dev set: one tag per line, an empty line
    after each sentence.

    Args:
      tag: function of a batch as `data.batches` gives it to the numbers of the tags, int32 `[B, T]`.
    Returns: val_accuracy and test_accuracy; val_unknown and test_unknown, the accuracy of the words that training has
      not; for entities val_f1, test_f1 and their precision and recall. All in [0, 1].
    """
    metrics: dict[str, float] = {}
    for split, prefix, name in (("dev", "val", "predictions_dev.txt"), ("test", "test", "predictions.txt")):
        found = predict(data, split, run.args.batch_size, tag)
        run.write_text(name, tag_lines.write(found))
        metrics.update({f"{prefix}_{key}": value for key, value in data.evaluate(split, found).items()})
        metrics[f"{prefix}_unknown"] = unknown_accuracy(data.split(split), found, set(data.words.symbols))
    metrics = run.finish(metrics)
    if run.history:
        curves = plots.learning_curves(run.history, best_epoch(run.history, "val_accuracy"))
        plots.save(curves, run.folder / "plots" / "learning_curves.png")
    matrix = confusion(data.split("test").tags, found, data.tags)
    plots.save(plots.confusion_matrix(matrix, [*data.tags, UNSEEN]), run.folder / "plots" / "confusion_matrix.png")
    print(summary(run, data, metrics))
    return metrics


def predict(data: SequenceTagging, split: str, batch_size: int, tag: Callable[[dict[str, tf.Tensor]], tf.Tensor]
            ) -> Sentences:
    """The predicted tags of each sentence of a split."""
    batches = data.batches(split, batch_size)
    compiled = tf.function(tag, input_signature=[batches.element_spec])
    numbers = [row[:length] for batch in batches
               for row, length in zip(compiled(batch).numpy(), batch["lengths"].numpy())]
    return [[data.tags[number] for number in row] for row in numbers]


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
