#!/usr/bin/env python3
"""What bucketing saves: the share of padding, and the words per second of the pipeline and of a network.

Sentences of a treebank are cut into batches as the tagger's training does, with buckets of similar length and without.
Padding costs a recurrent network as much as words do. The network of --train is the tagger's, over
words alone; both ways train in turn, and the time is the median over rounds of one epoch, after one that does not
count.

Run:    python3 benchmarks/bucketing.py --data_dir=FOLDER           10 seconds on a treebank of 200,000 words
Try:    --train, --batch_size=64, --dataset=ud_czech_cltt
"""
import argparse
import statistics
import time

import npfl_kit
import tensorflow as tf

from npfl_kit import data
from npfl_kit.data import length_buckets
from npfl_kit.data.sequence_tagging import SequenceTagging
from npfl_kit.data.bucketed_epochs import BucketedEpochs
from npfl_kit.layers.lstm import LSTM
from npfl_kit.train.fused_adam import FusedAdam

parser = npfl_kit.LabParser(__doc__, lab="bucketing", dataset="conllu", batch_size=32, epochs=1)
parser.add_argument("--rnn_dim", default=128, type=int, help="Units of the LSTM in each direction, for --train.")
parser.add_argument("--rounds", default=3, type=int)
parser.add_argument("--train", action="store_true", help="Time a network as well.")


def step(args: argparse.Namespace, treebank: SequenceTagging):
    """One step of training: forward, backward and update."""
    words = tf.keras.layers.Input([None], dtype=tf.int32)
    x = tf.keras.layers.Embedding(len(treebank.words), 128)(words)                                      # [B, T, E]
    x = tf.keras.layers.Bidirectional(LSTM(args.rnn_dim, return_sequences=True))(x, mask=words != 0)
    model = tf.keras.Model(words, tf.keras.layers.Dense(len(treebank.tags))(x))                         # [B, T, K]
    optimizer = FusedAdam(jit_compile=False)

    @tf.function(reduce_retracing=True)
    def train(batch):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.maximum(batch["tags"], 0), model(batch["words"], training=True))                     # [B, T]
            loss = tf.reduce_mean(tf.boolean_mask(losses, batch["tags"] >= 0))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

    return train


def seconds(train: BucketedEpochs, epoch: int, use) -> float:
    """Time of one epoch, each batch of which is given to `use`."""
    started = time.perf_counter()
    for batch in train.from_epoch(epoch, epoch + 1):
        use(batch)
    return time.perf_counter() - started


def main(args: argparse.Namespace) -> None:
    npfl_kit.startup(args)
    treebank = data.load(args.dataset, args.data_dir, train_size=args.train_size, among=data.TAGGING)
    lengths = treebank.split("train").lengths
    ways = {name: treebank.batches("train", args.batch_size, seed=args.seed, bucketed=name == "bucketed")
            for name in ("plain", "bucketed")}
    for name, train in ways.items():
        order = length_buckets.batches(lengths, args.batch_size, (args.seed, 0), train.bucketed)
        print(f"{name}: {length_buckets.padding_share(lengths, order):.1%} of the steps of a batch are padding")
    uses = {"pipeline": lambda batch: None, **({"training": step(args, treebank)} if args.train else {})}
    for what, use in uses.items():
        rounds = [[seconds(train, epoch, use) for train in ways.values()] for epoch in range(args.rounds + 1)][1:]
        plain, bucketed = (lengths.sum() / statistics.median(times) for times in zip(*rounds))
        print(f"{what}: {bucketed:,.0f} words a second bucketed, {plain:,.0f} plain, {bucketed / plain:.2f} times as "
              f"many (median of {args.rounds} rounds)", flush=True)


if __name__ == "__main__":
    main(parser.parse_args())
