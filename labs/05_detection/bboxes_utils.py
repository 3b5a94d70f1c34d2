#!/usr/bin/env python3
"""Boxes by hand, in NumPy: overlaps, the code of Fast R-CNN, and which anchor has to find which object.

A detector is asked at thousands of anchors. To train it, each anchor must know whether it has an object, and which.

Run:    python3 labs/05_detection/bboxes_utils.py --verify      1 s on 1 CPU core, five functions, all cases right
Try:    in bboxes_training, `>` for `>=`, the golds in reverse order, or no first pass; y and x swapped in the code
Read:   Girshick et al. 2014, R-CNN, https://arxiv.org/abs/1311.2524, Appendix C; Ren et al. 2015, Faster R-CNN,
        https://arxiv.org/abs/1506.01497, Sec. 3.1.2
"""
import argparse

import numpy as np
from npfl_kit import errors
from npfl_kit.core import boxes, matching
from npfl_kit.train import lab_parser

parser = argparse.ArgumentParser(description=__doc__, formatter_class=lab_parser.HelpFormatter, allow_abbrev=False)
parser.add_argument("--cases", default=100, type=lab_parser.count, help="Random cases of each function.")
parser.add_argument("--seed", default=42, type=lab_parser.between(int, 0, 2**32), help="Seed of the random cases.")
parser.add_argument("--verify", action="store_true", help="Make a wrong function an error (exit code 2).")

TOP, LEFT, BOTTOM, RIGHT = range(4)     # a box is these four, in pixels; borders lie between the pixels


def bboxes_area(bboxes):                                    # [..., 4] -> [...]
    """Height times width; 0 for a box that ends before it begins."""
    # Exercise: height times width, neither below 0.
    heights, widths = bboxes[..., BOTTOM] - bboxes[..., TOP], bboxes[..., RIGHT] - bboxes[..., LEFT]
    return np.maximum(heights, 0) * np.maximum(widths, 0)


def bboxes_iou(xs, ys):                                     # [..., 4], [..., 4] -> [...], broadcast
    """Area of the intersection over that of the union; 0 for two empty boxes."""
    # Exercise: the intersection is a box, too; the union needs no shape of its own.
    begins, ends = np.maximum(xs[..., :BOTTOM], ys[..., :BOTTOM]), np.minimum(xs[..., BOTTOM:], ys[..., BOTTOM:])
    intersections = bboxes_area(np.concatenate([begins, ends], axis=-1))
    unions = bboxes_area(xs) + bboxes_area(ys) - intersections
    return intersections / np.where(unions > 0, unions, 1)


def centers_and_sizes(bboxes):                              # [..., 4] -> y and x, height and width, [..., 2] each
    return (bboxes[..., :BOTTOM] + bboxes[..., BOTTOM:]) / 2, bboxes[..., BOTTOM:] - bboxes[..., :BOTTOM]


def bboxes_to_fast_rcnn(anchors, bboxes):                   # [..., 4], [..., 4] -> [..., 4]
    """(y - y_a) / h_a, (x - x_a) / w_a, log(h / h_a), log(w / w_a): the same for a small box and for a large one."""
    # Exercise: the four numbers above, for all boxes at once.
    (anchor_centers, anchor_sizes), (centers, sizes) = centers_and_sizes(anchors), centers_and_sizes(bboxes)
    return np.concatenate([(centers - anchor_centers) / anchor_sizes, np.log(sizes / anchor_sizes)], axis=-1)


def bboxes_from_fast_rcnn(anchors, fast_rcnns):             # [..., 4], [..., 4] -> [..., 4]
    """The boxes that a network means by its four numbers."""
    # Exercise: the inverse of bboxes_to_fast_rcnn.
    anchor_centers, anchor_sizes = centers_and_sizes(anchors)
    centers = anchor_centers + fast_rcnns[..., :2] * anchor_sizes
    sizes = anchor_sizes * np.exp(fast_rcnns[..., 2:])
    return np.concatenate([centers - sizes / 2, centers + sizes / 2], axis=-1)


