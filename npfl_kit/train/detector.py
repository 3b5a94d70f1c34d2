"""A run of a detection lab: anchors checked before it, AP on dev during it, predictions and pictures at its end."""
from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring import coco
from npfl_kit.train import anchor_report, detection_plots, plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

Batch = dict[str, tf.Tensor]
Results = list[dict[str, Any]]
PICTURES = 500      # whose objects are compared with the anchors
SHOWN = 12          # pictures to draw


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
        for index in np.unique(np.linspace(0, len(train) - 1, PICTURES).astype(int)).tolist():
            each, scale = train.objects(index), self.data.image_size / train.sizes[index].max()
            objects.append((each.boxes[~each.crowd] * scale).astype(np.float32))
        print(*anchor_report.report(objects, anchors, self.run.args.anchor_base), sep="\n", flush=True)
        batch = next(iter(self.data.batches("train", SHOWN, seed=self.run.args.seed).from_epoch(0, 1)))
        self.pictures["anchors"] = detection_plots.assigned(batch, anchors, assign(batch).numpy(), self.data.classes)

    def results(self, split: str) -> Results:
        """Detect in every picture of a split: entries of COCO results, in the pixels of the files."""
        found: Results = []
        for batch in self.data.batches(split, self.run.args.batch_size):
            answers = {name: value.numpy() for name, value in self.detect(batch["image"]).items()}
            for row, (index, scale, count) in enumerate(zip(batch["index"].numpy(), batch["scale"].numpy(),
                                                            answers["count"])):
                found += self.data.results(split, int(index), answers["boxes"][row, :count] / scale,
                                           answers["scores"][row, :count], answers["labels"][row, :count])
        return found

    def score_each(self, epochs: int) -> tf.keras.callbacks.Callback:
        """A callback that adds `val_ap` and `val_ap50` to the metrics of every so many epochs, and of the last one."""
        return ScoreOnDev(self, epochs)

    def report(self) -> dict[str, float]:
        """Predict dev and test with the kept weights; write `predictions.json`, `results.json` and `plots/`.

        Returns: val_ap, val_ap50, test_ap, test_ap50 ... in [0, 1]; AP is COCO's mean over IoU 0.5 to 0.95.
        """
        metrics: dict[str, float] = {}
        for split, prefix, name in (("dev", "val", "predictions_dev.json"), ("test", "test", "predictions.json")):
            found = self.results(split)
            self.run.write_text(name, json.dumps(found))
            numbers = coco.evaluate(self.data.gold(split), found)
            metrics.update({f"{prefix}_{key.lower()}": value for key, value in numbers.items()
                            if key in ("AP", "AP50", "AP75", "AR100")})
        metrics = self.run.finish(metrics)
        self.draw(found)
        print(self.summary(metrics))
        return metrics

    def draw(self, found: Results) -> None:
        """Write `plots/`, with the answers on the test set."""
        gold, test = self.data.gold("test"), self.data.split("test")
        explained = coco.explain(gold, found)
        shown = np.unique(np.linspace(0, len(test) - 1, SHOWN).astype(int)).tolist()
        self.pictures.update(
            precision_recall=detection_plots.precision_recall(*coco.curves(gold, found)),
            detections=detection_plots.detections(test, shown, found, self.data),
            errors=detection_plots.errors(explained.counts(), len(gold["annotations"])))
        if self.run.history:
            best = best_epoch(self.run.history, "val_ap")
            self.pictures["learning_curves"] = plots.learning_curves(self.run.history, best)
        for name, figure in self.pictures.items():
            plots.save(figure, self.run.folder / "plots" / f"{name}.png")

    def summary(self, metrics: dict[str, float]) -> str:
        """The score, where the pictures are, and the next commands to try."""
        place = [f"--data_dir={self.run.args.data_dir}"] if self.run.args.data_dir else []
        evaluate = ["npfl-kit", "evaluate", f"--dataset={self.data.name}", *place, "--split=test"]
        file = self.run.args.weights if self.run.args.predict else self.run.folder / "weights.safetensors"
        return "\n".join([
            f"AP {metrics['val_ap']:.3f} on dev, {metrics['test_ap']:.3f} on test (AP50 {metrics['test_ap50']:.3f}; "
            f"{len(self.data.split('test')):,} pictures of {self.data.name}).",
            f"Look at  {self.run.folder / 'plots'}: detections, kinds of errors, precision and recall, anchors.",
            "Next:",
            f"  {shlex.join([*evaluate, str(self.run.folder / 'predictions.json')])}",
            f"  {self.run.command('--predict', f'--weights={file}')}",
            f"  {shlex.join(['tensorboard', f'--logdir={self.run.folder.parent}'])}",
        ])


class ScoreOnDev(tf.keras.callbacks.Callback):
    """Adds `val_ap` and `val_ap50` to the metrics of an epoch; it runs the network as `--predict` does."""

    def __init__(self, detector: Detector, epochs: int):
        super().__init__()
        self.detector, self.epochs, self.gold = detector, epochs, detector.data.gold("dev")

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        if (epoch + 1) % self.epochs == 0 or epoch + 1 == self.params["epochs"]:
            numbers = coco.evaluate(self.gold, self.detector.results("dev"))
            logs.update(val_ap=numbers["AP"], val_ap50=numbers["AP50"])
