"""sentiment: whole runs on generated opinions, each pooling, and the picture of attention."""
import itertools
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import data, lab_files
from npfl_kit.train import attention_plots

LAB = lab_files.find("sentiment")
QUICK = ["--threads=1", "--we_dim=16", "--rnn_dim=8", "--epochs=8", "--train_size=400", "--batch_size=16",
         "--dropout=0.1", "--learning_rate=0.01"]
POOLINGS = ["last", "max", "mean", "attention"]


def built(lab, *flags):
    return lab.build_model(lab.parser.parse_args([*QUICK, *flags]), num_words=9, num_classes=2)


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert all(math.isfinite(value) for value in metrics.values())
    assert metrics["test_accuracy"] > 0.7
    assert json.loads((folder / "results.json").read_text())["metrics"] == metrics
    for name in ("predictions.txt", "plots/attention.png", "plots/confusion_matrix.png", "plots/learning_curves.png"):
        assert (folder / name).exists(), name


@pytest.mark.slow
def test_two_runs_are_equal_and_predict_writes_the_same_bytes(lab, trained, command, tmp_path):
    again = lab.main(lab.parser.parse_args([*QUICK, f"--logdir={tmp_path / 'again'}"]))
    code, _, said = command("run", "sentiment", "--predict", f"--weights={trained[0] / 'weights.safetensors'}",
                            f"--logdir={tmp_path / 'predicted'}")

    assert again == trained[1]
    assert code == 0, said
    for folder in ("again", "predicted"):
        assert (tmp_path / folder / "predictions.txt").read_bytes() == (trained[0] / "predictions.txt").read_bytes()


@pytest.mark.parametrize("pooling, units", [("last", 4), *itertools.product(POOLINGS[1:], [0, 4])])
def test_padding_changes_nothing(lab, pooling, units):
    model = built(lab, f"--pooling={pooling}", f"--rnn_dim={units}")

    alone = model({"words": tf.constant([[3, 4, 5]])})
    padded = model({"words": tf.constant([[3, 4, 5, 0, 0], [8, 7, 6, 5, 4]])})

    np.testing.assert_allclose(padded[0], alone[0], atol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_sentence_without_words_is_answered_with_finite_gradients(lab, pooling):
    model = built(lab, f"--pooling={pooling}")
    with tf.GradientTape() as tape:
        answer = model({"words": tf.constant([[0, 0], [3, 0]])}, training=True)
        value = tf.reduce_sum(answer ** 2)

    assert np.isfinite(answer).all()
    assert all(np.isfinite(tf.convert_to_tensor(each)).all() for each in tape.gradient(value, model.trainable_weights))


def test_attention_sums_to_one_over_the_words(lab):
    model = built(lab, "--pooling=attention")
    shares = tf.keras.Model(model.input, model.get_layer("attention").output)({"words": tf.constant([[3, 4, 0]])})

    assert float(tf.reduce_sum(shares)) == pytest.approx(1, abs=1e-5)
    assert float(shares[0, 2, 0]) == 0


def test_a_long_sentence_is_drawn_in_lines_that_fit():
    words, shares = ["word"] * 60, np.full(60, 1 / 60)

    lines = attention_plots.wrapped(words, shares, "positive")

    assert [word for line in lines for word, share in line if share is not None] == words
    assert 3 <= len(lines) <= 8
    attention_plots.attention([words, ["$x^2$", "<b>"]], [shares, np.array([0.9, 0.1])], ["positive", "negative"])


def test_words_that_are_no_english_are_drawn(tmp_path):
    opinions = data.load("opinions", train_size=10)
    assert opinions.words.ids(["no such word"]).tolist() == [1]
    attention_plots.attention([[]], [np.zeros(0)], ["negative"])


@pytest.mark.parametrize("flags, words", [
    (["--pooling=sum"], "invalid choice: 'sum'"), (["--dataset=morphology"], "choose another --dataset"),
    (["--pooling=last", "--rnn_dim=0"], "--pooling=last needs")])
def test_a_mistake_is_a_sentence(refused, flags, words):
    assert words in refused("run", "sentiment", *flags)
