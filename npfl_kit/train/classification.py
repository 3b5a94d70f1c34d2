"""The end of a classification run: predictions, scores, pictures, and what to type next."""
from __future__ import annotations

from typing import Union

import numpy as np
import tensorflow as tf

from npfl_kit.data.image_classification import ImageClassification
from npfl_kit.data.text_classification import TextClassification
from npfl_kit.scoring import accuracy, class_lines
from npfl_kit.train import plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

WORST = 18    # mistakes to show
Classified = Union[ImageClassification, TextClassification]


def report_classification(run: Run, model: tf.keras.Model, data: Classified) -> dict[str, float]:
    """Predict dev and test with the kept weights; write predictions, `results.json` and `plots/`.

    `predictions.txt` is of the test set and `predictions_dev.txt` of the dev set, one class number per line. Each
    is what `npfl-kit evaluate` scores, and equal byte for byte to what `--predict` writes from the same weights.

    Returns: val_accuracy, val_loss, test_accuracy, test_loss; accuracies in [0, 1], losses in nats per example.
    """
    metrics: dict[str, float] = {}
    for split, prefix, name in (("dev", "val", "predictions_dev.txt"), ("test", "test", "predictions.txt")):
        logits = model.predict(data.batches(split, run.args.batch_size), verbose=0)              # [N, K]
        predictions, labels = np.argmax(logits, axis=-1), data.split(split).labels
        run.write_text(name, class_lines.format(predictions))
        metrics[f"{prefix}_accuracy"] = data.evaluate(split, predictions)["accuracy"]
        metrics[f"{prefix}_loss"] = crossentropy(labels, logits)
    metrics = run.finish(metrics)       # before the pictures: a name that cannot be drawn must not cost the numbers
    draw(run, data, logits)
    print(summary(run, data, metrics))
    return metrics


def crossentropy(labels: np.ndarray, logits: np.ndarray) -> float:
    """Mean cross-entropy in nats, in float64.

    >>> round(crossentropy(np.array([0]), np.array([[0.0, 0.0]])), 4)
    0.6931
    """
    logits = logits.astype(np.float64)
    top = logits.max(axis=-1)
    normalizer = top + np.log(np.sum(np.exp(logits - top[:, np.newaxis]), axis=-1))
    return float(np.mean(normalizer - logits[np.arange(len(labels)), labels]))


def draw(run: Run, data: Classified, logits: np.ndarray) -> None:
    """Write `plots/` from the answers on the test set, logits `[N, K]`; of pictures also the worst mistakes."""
    folder, test = run.folder / "plots", data.split("test")
    if run.history:
        best = best_epoch(run.history, run.monitor)
        plots.save(plots.learning_curves(run.history, best), folder / "learning_curves.png")
    predictions = np.argmax(logits, axis=-1)
    matrix = accuracy.confusion_matrix(test.labels, predictions, len(data.classes))
    plots.save(plots.confusion_matrix(matrix, data.classes), folder / "confusion_matrix.png")
    if not isinstance(data, ImageClassification):
        return
    confidence = tf.nn.softmax(logits.astype(np.float32)).numpy().max(axis=-1)
    wrong = np.flatnonzero(predictions != test.labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:WORST]
    figure = plots.worst_mistakes([test.images[int(i)] for i in worst], [data.classes[test.labels[i]] for i in worst],
                                  [data.classes[predictions[i]] for i in worst], list(confidence[worst]))
    plots.save(figure, folder / "worst_mistakes.png")


def summary(run: Run, data: Classified, metrics: dict[str, float]) -> str:
    """The score, where the pictures are, and the next commands to try."""
    return "\n".join([
        f"Accuracy {metrics['val_accuracy']:.2%} on dev, {metrics['test_accuracy']:.2%} on test "
        f"({len(data.split('test').labels):,} examples of {data.name}).",
        f"Look at  {run.folder / 'plots'}: learning curves, confusion matrix"
        f"{', worst mistakes' if isinstance(data, ImageClassification) else ''}.",
        *run.next_commands(data.name, "predictions.txt"),
    ])
