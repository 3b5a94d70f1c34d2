#!/usr/bin/env python3
"""RetinaNet: thousands of anchors ask "is there an object here?", and the focal loss keeps the easy noes quiet.

Nearly every anchor is background. Plain cross-entropy adds up thousands of small "easy background" losses until they
outweigh the few objects; the focal loss fades each out by (1 - p_t)^gamma.

Run:    python3 labs/05_detection/retinanet.py           3 minutes on 4 CPU cores, glyph scenes: test AP 0.73
BCCD:   --dataset=bccd --backbone=mobilenetv2-1.0 --backbone_weights=FILE.h5 --norm=frozen --image_size=320
        --channels=128 --batch_size=4 --epochs=28 --learning_rate=0.0005 --warmup=1 --score_every=4   16 minutes,
        test AP 0.57; raccoons: --dataset=raccoon --image_size=256 --anchor_base=4 --epochs=25   8 minutes, 0.56
Try:    --gamma=0, --prior=0.5, --gamma=0 --prior=0.5              test AP 0.73 -> 0.72, 0.48, 0.20
Read:   Lin et al. 2017, https://arxiv.org/abs/1708.02002, Sec. 3 and 4
"""
import argparse
import functools

import npfl_kit
import tensorflow as tf

from npfl_kit import backbones, data
from npfl_kit.core import anchors, boxes, matching
from npfl_kit.data import detection_augment
from npfl_kit.losses.giou_loss import giou_loss
from npfl_kit.losses.smooth_l1_loss import SmoothL1Loss
from npfl_kit.models.dense_head import dense_head
from npfl_kit.models.detections import detections
from npfl_kit.models.feature_pyramid import feature_pyramid
from npfl_kit.train import backbone_weights, optimizers
from npfl_kit.train.lab_parser import between, positive, rate

parser = npfl_kit.LabParser(__doc__, lab="retinanet", dataset="glyph_scenes", batch_size=16, epochs=10)
parser.add_argument("--alpha", default=0.25, type=rate, help="Weight of objects against background.")
parser.add_argument("--anchor_base", default=2.0, type=between(float, 0.1, 100),
                    help="Side of the smallest anchor in strides: 4 in the paper, less for small pictures.")
parser.add_argument("--augment", default="auto", help="Of training pictures: none, flip, turn, scale, auto.")
parser.add_argument("--backbone", default="tiny", help=f"Network below the pyramid: {', '.join(backbones.STAGES)}.")
parser.add_argument("--backbone_weights", metavar="FILE", help="Its weights: .h5 of Keras without top, or imagenet.")
parser.add_argument("--box_loss", default="smooth_l1", choices=["smooth_l1", "l1", "giou"], help="Loss of deltas.")
parser.add_argument("--channels", default=64, type=positive, help="Of pyramid and heads; 256 in the paper.")
parser.add_argument("--convolutions", default=2, type=positive, help="Of a head, before its last; 4 in the paper.")
parser.add_argument("--gamma", default=2.0, type=between(float, 0), help="Focusing exponent; 0 is cross-entropy.")
parser.add_argument("--image_size", type=positive, help="Side of pictures in pixels; the data set's when not given.")
parser.add_argument("--norm", default="batch", choices=["batch", "group", "frozen"], help="Of backbone and heads.")
parser.add_argument("--p6", default="C5", choices=["C5", "P5"], help="What the level P6 is made from.")
parser.add_argument("--prior", default=0.01, type=between(float, 1e-6, 1), help="P(object) before any training.")
parser.add_argument("--score_every", default=1, type=positive, help="Epochs from one AP on dev to the next.")
optimizers.add_arguments(parser, optimizer="adam", learning_rate=0.002, decay="cosine", warmup=0.5)

ANCHORS = 9      # at each position: three ratios of three sizes


def focal_loss(alpha: float, gamma: float):
    def loss(y_true, logits):                                       # [B, A, K], [B, A, K] -> [B, A]
        # Exercise: the focal loss of each anchor.
        correct = tf.where(y_true == 1, logits, -logits)            # logit of the right answer
        alpha_t = tf.where(y_true == 1, alpha, 1 - alpha)
        easiness = tf.exp(gamma * tf.math.log_sigmoid(-correct))    # (1 - p_t)^gamma, safe at p_t = 1
        return tf.reduce_sum(-alpha_t * easiness * tf.math.log_sigmoid(correct), axis=-1)
    return loss