def bboxes_training(anchors, gold_classes, gold_bboxes, iou_threshold, background_iou=None):
    """What each anchor has to answer: anchors [A, 4], classes int [G], boxes [G, 4] -> classes int [A], codes [A, 4].

    First each object, in order, takes the anchor with the highest IoU (the first on ties), unless an earlier object
    has it. Then each anchor that is left takes the object with the highest IoU (the first on ties) if that is at
    least `iou_threshold`. Class 0 is background, 1 + class an object. With `background_iou`, anchors from there up
    to the threshold get -1: they are not trained on, as in RetinaNet, where these numbers are 0.5 and 0.4.
    """
    # Exercise: both passes, with no loop over the anchors.
    ious = bboxes_iou(anchors[:, np.newaxis], gold_bboxes)              # [A, G]
    golds = np.full(len(anchors), -1)                                   # the object of each anchor
    classes, codes = np.zeros(len(anchors), np.int32), np.zeros([len(anchors), 4], np.float32)
    if ious.size:
        for gold, anchor in enumerate(np.argmax(ious, axis=0)):
            if golds[anchor] < 0:
                golds[anchor] = gold
        free, best = golds < 0, np.max(ious, axis=1)
        if background_iou is not None:
            classes[best >= background_iou] = -1
        golds = np.where(free & (best >= iou_threshold), np.argmax(ious, axis=1), golds)
    found = golds >= 0
    classes[found] = 1 + gold_classes[golds[found]]
    codes[found] = bboxes_to_fast_rcnn(anchors[found], gold_bboxes[golds[found]])
    return classes, codes


bboxes_to_rcnn = bbox_to_fast_rcnn = bboxes_to_fast_rcnn                # the names of other years
bboxes_from_rcnn = bbox_from_fast_rcnn = bboxes_from_fast_rcnn


# From here on: known examples, random cases, and the answers of npfl_kit.core.

QUARTERS = np.float32([[0, 0, 10, 10], [0, 10, 10, 20], [10, 0, 20, 10], [10, 10, 20, 20]])
TWO = np.array([0, 1]), np.float32([[3, 3, 20, 18], [10, 1, 18, 21]])
BETWEEN = np.float32([[0, 0, 10, 10], [0, 10, 10, 20], [0, 5, 10, 15]])    # the last has IoU 1 / 3 with both others
BY_FIRST, BY_SECOND = [.65, -.45, .53063, .40547], [-.1, .6, -.22314, .69315]   # anchor 1 and object 0, 2 and 1
LAST, NONE = [-.35, -.45, .53063, .40547], [0, 0, 0, 0]
ONE, WHOLE = (np.array([1]), np.float32([[14, 14, 16, 16]])), (np.array([2]), np.float32([[0, 0, 20, 20]]))
CORNERS = [[y, x, .69315, .69315] for y in (.5, -.5) for x in (.5, -.5)]
KNOWN = [   # function, arguments, answer
    ("bboxes_area", [np.float32([[0, 0, 10, 20], [3, 4, 5, 5], [5, 5, 3, 3], [2, 2, 2, 9]])], [200, 2, 0, 0]),
    ("bboxes_iou", [np.float32([0, 0, 2, 2]), np.float32([[0, 0, 2, 4], [1, 1, 3, 3], [2, 0, 4, 2]])], [.5, 1 / 7, 0]),
    ("bboxes_iou", [QUARTERS[:1], np.float32([[5, 5, 5, 5]])], [0]),
    ("bboxes_to_fast_rcnn", [np.float32([0, 9, 10, 19]), np.float32([2, 10, 5, 16])], [-.15, -.1, -1.20397, -.51083]),
    ("bboxes_from_fast_rcnn", [np.float32([0, 9, 10, 19]), np.float32([-.15, -.1, -1.20397, -.51083])],
     [2, 10, 5, 16]),
    ("bboxes_training", [QUARTERS, *ONE, .5], ([0, 0, 0, 2], [NONE, NONE, NONE, [0, 0, -1.60944, -1.60944]])),
    ("bboxes_training", [QUARTERS, *WHOLE, .26], ([3, 0, 0, 0], [CORNERS[0], NONE, NONE, NONE])),
    ("bboxes_training", [QUARTERS, *WHOLE, .24], ([3, 3, 3, 3], CORNERS)),
    ("bboxes_training", [QUARTERS, *WHOLE, .25], ([3, 3, 3, 3], CORNERS)),
    ("bboxes_training", [BETWEEN, TWO[0], BETWEEN[:2], .3], ([1, 2, 1], [NONE, NONE, [0, -.5, 0, 0]])),
    ("bboxes_training", [QUARTERS, *TWO, .5], ([0, 0, 0, 1], [NONE, NONE, NONE, LAST])),
    ("bboxes_training", [QUARTERS, *TWO, .3], ([0, 0, 2, 1], [NONE, NONE, BY_SECOND, LAST])),
    ("bboxes_training", [QUARTERS, *TWO, .17], ([0, 1, 2, 1], [NONE, BY_FIRST, BY_SECOND, LAST])),
]


