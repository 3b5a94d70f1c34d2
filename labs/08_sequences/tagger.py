#!/usr/bin/env python3
"""Tagging: what a word is follows from its neighbors and from its letters.

A bidirectional LSTM reads the sentence from both sides; an unknown word is known by its spelling, which a small
network reads letter by letter, once for each different word of a batch.

Run:    python3 labs/08_sequences/tagger.py      25 s on 4 CPU cores, an artificial language: test 100 %
EWT:    --dataset=ud_english_ewt --data_dir=DIR --epochs=8      5 minutes, parts of speech: dev 94.7 %, test 95.0 %
Try:    --cle=none, --cle=cnn, --crf, --word_masking=0
Read:   Ling et al. 2015, https://arxiv.org/abs/1508.02096; Lample et al. 2016, https://arxiv.org/abs/1603.01360
"""
import argparse

import npfl_kit
import tensorflow as tf

from npfl_kit import data
from npfl_kit.layers.conditional_random_field import ConditionalRandomField
from npfl_kit.layers.lstm import LSTM
from npfl_kit.layers.word_masking import WordMasking
from npfl_kit.train import optimizers
from npfl_kit.train.lab_parser import positive, rate

parser = npfl_kit.LabParser(__doc__, lab="tagger", dataset="morphology", batch_size=32, epochs=4)
parser.add_argument("--cle", default="rnn", choices=["rnn", "cnn", "none"], help="Network that reads the letters.")
parser.add_argument("--cle_dim", default=64, type=positive, help="Embedding of a letter, and units that read it.")
parser.add_argument("--column", help="Which tags: upos (the usual one), xpos or feats of a treebank, lemma of morpho.")
parser.add_argument("--crf", action=argparse.BooleanOptionalAction, default=False,
                    help="Score whole sequences of tags, by a conditional random field.")
parser.add_argument("--dropout", default=0.5, type=rate, help="Rate of features to drop, before and after the LSTM.")
parser.add_argument("--merge", default="concat", choices=["concat", "sum"], help="Of the two directions.")
parser.add_argument("--rnn_dim", default=128, type=positive, help="Units of the LSTM in each direction.")
parser.add_argument("--we_dim", default=128, type=positive, help="Embedding of a word.")
parser.add_argument("--word_masking", default=0.2, type=rate, help="Rate of training words to hide.")
optimizers.add_arguments(parser, optimizer="adam", learning_rate=0.003, decay="cosine")


def spelled(args: argparse.Namespace, characters: tf.Tensor, num_characters: int) -> tf.Tensor:
    # Exercise: one vector for each different word, from its letters.
    letters = tf.keras.layers.Embedding(num_characters, args.cle_dim)(characters)       # [U, C, E], U different words
    if args.cle == "rnn":
        return tf.keras.layers.Bidirectional(LSTM(args.cle_dim))(letters, mask=characters != 0)         # [U, 2 E]
    found = [tf.keras.layers.Conv1D(args.cle_dim, kernel, padding="same", activation="relu")(letters)
             for kernel in range(2, 6)]                                                 # prefixes, stems, suffixes
    return tf.keras.layers.Concatenate()([tf.keras.layers.GlobalMaxPooling1D()(each) for each in found])


def build_model(args: argparse.Namespace, num_words: int, num_characters: int, num_tags: int) -> tf.keras.Model:
    inputs = {name: tf.keras.layers.Input([None], dtype=tf.int32, name=name)
              for name in ("words", "spelling", "characters")}
    # Exercise: embed words, read each sentence from both sides, and give logits of tags.
    words, is_word = inputs["words"], inputs["words"] != 0                                              # [B, T]
    x = tf.keras.layers.Embedding(num_words, args.we_dim)(WordMasking(args.word_masking)(words))        # [B, T, E]
    if args.cle != "none":
        spelling = spelled(args, inputs["characters"], num_characters)                                  # [U, F]
        x = tf.keras.layers.Concatenate()([x, tf.gather(spelling, inputs["spelling"])])                 # [B, T, E + F]
    x = tf.keras.layers.Dropout(args.dropout)(x)
    reader = LSTM(args.rnn_dim, return_sequences=True)
    x = tf.keras.layers.Bidirectional(reader, merge_mode=args.merge)(x, mask=is_word)                   # [B, T, 2 H]
    x = tf.keras.layers.Dropout(args.dropout)(x)
    logits = tf.keras.layers.Dense(num_tags, name="logits")(x)                                          # [B, T, K]
    if args.crf:
        logits = ConditionalRandomField(num_tags, name="crf")(logits)
    return tf.keras.Model(inputs, logits)


def targets(batch):         # by the mask of the LSTM Keras leaves padding out of the loss, and divides by the words
    inputs = {name: batch[name] for name in ("words", "spelling", "characters")}
    return inputs, batch["tags"], tf.cast(batch["tags"] >= 0, tf.float32)       # -1: a tag not in train


def loss(model: tf.keras.Model, args: argparse.Namespace):
    if not args.crf:
        def crossentropy(tags, logits):                                                                 # -> [B, T]
            return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(tags, 0), logits)
        return crossentropy

    def negative_log_likelihood(tags, logits):                          # of a sentence, spread over its words
        tags = tf.cast(tags, tf.int32)
        total = model.get_layer("crf").negative_log_likelihood(tf.maximum(tags, 0), logits, tags >= 0)  # [B]
        return tf.repeat(total[:, tf.newaxis] / tf.maximum(1.0, count(tags >= 0)), tf.shape(tags)[1], axis=1)
    return negative_log_likelihood


def count(is_tag: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(is_tag, tf.float32), axis=-1, keepdims=True)                           # [B, 1]


def tagger(model: tf.keras.Model, args: argparse.Namespace):
    def tag(batch) -> tf.Tensor:                                        # -> numbers of the tags, [B, T]
        logits = model({name: batch[name] for name in ("words", "spelling", "characters")}, training=False)
        if args.crf:
            return model.get_layer("crf").decode(logits, batch["words"] != 0)
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
    return tag


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    sentences = data.load(args.dataset, args.data_dir, train_size=args.train_size, column=args.column,
                          among=data.TAGGING)
    model = run.build(build_model, num_words=len(sentences.words), num_characters=len(sentences.characters),
                      num_tags=len(sentences.tags))
    train = sentences.batches("train", args.batch_size, seed=args.seed)
    dev = sentences.batches("dev", args.batch_size)
    model.compile(optimizers.optimizer(args, model, steps_per_epoch=len(train)), loss(model, args),
                  weighted_metrics=["accuracy"], jit_compile=args.jit)
    tag = tagger(model, args)
    if sentences.spans:
        run.fit(model, train.map(targets), dev.map(targets), "val_f1", [npfl_kit.ScoreEntities(run, sentences, tag)])
    else:
        run.fit(model, train.map(targets), dev.map(targets))
    return npfl_kit.report_tagging(run, sentences, tag)


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