def losses(args: argparse.Namespace, grid: tf.Tensor):
    def giou(y_true, deltas):                                       # compares boxes, not deltas
        return giou_loss(boxes.decode(y_true, grid), boxes.decode(deltas, grid))
    of_boxes = giou if args.box_loss == "giou" else SmoothL1Loss(beta=0.0 if args.box_loss == "l1" else 0.1)
    return {"logits": focal_loss(args.alpha, args.gamma), "deltas": of_boxes}


def assign(grid: tf.Tensor, batch) -> tf.Tensor:                    # [B, A]: the object that each anchor should find
    return matching.match(grid, batch["boxes"], batch["count"], foreground_iou=0.5, background_iou=0.4,
                          ignored=batch["ignored"])                 # or BACKGROUND, or IGNORE between the thresholds


def with_targets(grid: tf.Tensor, num_classes: int):
    def targets(batch):
        # Exercise: the answers of each anchor, and how much each of them counts.
        matched = assign(grid, batch)                                                           # [B, A]
        labels = matching.gather(tf.one_hot(batch["labels"], num_classes), matched)             # [B, A, K]
        deltas = boxes.encode(matching.gather(batch["boxes"], matched, default=grid), grid)     # [B, A, 4]
        is_object, is_used = tf.cast(matched >= 0, tf.float32), tf.cast(matched != matching.IGNORE, tf.float32)
        per_object = tf.reduce_sum(tf.ones_like(is_object)) / tf.maximum(1.0, tf.reduce_sum(is_object))
        return (batch["image"], {"logits": labels, "deltas": deltas},       # Keras divides by all anchors of a batch,
                {"logits": is_used * per_object, "deltas": is_object * per_object})     # the paper by those of objects
    return targets


def build_model(args: argparse.Namespace, image_size: int, num_classes: int) -> tf.keras.Model:
    image = tf.keras.layers.Input([image_size, image_size, 3], name="image")
    # Exercise: a feature pyramid, and two heads that read every level of it.
    stages = backbones.stages(args.backbone, image.shape[1:], args.norm)(image)                 # C2 to C5
    pyramid = feature_pyramid(stages, args.channels, p6_from=args.p6)                           # P3 to P7
    like = {"anchors": ANCHORS, "convolutions": args.convolutions, "channels": args.channels,
            "norm": "group" if args.norm == "group" else "none"}
    return tf.keras.Model(image, {
        "logits": dense_head(pyramid, num_classes, name="logits", prior=args.prior, **like),    # [B, A, K]
        "deltas": dense_head(pyramid, 4, name="deltas", **like)})                               # [B, A, 4]


def detector(model: tf.keras.Model, grid: tf.Tensor, side: int):
    @tf.function
    def detect(image):                                              # [B, S, S, 3] -> boxes, scores, labels, count
        outputs = model(image, training=False)
        return detections(tf.sigmoid(outputs["logits"]), boxes.decode(outputs["deltas"], grid),
                          anchors.counts(side, side), side)
    return detect


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    scenes = data.load(args.dataset, args.data_dir, train_size=args.train_size, image_size=args.image_size,
                       among=data.DETECTION)
    side, num_classes = scenes.image_size, len(scenes.classes)
    grid = anchors.pyramid(side, side, base=args.anchor_base)                                   # [A, 4]
    model = run.build(build_model, image_size=side, num_classes=num_classes)
    backbone_weights.load(run, model.get_layer(args.backbone))

    judge = npfl_kit.Detector(run, scenes, detector(model, grid, side))
    judge.report_anchors(grid, functools.partial(assign, grid))
    train = scenes.batches("train", args.batch_size, seed=args.seed,
                           augment=detection_augment.by_name(args.augment, scenes))
    dev, targets = scenes.batches("dev", args.batch_size), with_targets(grid, num_classes)
    model.compile(optimizers.optimizer(args, model, steps_per_epoch=len(train)), losses(args, grid),
                  weighted_metrics=[], jit_compile=args.jit)
    run.fit(model, train.map(targets), dev.map(targets), "val_ap", [judge.score_each(args.score_every)])
    return judge.report()


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
