"""tagger: whole runs on a tiny treebank, and the parts of the lab checked by hand."""
import csv
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import lab_files
from npfl_kit.train import randomness

LAB = lab_files.find("tagger")
SIZES = {"train": 120, "dev": 40, "test": 40}
QUICK = ["--threads=1", "--dataset=conllu", "--we_dim=8", "--cle_dim=8", "--rnn_dim=8", "--epochs=2", "--batch_size=8",
         "--learning_rate=0.02"]
VARIANTS = {"letters by a network": [], "letters by filters": ["--cle=cnn", "--merge=sum"],
            "words alone": ["--cle=none"], "sequences of tags": ["--crf"]}


def sentence(generator):
    """Words whose last letter is their tag; a third of them is new in each sentence."""
    words = []
    for _ in range(generator.integers(1, 9)):
        stem = "".join(generator.choice(list("klmnop"), generator.integers(1, 5)))
        words.append((stem + (tag := generator.choice(list("av"))), {"a": "NOUN", "v": "VERB"}[tag]))
    return words


@pytest.fixture(scope="module")
def treebank(tmp_path_factory):
    folder, generator = tmp_path_factory.mktemp("treebank"), np.random.default_rng(0)
    for part, count in SIZES.items():
        lines = ["".join(f"{place}\t{word}\t_\t{tag}\tX\t_\t0\t_\t_\t_\n"
                         for place, (word, tag) in enumerate(sentence(generator), 1)) for _ in range(count)]
        (folder / f"toy-{part}.conllu").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def quick(treebank):
    return [*QUICK, f"--data_dir={treebank}"]


def built(lab, *flags):
    args = lab.parser.parse_args([*QUICK, *flags])
    return args, lab.build_model(args, num_words=9, num_characters=7, num_tags=3)


def batch(words, lengths=None):
    words = tf.constant(words, tf.int32)
    return {"words": words, "spelling": tf.where(words > 0, 1 + words % 3, 0),
            "characters": tf.constant([[0, 0, 0], [2, 3, 4], [5, 0, 0], [6, 2, 0]], tf.int32)}


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert all(math.isfinite(value) for value in metrics.values())
    assert {"val_accuracy", "val_unknown", "test_accuracy", "test_unknown"} <= set(metrics)
    assert metrics["test_accuracy"] > 0.9 and metrics["test_unknown"] > 0.9      # the letters tell
    assert json.loads((folder / "results.json").read_text())["metrics"] == metrics
    for name in ("predictions.txt", "predictions_dev.txt", "history.csv", "weights.safetensors",
                 "plots/confusion_matrix.png", "plots/learning_curves.png"):
        assert (folder / name).exists(), name
    assert (folder / "predictions.txt").read_text().count("\n\n") == SIZES["test"]


def test_words_alone_do_not_know_unknown_words(lab, treebank, trained, tmp_path):
    alone = lab.main(lab.parser.parse_args([*QUICK, "--cle=none", f"--data_dir={treebank}",
                                            f"--logdir={tmp_path / 'alone'}"]))

    assert alone["test_unknown"] < 0.75 < trained[1]["test_unknown"]


@pytest.mark.slow
def test_two_runs_are_equal_and_predict_writes_the_same_bytes(lab, treebank, trained, command, tmp_path):
    again = lab.main(lab.parser.parse_args([*QUICK, f"--data_dir={treebank}", f"--logdir={tmp_path / 'again'}"]))
    code, _, said = command("run", "tagger", "--predict", f"--weights={trained[0] / 'weights.safetensors'}",
                            f"--data_dir={treebank}", f"--logdir={tmp_path / 'predicted'}")

    assert again == trained[1]
    assert code == 0, said
    for folder in ("again", "predicted"):
        for name in ("predictions.txt", "predictions_dev.txt"):
            assert (tmp_path / folder / name).read_bytes() == (trained[0] / name).read_bytes()


