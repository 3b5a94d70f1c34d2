"""Score a file of predictions just as the course does: a class or a tag per line, or detections in COCO's JSON.

npfl-kit evaluate --dataset=mnist --split=dev logs/LAB-DATE/predictions.txt
npfl-kit evaluate --dataset=bccd --split=test --data_dir=FOLDER logs/LAB-DATE/predictions.json
npfl-kit evaluate --dataset=ud_english_ewt --column=xpos --split=dev --data_dir=FOLDER logs/LAB-DATE/predictions.txt
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from npfl_kit import errors
from npfl_kit.cli import table

HELP = "score a file of predictions"
WORST = 3       # classes that are named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The predictions, and what they are predictions of."""
    parser.add_argument("predictions", metavar="FILE", type=Path,
                        help="one class number per line; or one tag per line, an empty line after each sentence; or "
                        "COCO results of a detector (svhn: a line per picture)")
    parser.add_argument("--dataset", required=True, metavar="NAME", help="npfl-kit data list shows the names")
    parser.add_argument("--data_dir", default=None, type=Path, help="folder that holds the data set's files")
    parser.add_argument("--split", required=True, choices=["dev", "test"], help="part of the data set")
    parser.add_argument("--kind", default="bbox", choices=["bbox", "segm", "keypoints"], help="what detections are "
                        "compared by")
    parser.add_argument("--column", default=None, help="of a treebank: which tags, as in training")


def run(args: argparse.Namespace) -> int:
    """Print the scores and what is recognized worst; TensorFlow is not needed."""
    from npfl_kit import data

    if args.dataset in data.DETECTION:
        return score_detections(args)
    if args.dataset in data.TAGGING:
        return score_tags(args)
    if args.dataset in data.LANGUAGE:
        raise errors.UsageError(f"{args.dataset} has no predictions to score: a language model is judged by the nats "
                                f"that its lab prints. Type: npfl-kit run language_model --predict --weights=FILE")
    return score_classes(args)


def score_classes(args: argparse.Namespace) -> int:
    """Print the accuracy, and the classes with the smallest share of right answers."""
    from npfl_kit import data
    from npfl_kit.scoring import accuracy, class_lines

    gold: Any = data.load(args.dataset, args.data_dir, column=args.column)
    labels = gold.split(args.split).labels
    predictions = class_lines.read(args.predictions, len(labels), len(gold.classes)).tolist()
    score = gold.evaluate(args.split, predictions)["accuracy"]
    confusion = accuracy.confusion_matrix(labels, predictions, len(gold.classes))
    print(f"{args.dataset} {args.split} accuracy: {100 * score:.2f} % "
          f"({int(confusion.trace()):,} of {len(labels):,} right)")
    for line in worst_classes(confusion.tolist(), gold.classes):
        print(line)
    return 0


def score_tags(args: argparse.Namespace) -> int:
    """Print the accuracy of the tags, the numbers of entities if there are any, and the tags that are found worst."""
    from npfl_kit import data
    from npfl_kit.scoring import accuracy, tag_lines

    gold: Any = data.load(args.dataset, args.data_dir, column=args.column)
    split = gold.split(args.split)
    predictions = tag_lines.read(args.predictions, split.lengths.tolist())
    score, words = gold.evaluate(args.split, predictions)["accuracy"], int(split.lengths.sum())
    print(f"{args.dataset} {args.split} accuracy: {100 * score:.2f} % ({round(score * words):,} of {words:,} right)")
    if gold.spans:
        print(*entity_lines(split.tags, predictions), sep="\n")
        return 0
    right, given = ([tag for tags in rows for tag in tags] for rows in (split.tags, predictions))
    names = list(dict.fromkeys([*gold.tags, *right, *given]))
    number = {name: place for place, name in enumerate(names)}
    confusion = accuracy.confusion_matrix([number[tag] for tag in right], [number[tag] for tag in given], len(names))
    for line in worst_classes(confusion.tolist(), names):
        print(line)
    return 0


def entity_lines(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with F1, precision and recall of the entities in all sentences, and F1 and counts of each type.

    >>> print(*entity_lines([["B-PER", "O"]], [["B-PER", "B-LOC"]]), sep="\\n")
    F1 of entities: 66.67 %, precision 50.00 %, recall 100.00 %
    type      F1  right  predicted  gold
    LOC     0.00      0          1     0
    PER   100.00      1          1     1
    """
    from npfl_kit.scoring import spans

    scores = {name: f"{100 * value:.2f}" for name, value in spans.span_f1(gold, predicted).items()}
    yield f"F1 of entities: {scores['f1']} %, precision {scores['precision']} %, recall {scores['recall']} %"
    rows = [[kind, scores[f"f1_{kind}"], *(f"{count:,}" for count in counts)]
            for kind, counts in spans.counts(gold, predicted).items()]
    yield from table.lines(rows, header=["type", "F1", "right", "predicted", "gold"])


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
