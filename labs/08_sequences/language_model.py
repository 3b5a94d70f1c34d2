#!/usr/bin/env python3
"""Language model: which character comes next? To be rarely surprised, a network has to learn words, names and meter.

The text is read in windows; the state is carried from one to the next, the gradient is not. Sampling turns the model
round: draw a character of what it expects, let it read that one, and so on.

Run:    python3 labs/08_sequences/language_model.py      2 minutes on 4 CPU cores, a text that ships with Python
Poems:  --dataset=tiny_shakespeare --data_dir=DIR --rnn_dim=384 --batch_size=64 --sequence_length=64 --epochs=8
        --learning_rate=0.006 --dropout=0.25      6 minutes, 1.49 nats per character
Try:    --temperature=0.5, --temperature=1.2, --top_k=5; --sequence_length=10: less can be learned of what is far
Read:   Graves 2013, https://arxiv.org/abs/1308.0850, Sec. 2 and 3; Williams and Peng 1990
"""
import argparse
from collections.abc import Iterator

import npfl_kit
import tensorflow as tf

from npfl_kit import data
from npfl_kit.layers.carried_state import CarriedState
from npfl_kit.layers.lstm import LSTM
from npfl_kit.train import optimizers
from npfl_kit.train.lab_parser import between, count, positive, rate

parser = npfl_kit.LabParser(__doc__, lab="language_model", dataset="python_text", batch_size=32, epochs=8)
parser.add_argument("--dropout", default=0.2, type=rate, help="Rate of features to drop after each layer.")
parser.add_argument("--embedding_dim", default=64, type=positive, help="Embedding of a character.")
parser.add_argument("--prompt", default="\n", help="Where the sample begins.")
parser.add_argument("--rnn_dim", default=256, type=positive, help="Units of an LSTM.")
parser.add_argument("--rnn_layers", default=1, type=positive, help="LSTMs, one upon the other.")
parser.add_argument("--sample", default=500, type=count, help="Characters to write in the end.")
parser.add_argument("--sequence_length", default=100, type=positive, help="Characters in a window.")
parser.add_argument("--temperature", default=0.8, type=between(float, 0), help="Divides the logits; 0 takes the best.")
parser.add_argument("--top_k", default=0, type=count, help="Draw among so many characters; 0 is all.")
optimizers.add_arguments(parser, optimizer="adam", learning_rate=0.005, decay="cosine", warmup=0.1)


def build_model(args: argparse.Namespace, num_characters: int) -> tf.keras.Model:
    # Exercise: LSTMs that go on from the state in which the window before left them, and logits of what is next.
    characters = tf.keras.layers.Input([None], dtype=tf.int32, name="characters")           # [B, T]
    first = tf.keras.layers.Input([], dtype=tf.bool, name="first")                          # [B], of its text?
    x = tf.keras.layers.Embedding(num_characters, args.embedding_dim)(characters)
    for _ in range(args.rnn_layers):
        reader = LSTM(args.rnn_dim, return_sequences=True, return_state=True)
        x = tf.keras.layers.Dropout(args.dropout)(CarriedState(reader)(x, first=first))     # [B, T, H]
    return tf.keras.Model({"characters": characters, "first": first}, tf.keras.layers.Dense(num_characters)(x))


def sample(args: argparse.Namespace, model: tf.keras.Model, alphabet) -> Iterator[str]:
    """Write character after character, each drawn from what the model expects after all before it."""
    # Exercise: logits of the next character, divided by the temperature, and only the best of them if asked for.
    @tf.function(input_signature=[tf.TensorSpec([1, None], tf.int32), tf.TensorSpec([1], tf.bool),
                                  tf.TensorSpec([2], tf.int32)])
    def draw(characters, first, seed):
        logits = model({"characters": characters, "first": first}, training=False)[:, -1]   # [1, K], of the next one
        if args.top_k:
            lowest = tf.math.top_k(logits, min(args.top_k, logits.shape[-1]))[0][:, -1:]
            logits = tf.where(logits >= lowest, logits, -float("inf"))
        if args.temperature == 0:
            return tf.argmax(logits, axis=-1, output_type=tf.int32)                         # [1]
        return tf.random.stateless_categorical(logits / args.temperature, 1, seed, dtype=tf.int32)[:, 0]

    read, first = tf.constant(alphabet.encode(args.prompt)[None]), tf.constant([True])
    for place in range(args.sample):
        drawn = draw(read, first, [args.seed, place])
        yield alphabet.characters[int(drawn[0])]
        read, first = drawn[None], tf.constant([False])                                     # the rest is in the state


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    text = data.load(args.dataset, args.data_dir, train_size=args.train_size, among=data.LANGUAGE)
    model = run.build(build_model, num_characters=len(text.characters))
    train, dev = (text.batches(split, args.batch_size, args.sequence_length, seed=args.seed, marked=True)
                  for split in ("train", "dev"))
    model.compile(optimizers.optimizer(args, model, steps_per_epoch=len(train)),
                  tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=args.jit,
                  weighted_metrics=[tf.keras.metrics.SparseCategoricalCrossentropy("nats", from_logits=True)])
    run.fit(model, train, dev, "val_nats")      # the mean over characters; a loss counts the padding at the end, too
    return npfl_kit.report_language(run, model, text, sample(args, model, text.alphabet))


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
