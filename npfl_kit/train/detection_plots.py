"""Pictures of a detector: anchors and their objects, detections, precision and recall, kinds of errors."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from npfl_kit.data.detection_split import DetectionSplit
from npfl_kit.data.object_detection import ObjectDetection
from npfl_kit.scoring.coco import RECALLS, THRESHOLDS, Curves
from npfl_kit.scoring.coco_explain import IGNORED, MISSED, NOT_COUNTED, RIGHT
from npfl_kit.train.plots import shown

LEAST = 0.3             # score from which a detection is drawn and counted
COLUMNS = 4             # pictures side by side
MOST_CURVES = 10        # classes with a curve of their own
# How boxes are drawn; nobody confuses blue and orange.
OBJECT = {"edgecolor": "deepskyblue", "linewidth": 1.8}
LOST = {"edgecolor": "magenta", "linewidth": 2.4}
CROWD = {"edgecolor": "deepskyblue", "linewidth": 1.0, "linestyle": ":"}
ANCHOR = {"edgecolor": "orange", "linewidth": 0.5}
FOUND = {"edgecolor": "orangered", "linewidth": 1.2}


def album(count: int, title: str, kinds: Mapping[str, Mapping[str, Any]], side: float = 3.0
          ) -> tuple[Figure, np.ndarray]:
    """A figure with frames for so many pictures, without axes, and what the boxes of each kind mean.

    Args:
      count: int, pictures.
      kinds: how boxes are drawn, by what they mean.
      side: inches of a picture.
    """
    columns = min(COLUMNS, max(1, count))
    rows = max(1, -(-count // columns))
    figure = Figure(figsize=(max(3.2, side * columns), side * rows + 0.7), layout="constrained")
    figure.legend([Rectangle((0, 0), 1, 1, fill=False, **look) for look in kinds.values()], list(kinds), fontsize=8,
                  title=title, title_fontsize=12, loc="outside upper center", frameon=False,
                  ncols=len(kinds) if columns > 1 else 1)
    frames = np.ravel(figure.subplots(rows, columns))
    for axes in frames:
        axes.axis("off")
    return figure, frames


def outline(axes: Axes, boxes: np.ndarray, look: Mapping[str, Any]) -> None:
    """Draw boxes `[N, 4]`, tlbr."""
    for top, left, bottom, right in np.asarray(boxes).tolist():
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, **look))


def label(axes: Axes, box: Sequence[float], text: str, look: Mapping[str, Any]) -> None:
    """Write at a corner of a box, above it where there is room, and never out of the picture."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]      # after imshow
    at_right, at_top = box[1] > 0.75 * width, box[0] < 0.06 * height
    axes.text(min(box[3], width) if at_right else max(0.0, box[1]), max(0.0, box[0]), text, color="black", fontsize=6,
              horizontalalignment="right" if at_right else "left", verticalalignment="top" if at_top else "bottom",
              parse_math=False, in_layout=False, clip_on=True,
              bbox={"facecolor": "white", "edgecolor": look["edgecolor"], "linewidth": 0.5, "pad": 0.6, "alpha": 0.8})


def assigned(batch: Mapping[str, tf.Tensor], anchors: np.ndarray, matched: np.ndarray,
             classes: Sequence[str]) -> Figure:
    """The pictures of a batch, their objects, and the anchors that are trained to find them.

    Args:
      batch: "image", "boxes", "labels", "count" as `npfl_kit.data.detection_batches` says.
      anchors: float `[A, 4]`.
      matched: int `[B, A]`, the object of each anchor, or a negative number.
      classes: K names.
    """
    figure, frames = album(len(matched), "What the anchors are taught", {
        "object": OBJECT, "anchor that has to find it": ANCHOR, "object without an anchor, not learned": LOST})
    for axes, image, boxes, labels, count, own in zip(frames, batch["image"].numpy(), batch["boxes"].numpy(),
                                                      batch["labels"].numpy(), batch["count"].numpy(), matched):
        axes.imshow(image)
        outline(axes, anchors[own >= 0], ANCHOR)
        for number, (box, name) in enumerate(zip(boxes[:count], labels[:count])):
            look = OBJECT if number in own else LOST
            outline(axes, box[np.newaxis], look)
            label(axes, box, shown(classes[name], 16), look)
    return figure