def training(anchors, gold_classes, gold_bboxes, iou_threshold, background_iou=None):
    """`bboxes_training` is one setting of the kit's matching."""
    low = iou_threshold if background_iou is None else background_iou
    matched = matching.match(anchors, gold_bboxes, None, iou_threshold, low, force="one_per_gold")
    classes = np.where(matched == matching.IGNORE, -1, matching.gather(1 + gold_classes, matched, default=0))
    return classes, boxes.encode(matching.gather(gold_bboxes, matched, default=anchors), anchors)


TRUE = {"bboxes_area": boxes.area, "bboxes_iou": boxes.iou,
        "bboxes_to_fast_rcnn": lambda anchors, bboxes: boxes.encode(bboxes, anchors),
        "bboxes_from_fast_rcnn": lambda anchors, fast_rcnns: boxes.decode(fast_rcnns, anchors),
        "bboxes_training": training}
THRESHOLDS = [.5], [.25], [.7], [.5, .4], [.7, .3]


def random_arguments(name, generator):
    """Few boxes with corners at whole numbers: areas are exact then, so that all right formulas agree in every tie."""
    def draw(*shape, least=1):
        begins = generator.integers(0, 6, [*shape, 2])
        return np.concatenate([begins, begins + generator.integers(least, 6, [*shape, 2])], axis=-1).astype(np.float32)

    some, others = generator.integers(1, 4, 2)
    if name == "bboxes_area":
        return [draw(some, others, least=-2)]
    if name == "bboxes_iou":
        return [draw(some, 1, least=-2), draw(others, least=-2)]
    if name == "bboxes_to_fast_rcnn":
        return [draw(some, 1), draw(others)]
    if name == "bboxes_from_fast_rcnn":
        return [draw(some), generator.uniform(-2, 2, [some, 4]).astype(np.float32)]
    count, thresholds = generator.integers(0, 6), THRESHOLDS[generator.integers(len(THRESHOLDS))]
    return [draw(some + 4), generator.integers(0, 10, count), draw(count), *thresholds]


def wrong(name, arguments, answer):
    """What is wrong with the function's answer; empty if nothing is."""
    try:
        given = globals()[name](*(np.copy(each) if np.ndim(each) else each for each in arguments))
        ours, true = (given, answer) if isinstance(answer, tuple) else ([given], [answer])
        if len(ours) == len(true) and all(
                np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=0, atol=1e-3)
                for one, other in zip(ours, true)):
            return ""
        given = f"gives {given}"
    except Exception as error:      # a function that is not finished fails its own cases, and no others
        given = f"raises {type(error).__name__}: {error}"
    return f"{name}({', '.join(map(repr, arguments))}) {given}, the answer is {answer}"


def main(args: argparse.Namespace) -> dict[str, float]:
    generator, shares = np.random.default_rng(args.seed), {}
    for name, true in TRUE.items():
        cases = [(arguments, answer) for function, arguments, answer in KNOWN if function == name]
        drawn = [random_arguments(name, generator) for _ in range(args.cases)]
        cases += [(arguments, true(*arguments)) for arguments in drawn]
        mistakes = list(filter(None, (wrong(name, *case) for case in cases)))
        print(f"{name}: {len(cases) - len(mistakes)} of {len(cases)} cases are right",
              *(f"the first mistake: {first}" for first in mistakes[:1]), sep="\n  ")
        shares[name] = 1 - len(mistakes) / len(cases)
    if args.verify and min(shares.values()) < 1:
        names = ", ".join(name for name, share in shares.items() if share < 1)
        raise errors.KitError(f"Not right yet: {names}. See the first mistake of each above.")
    return shares


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
