"""Score a file of predictions just as the course does: one class per line, or detections in COCO's JSON.

npfl-kit evaluate --dataset=mnist --split=dev logs/LAB-DATE/predictions.txt
npfl-kit evaluate --dataset=bccd --split=test --data_dir=FOLDER logs/LAB-DATE/predictions.json
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from npfl_kit.cli import table

HELP = "score a file of predictions"
WORST = 3       # classes that are named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The predictions, and what they are predictions of."""
    parser.add_argument("predictions", metavar="FILE", type=Path,
                        help="one class number per line, or COCO results of a detector (svhn: a line per picture)")
    parser.add_argument("--dataset", required=True, metavar="NAME", help="npfl-kit data list shows the names")
    parser.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")
    parser.add_argument("--split", required=True, choices=["dev", "test"], help="part of the data set")
    parser.add_argument("--kind", default="bbox", choices=["bbox", "segm", "keypoints"], help="what detections are "
                        "compared by")


def run(args: argparse.Namespace) -> int:
    """Print the accuracy and the classes that are recognized worst; TensorFlow is not needed."""
    from npfl_kit import data
    from npfl_kit.scoring import accuracy, class_lines

    if args.dataset in data.DETECTION:
        return score_detections(args)
    gold = data.load(args.dataset, args.data_dir)
    labels = gold.split(args.split).labels
    predictions = class_lines.read(args.predictions, len(labels), len(gold.classes)).tolist()
    score = gold.evaluate(args.split, predictions)["accuracy"]
    confusion = accuracy.confusion_matrix(labels, predictions, len(gold.classes))
    print(f"{args.dataset} {args.split} accuracy: {100 * score:.2f} % "
          f"({int(confusion.trace()):,} of {len(labels):,} right)")
    for line in worst_classes(confusion.tolist(), gold.classes):
        print(line)
    return 0


def score_detections(args: argparse.Namespace) -> int:
    """Print the numbers of COCO, or of the data set's own judge; -1 is "n/a", where nothing can be scored."""
    from npfl_kit import data

    gold: Any = data.load(args.dataset, args.data_dir)
    scores = gold.evaluate(args.split, args.predictions, args.kind)
    print(f"{args.dataset} {args.split}, {len(gold.split(args.split)):,} pictures, {args.kind}:")
    print(*table.lines([[name, "n/a" if value == -1 else f"{value:.4f}"] for name, value in scores.items()]), sep="\n")
    return 0


def worst_classes(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> Iterator[str]:
    """A line for each of the classes with the smallest share of right answers; classes without a mistake are left out.

    Args:
      confusion: `[K][K]` counts, rows are the right classes, columns the predicted.

    >>> list(worst_classes([[9, 1], [0, 10]], ["cat", "dog"]))
    ['  cat: 90.0 % of 10 right, most often taken for dog']
    """
    rates = sorted((row[gold] / sum(row), gold) for gold, row in enumerate(confusion) if sum(row))
    for rate, gold in [(rate, gold) for rate, gold in rates if rate < 1][:WORST]:
        wrong = [0 if predicted == gold else count for predicted, count in enumerate(confusion[gold])]
        yield (f"  {classes[gold]}: {100 * rate:.1f} % of {sum(confusion[gold]):,} right, "
               f"most often taken for {classes[wrong.index(max(wrong))]}")
