"""Pictures of a detector: anchors and their objects, detections, precision and recall, kinds of errors."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from npfl_kit.data.detection_split import DetectionSplit
from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring.coco import RECALLS, THRESHOLDS, Curves
from npfl_kit.train.plots import shown

GOLD, ANCHOR, FOUND = "lime", "orange", "red"
COLUMNS = 4
MOST_CURVES = 10        # classes with a curve of their own


def grid(count: int, title: str, side: float = 3.0) -> tuple[Figure, Sequence[Axes]]:
    """A figure with frames for so many pictures, without axes."""
    columns = min(COLUMNS, max(1, count))
    rows = max(1, -(-count // columns))
    figure = Figure(figsize=(side * columns, side * rows + 0.5), layout="constrained")
    figure.suptitle(title)
    frames = np.ravel(figure.subplots(rows, columns))
    for axes in frames:
        axes.axis("off")
    return figure, frames


def outline(axes: Axes, boxes: np.ndarray, color: str, width: float = 1.0) -> None:
    """Draw boxes `[N, 4]`, tlbr."""
    for top, left, bottom, right in np.asarray(boxes).tolist():
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=color,
                                 linewidth=width))


def label(axes: Axes, box: Sequence[float], text: str, color: str) -> None:
    """Write beside the upper left corner of a box."""
    axes.text(box[1], box[0], text, color="black", fontsize=6, verticalalignment="bottom", parse_math=False,
              bbox={"facecolor": color, "edgecolor": "none", "pad": 0.5, "alpha": 0.8}, clip_on=True)


def assigned(batch: Mapping[str, tf.Tensor], anchors: np.ndarray, matched: np.ndarray,
             classes: Sequence[str]) -> Figure:
    """The pictures of a batch, their objects, and the anchors that are trained to find them.

    Args:
      anchors: float `[A, 4]`.
      matched: int `[B, A]`, the object of each anchor, or a negative number.
    """
    figure, frames = grid(len(matched), "What the anchors are taught: objects (green) and their anchors (orange); "
                          "an object without an orange box will not be learned")
    for axes, image, boxes, labels, count, own in zip(frames, batch["image"].numpy(), batch["boxes"].numpy(),
                                                      batch["labels"].numpy(), batch["count"].numpy(), matched):
        axes.imshow(image)
        outline(axes, anchors[own >= 0], ANCHOR, 0.5)
        outline(axes, boxes[:count], GOLD, 1.5)
        for box, name in zip(boxes[:count], labels[:count]):
            label(axes, box, shown(classes[name]), GOLD)
    return figure


def detections(split: DetectionSplit, indices: Sequence[int], results: Sequence[Mapping[str, Any]],
               data: ObjectDetection, least: float = 0.3) -> Figure:
    """Pictures of a split with what was found in them, scores from `least` on, and what should have been."""
    figure, frames = grid(len(indices), f"Found with score {least} and more (red), and the objects (green)")
    names = dict(zip(data.category_ids, data.classes))
    for axes, index in zip(frames, indices):
        axes.imshow(split.image(index))
        outline(axes, split.objects(index).boxes, GOLD, 2.5)
        for each in results:
            if each["image_id"] == split.image_ids[index] and each["score"] >= least:
                left, top, width, height = each["bbox"]
                box = [top, left, top + height, left + width]
                outline(axes, np.array([box]), FOUND)
                label(axes, box, f"{shown(names[each['category_id']], 12)} {each['score']:.2f}", "white")
    return figure


def precision_recall(classes: Sequence[str], curves: Curves) -> Figure:
    """Precision over recall at IoU 0.5 and 0.75: the mean of all classes, and each class of a few."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, threshold in zip(figure.subplots(1, 2), (0.5, 0.75)):
        precision = curves.precision[int(np.argmin(np.abs(THRESHOLDS - threshold))), :, :, 0]         # [R, K]
        known = np.flatnonzero(precision[0] >= 0)
        for column in known[:MOST_CURVES] if len(known) <= MOST_CURVES else []:
            name = f"{shown(classes[column], 16)} {precision[:, column].mean():.2f}"
            axes.plot(RECALLS, precision[:, column], linewidth=1, label=name)
        mean = precision[:, known].mean(-1) if len(known) else np.zeros(len(RECALLS))
        axes.plot(RECALLS, mean, color="black", linewidth=2, label=f"mean {mean.mean():.2f}")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title=f"IoU {threshold}")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7, title="average precision", title_fontsize=7)
    return figure


def errors(counts: Mapping[str, int], objects: int) -> Figure:
    """How often there is each kind of detection, right and wrong, and how many objects were missed."""
    kinds = [name for name in counts if name not in ("ignored", "not counted") or counts[name]]
    figure = Figure(figsize=(7, 0.42 * len(kinds) + 1.2), layout="constrained")
    axes = figure.subplots()
    colors = ["tab:green" if name == "right" else "tab:gray" if name in ("ignored", "not counted") else "tab:red"
              for name in kinds]
    bars = axes.barh(kinds, [counts[name] for name in kinds], color=colors)
    axes.bar_label(bars, [f"{counts[name]:,}" for name in kinds], padding=3)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set(xlabel="detections; of missed: objects", title=f"Detections of {objects:,} objects, at IoU 0.5")
    return figure
