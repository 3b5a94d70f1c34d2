#!/usr/bin/env python3
"""Image classification with the networks of the lectures, from LeNet-5 to PyramidNet, or with your own.

All networks are trained in one way, and each idea is a flag; so two runs differ by the idea alone.

Run:    python3 labs/02_image_classification/cnn_classification.py   2.5 minutes on 4 CPU cores, glyphs: test 98.3 %
MNIST:  --dataset=mnist --model=lenet5 --augment=affine --batch_size=100 --epochs=12 --learning_rate=0.003
        90 s, test 99.2 %; cnn_classification.md has a network with 99.6 %
CIFAR:  --dataset=cifar10 --train_size=18000 --augment=crop_flip --cutout=8 --label_smoothing=0.1 --optimizer=sgd
        --learning_rate=0.1 --weight_decay=0.005 --warmup=1 --epochs=36    19 minutes, test 83.2 %
Try:    on glyphs: --norm=none, --model=lenet5, --cnn=F,H-200        98.3 % -> 82.3 %, 64.8 %, 4.9 %
Read:   He et al. 2016, https://arxiv.org/abs/1512.03385, Sec. 3 and 4.2; the paper of each network is in backbones/
"""
import argparse

import npfl_kit
import tensorflow as tf

from npfl_kit import backbones, data, errors
from npfl_kit.data import augment
from npfl_kit.losses.smoothed_crossentropy import SmoothedCrossentropy
from npfl_kit.train import optimizers
from npfl_kit.train.lab_parser import count, rate

parser = npfl_kit.LabParser(__doc__, lab="cnn_classification", dataset="glyphs", batch_size=64, epochs=6,
                            epilog="networks of --model:\n" + backbones.describe())
parser.add_argument("--augment", nargs="?", const="auto", default="none", metavar="HOW",
                    help="Change training pictures at random: none, crop, crop_flip, affine; auto as suits the data.")
parser.add_argument("--cnn", metavar="LAYERS", help="Your own network in place of --model, as "
                    "CB-16-3-1-same,R-[CB-16-3-1-same],M-2-2,F,H-100,D-0.5.")
parser.add_argument("--cutout", default=0, type=count, help="Side in pixels of a square to hide in training pictures.")
parser.add_argument("--drop_block", default=0.0, type=rate, help="Rate of features to drop in blocks of 7 x 7.")
parser.add_argument("--dropout", type=rate, help="Rate of single features to drop; as in the paper when not given.")
parser.add_argument("--image_size", type=int, help="Side of pictures in pixels; as in the data set when not given.")
parser.add_argument("--label_smoothing", default=0.0, type=rate, help="Share of the answer spread over all classes.")
parser.add_argument("--model", default="resnet20", help="Network of a paper, see the list below.")
parser.add_argument("--norm", choices=["batch", "layer", "instance", "group", "none"],
                    help="Normalization; as in the network's paper when not given.")
parser.add_argument("--stochastic_depth", default=0.0, type=rate, help="Rate to skip the last residual block at.")
optimizers.add_arguments(parser, optimizer="adam", learning_rate=0.001, decay="cosine")


def build_model(args: argparse.Namespace, image_shape: list[int], num_classes: int) -> tf.keras.Model:
    # Exercise: the network that the flags describe, or your own.
    if args.cnn is not None:
        if args.norm or args.dropout or args.drop_block or args.stochastic_depth:
            raise errors.UsageError("--cnn says by CB and D what is normalized and dropped; leave out --norm, "
                                    "--dropout, --drop_block and --stochastic_depth, which are for --model.")
        return backbones.from_grammar(args.cnn, image_shape, num_classes)
    return backbones.build(args.model, image_shape, num_classes, backbones.Parts(
        norm=args.norm, dropout=args.dropout, drop_block=args.drop_block, stochastic_depth=args.stochastic_depth))


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    images = data.load(args.dataset, args.data_dir, train_size=args.train_size, image_size=args.image_size,
                       among=data.CLASSIFICATION)
    model = run.build(build_model, image_shape=list(images.image_shape), num_classes=len(images.classes))

    hide = augment.cutout(args.cutout, fill=images.mean) if args.cutout else None  # mean pixel
    train = images.batches("train", args.batch_size, seed=args.seed,
                           augment=augment.chain(augment.by_name(args.augment, images), hide))

    model.compile(optimizers.optimizer(args, model, steps_per_epoch=len(train)),
                  SmoothedCrossentropy(args.label_smoothing), metrics=["accuracy"], jit_compile=args.jit)
    run.fit(model, train, images.batches("dev", args.batch_size))
    return npfl_kit.report_classification(run, model, images)


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