@pytest.mark.slow
def test_a_resumed_run_ends_with_the_numbers_of_the_unbroken_one(lab, treebank, trained, tmp_path, monkeypatch):
    class Interrupted(BaseException):
        pass

    def stops(self, epoch, logs=None):
        if epoch == 1:
            raise Interrupted
        return real(self, epoch, logs)
    real, flags = randomness.SetGenerators.on_epoch_begin, [*QUICK, f"--data_dir={treebank}"]
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(randomness.SetGenerators, "on_epoch_begin", stops)
        lab.main(lab.parser.parse_args([*flags, f"--logdir={tmp_path / 'run'}"]))

    resumed = lab.main(lab.parser.parse_args([f"--resume={tmp_path / 'run'}", f"--data_dir={treebank}"]))

    assert resumed == trained[1]


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--crf"]], ids=["tags alone", "sequences of tags"])
def test_of_entities_the_epoch_with_the_best_f1_is_kept(lab, tmp_path, flags):
    generator = np.random.default_rng(0)
    for part, count in SIZES.items():
        lines = ["".join(f"{word}\t{'B-X' if tag == 'NOUN' else 'O'}\n" for word, tag in sentence(generator))
                 for _ in range(count)]
        (tmp_path / f"{part}.iob2").write_text("\n".join(lines))

    metrics = lab.main(lab.parser.parse_args([*QUICK, "--dataset=iob2", f"--data_dir={tmp_path}", "--epochs=3",
                                              "--learning_rate=0.01", f"--logdir={tmp_path / 'run'}", *flags]))

    with open(tmp_path / "run" / "history.csv") as file:
        seen = [float(row["val_f1"]) for row in csv.DictReader(file)]
    assert metrics["val_f1"] == pytest.approx(max(seen)) and len(set(seen)) > 1 and max(seen) > 0.5


def test_evaluate_finds_the_accuracy_of_the_results(treebank, trained, command):
    code, printed, said = command("evaluate", "--dataset=conllu", f"--data_dir={treebank}", "--split=test",
                                  trained[0] / "predictions.txt")

    assert code == 0, said
    assert f"{100 * trained[1]['test_accuracy']:.2f}" in printed


@pytest.mark.parametrize("flags", VARIANTS.values(), ids=VARIANTS.keys())
def test_padding_changes_nothing(lab, flags):
    args, model = built(lab, *flags)
    alone = model(batch([[3, 4, 5]]))
    padded = model(batch([[3, 4, 5, 0, 0], [8, 7, 6, 5, 4]]))

    np.testing.assert_allclose(padded[0, :3], alone[0], atol=1e-5)


@pytest.mark.parametrize("flags", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("tags", [[[0, 1, 2, -1], [1, -1, -1, -1]], [[-1] * 4, [-1] * 4]])
def test_the_loss_is_the_mean_over_the_words_that_have_a_tag(lab, flags, tags):
    args, model = built(lab, *flags)
    model.compile(loss=lab.loss(model, args))
    words = [[3, 4, 5, 0], [8, 0, 0, 0]]
    inputs, gold, weights = lab.targets({**batch(words), "tags": tf.constant(tags)})

    found = model.evaluate(tf.data.Dataset.from_tensors((inputs, gold, weights)), verbose=0)

    if not args.crf:
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(np.maximum(tags, 0), model(inputs)).numpy()
        assert found == pytest.approx(float((nats * weights).numpy().sum()) / 4, abs=1e-5)
    assert math.isfinite(found) and (found > 0 or max(map(max, tags)) < 0)


def test_sentences_without_words_have_a_finite_loss_and_finite_gradients(lab):
    for flags in VARIANTS.values():
        args, model = built(lab, *flags)
        loss, inputs = lab.loss(model, args), batch([[0, 0], [0, 0]])
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(loss(tf.fill([2, 2], -1), model(inputs, training=True)))
        gradients = tape.gradient(value, model.trainable_variables)

        assert math.isfinite(float(value))
        assert all(np.isfinite(tf.convert_to_tensor(each)).all() for each in gradients if each is not None)


def test_the_random_field_decodes_the_most_likely_sequence(lab):
    args, model = built(lab, "--crf")
    found = lab.tagger(model, args)(batch([[3, 4, 5, 0], [8, 0, 0, 0]]))

    assert found.dtype == tf.int32
    assert (np.array(found) == -1).tolist() == [[False, False, False, True], [False, True, True, True]]
    assert int(tf.reduce_max(found)) < 3


@pytest.mark.parametrize("flags, words", [
    (["--column=pos"], "column"), (["--cle_dim=0"], "--cle_dim"), (["--word_masking=1"], "--word_masking"),
    (["--dataset=mnist"], "choose another --dataset")])
def test_a_mistake_is_a_sentence(refused, flags, words):
    assert words in refused("run", "tagger", *flags)
