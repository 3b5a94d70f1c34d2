"""A run of a detection lab: anchors checked before it, AP on dev during it, predictions and pictures at its end."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from npfl_kit import errors
from npfl_kit.core import boxes as box_algebra
from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring import coco, svhn
from npfl_kit.train import anchor_report, detection_plots, plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

Batch = dict[str, tf.Tensor]
Results = list[dict[str, Any]]
PICTURES = 500      # whose objects are compared with the anchors
SHOWN = 12          # pictures to draw
THRESHOLDS = tuple(each / 20 for each in range(2, 20))      # of scores, for a judge that knows none


class Detector:
    """What every detection lab does around its training.

    Args:
      run: of the lab.
      data: what to detect in.
      detect: function of float images `[B, S, S, 3]` in [0, 1] to a dict of "boxes" float `[B, M, 4]`, tlbr in their
        pixels, "scores" float `[B, M]`, best first, "labels" int `[B, M]` and "count" int `[B]`, how many are meant.
    """

    def __init__(self, run: Run, data: ObjectDetection, detect: Callable[[tf.Tensor], Batch]):
        self.run, self.data, self.detect = run, data, detect
        self.pictures: dict[str, Figure] = {}       # to be written once the run has its folder

    def report_anchors(self, anchors: np.ndarray, assign: Callable[[Batch], tf.Tensor]) -> None:
        """Print how many objects have an anchor, and draw one batch with the anchors it assigns; see `anchor_report`.

        Args:
          anchors: float `[A, 4]`.
          assign: function of a batch to int `[B, A]`, the object of each anchor.
        """
        if self.run.args.predict:
            return
        train, objects = self.data.split("train"), []
        for index in spread(len(train), PICTURES):
            each, scale = train.objects(index), self.data.image_size / train.sizes[index].max()
            objects.append((each.boxes[~each.crowd] * scale).astype(np.float32))
        print(*anchor_report.report(objects, anchors, self.run.args.anchor_base), sep="\n", flush=True)
        batch = next(iter(self.data.batches("train", SHOWN, seed=self.run.args.seed).from_epoch(0, 1)))
        self.pictures["anchors"] = detection_plots.assigned(batch, anchors, assign(batch).numpy(), self.data.classes)

    def results(self, split: str) -> Results:
        """Detect in every picture of a split: entries of COCO results, in the pixels of the files.

        Boxes are cut at the borders of their pictures; one that lies in the padding of the square alone is left out.
        """
        found: Results = []
        size = self.run.args.batch_size
        for batch in self.data.batches(split, size):
            answers = {name: value.numpy() for name, value in self.detect(filled(batch["image"], size)).items()}
            for row, (index, scale, (height, width)) in enumerate(zip(*(batch[name].numpy() for name in
                                                                        ("index", "scale", "size")))):
                boxes, scores, labels = (answers[name][row, :answers["count"][row]]
                                         for name in ("boxes", "scores", "labels"))
                boxes = box_algebra.clip(boxes / scale, int(height), int(width))
                is_inside = box_algebra.area(boxes) > 0
                found += self.data.results(split, int(index), boxes[is_inside], scores[is_inside], labels[is_inside])
        return found

    def score_each(self, epochs: int) -> tf.keras.callbacks.Callback:
        """A callback that adds `val_ap` and `val_ap50` to the metrics of every so many epochs, and of the last one.

        Raises: DataError if dev has no object to find: no epoch would be better than another.
        """
        gold = self.data.gold("dev")
        if all(each["iscrowd"] for each in gold["annotations"]):
            raise errors.DataError(f"The dev part of {self.data.name} has no object to find in {len(gold['images'])} "
                                   f"pictures, so that no epoch can be called the best; annotate some of them.")
        return ScoreOnDev(self, gold, epochs)

    def report(self) -> dict[str, float]:
        """Predict dev and test with the kept weights; write `predictions.json`, `results.json` and `plots/`.

        Returns: val_ap, val_ap50, val_ap75, val_ar100 and the same of test, in [0, 1], or -1 without an object to
          find; AP is COCO's mean over IoU 0.5 to 0.95. What the data set's own judge says, too; see `answer`.
        """
        metrics: dict[str, float] = {}
        found: dict[str, Results] = {}
        for split, prefix, name in (("dev", "val", "predictions_dev.json"), ("test", "test", "predictions.json")):
            found[split] = self.results(split)
            self.run.write_text(name, json.dumps(found[split]))
            numbers = coco.evaluate(self.data.gold(split), found[split])
            metrics.update({f"{prefix}_{key.lower()}": numbers[key] for key in ("AP", "AP50", "AP75", "AR100")})
        if self.data.has_own_judge:
            metrics.update(self.answer(found))
        metrics = self.run.finish(metrics)      # before the pictures: what cannot be drawn must not cost the numbers
        self.draw(found["test"])
        print(self.summary(metrics))
        return metrics

    def answer(self, found: dict[str, Results]) -> dict[str, float]:
        """Write `predictions.txt` for the data set's own judge, who knows no scores: what is surer than a threshold.

        Args:
          found: by split.
        Returns: val_accuracy and test_accuracy, with the threshold that is best on dev.
        """
        def accuracy(split: str, least: float) -> float:
            return self.data.evaluate(split, self.data.answers(split, found[split], least))["accuracy"]
        best = max(THRESHOLDS, key=lambda least: accuracy("dev", least))
        self.run.write_text("predictions.txt", svhn.format(self.data.answers("test", found["test"], best)))
        print(f"predictions.txt has what is found with a score of {best:.2f} or more, which is best on dev.")
        return {"val_accuracy": accuracy("dev", best), "test_accuracy": accuracy("test", best)}

    def draw(self, found: Results) -> None:
        """Write `plots/`, with the answers on the test set."""
        gold, test = self.data.gold("test"), self.data.split("test")
        sure = [each for each in found if each["score"] >= detection_plots.LEAST]
        objects = sum(not each["iscrowd"] for each in gold["annotations"])
        self.pictures.update(
            precision_recall=detection_plots.precision_recall(*coco.curves(gold, found)),
            detections=detection_plots.detections(test, spread(len(test), SHOWN), sure, self.data),
            errors=detection_plots.errors(coco.explain(gold, sure).counts(), objects))
        if self.run.history:
            best = best_epoch(self.run.history, self.run.monitor)
            self.pictures["learning_curves"] = plots.learning_curves(self.run.history, best)
        self.write_pictures()

    def write_pictures(self) -> None:
        """Write what was drawn into `plots/` of the run folder, once the run has one."""
        for name, figure in self.pictures.items():
            plots.save(figure, self.run.folder / "plots" / f"{name}.png")
        self.pictures = {}

    def summary(self, metrics: dict[str, float]) -> str:
        """The score, where the pictures are, and the next commands to try."""
        val_ap, test_ap, test_ap50 = (f"{metrics[name]:.3f}" if metrics[name] >= 0 else "n/a (no objects to find)"
                                      for name in ("val_ap", "test_ap", "test_ap50"))
        return "\n".join([
            f"AP {val_ap} on dev, {test_ap} on test (AP50 {test_ap50}; {len(self.data.split('test')):,} pictures of "
            f"{self.data.name}).",
            f"Look at  {self.run.folder / 'plots'}: detections, errors, precision and recall, anchors.",
            *self.run.next_commands(self.data.name,
                                    "predictions.txt" if self.data.has_own_judge else "predictions.json"),
        ])


class ScoreOnDev(tf.keras.callbacks.Callback):
    """Adds `val_ap` and `val_ap50` to the metrics of an epoch; it runs the network as `--predict` does.

    Args:
      detector: the run of the lab.
      gold: dev as a COCO file has it.
      epochs: int >= 1, from one scoring to the next; the last epoch is always scored.
    """

    def __init__(self, detector: Detector, gold: dict[str, Any], epochs: int):
        super().__init__()
        self.detector, self.gold, self.epochs = detector, gold, epochs

    def on_train_begin(self, logs=None) -> None:
        self.detector.write_pictures()      # of the anchors, to be looked at while the network trains

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.epochs == 0 or epoch + 1 == self.params["epochs"]:
            numbers = coco.evaluate(self.gold, self.detector.results("dev"))
            logs.update(val_ap=numbers["AP"], val_ap50=numbers["AP50"])


def spread(count: int, most: int) -> list[int]:
    """At most so many of the indices below `count`, evenly spread.

    >>> spread(7, most=3), spread(2, most=3), spread(0, most=3)
    ([0, 3, 6], [0, 1], [])
    """
    return np.unique(np.linspace(0, count - 1, most).astype(int)).tolist() if count else []


def filled(images: tf.Tensor, size: int) -> tf.Tensor:
    """The last batch `[B, S, S, 3]` as large as the others, `[size, S, S, 3]`: another size would be traced anew."""
    return tf.pad(images, [[0, size - len(images)], [0, 0], [0, 0], [0, 0]])