def detections(split: DetectionSplit, indices: Sequence[int], results: Sequence[Mapping[str, Any]],
               data: ObjectDetection) -> Figure:
    """Pictures of a split with what was found in them, scores from `LEAST` on, and what should have been.

    Args:
      indices: which pictures of the split.
      results: entries of COCO results.
      data: whose classes they are.
    """
    gold = [split.objects(index) for index in indices]
    crowd = {"crowd or difficult, not scored": CROWD} if any(each.crowd.any() for each in gold) else {}
    figure, frames = album(len(indices), f"Detections with a score from {LEAST:g} on", {
        "object": OBJECT, "detection": FOUND, **crowd})
    names = dict(zip(data.category_ids, data.classes))
    for axes, index, objects in zip(frames, indices, gold):
        image_id = split.image_ids[index]
        axes.imshow(split.image(index))
        outline(axes, objects.boxes[objects.crowd], CROWD)
        outline(axes, objects.boxes[~objects.crowd], OBJECT)
        for each in results:
            if each["image_id"] == image_id and each["score"] >= LEAST:
                left, top, width, height = each["bbox"]
                box = [top, left, top + height, left + width]
                outline(axes, np.array([box]), FOUND)
                label(axes, box, f"{shown(names[each['category_id']], 16)} {each['score']:.2f}", FOUND)
    return figure


def precision_recall(classes: Sequence[str], curves: Curves) -> Figure:
    """Precision over recall at IoU 0.5 and 0.75: the mean of all classes, and each class of a few.

    Args:
      classes: K names.
      curves: as `coco.curves` gives them; a class without objects to find has no curve.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, threshold in zip(figure.subplots(1, 2), (0.5, 0.75)):
        precision = curves.precision[int(np.argmin(np.abs(THRESHOLDS - threshold))), :, :, 0]         # [R, K]
        known = np.flatnonzero(precision[0] >= 0)
        for column in known if len(known) <= MOST_CURVES else []:
            name = f"{shown(classes[column], 16)} {precision[:, column].mean():.2f}"
            axes.plot(RECALLS, precision[:, column], linewidth=1, label=name)
        if len(known):
            mean = precision[:, known].mean(-1)
            name = f"mean of {len(known)} classes {mean.mean():.2f}"
            axes.plot(RECALLS, mean, color="black", linewidth=2, label=name)
            legend = axes.legend(fontsize=7, title="average precision", title_fontsize=7)
            for text in legend.get_texts():
                text.set_parse_math(False)
        title = f"at IoU {threshold:g}" if len(known) else f"at IoU {threshold:g}: no objects to find"
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title=title)
        axes.grid(alpha=0.3)
    return figure


def errors(counts: Mapping[str, int], objects: int) -> Figure:
    """How often there is each kind of detection, right and wrong, and how many objects were missed.

    Args:
      counts: as `coco.explain(...).counts()` gives them, of the detections with a score from `LEAST` on.
      objects: int, objects to find.
    """
    kinds = [name for name in counts if name not in (IGNORED, NOT_COUNTED) or counts[name]]
    colors = {RIGHT: "tab:blue", IGNORED: "tab:gray", NOT_COUNTED: "tab:gray"}
    figure = Figure(figsize=(7, 0.42 * len(kinds) + 1.2), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([f"{name} (objects)" if name == MISSED else name for name in kinds],
                     [counts[name] for name in kinds], color=[colors.get(name, "tab:orange") for name in kinds])
    axes.bar_label(bars, [f"{counts[name]:,}" for name in kinds], padding=3)
    axes.set_xlim(0, 1.12 * max(1, *counts.values()))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.invert_yaxis()
    axes.set(xlabel="detections",
             title=f"Detections with a score from {LEAST:g} on, at IoU 0.5; {objects:,} objects")
    return figure
