"""sequence_classification: the course's parity, its networks and both clippings, whole runs, and mistakes in flags."""
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import lab_files
from npfl_kit.data import parity
from npfl_kit.scoring import tag_lines
from npfl_kit.train import weights

LAB = lab_files.find("sequence_classification")
RUN = ["run", "sequence_classification"]
QUICK = ["--threads=1", "--train_sequences=120", "--test_sequences=50", "--sequence_length=6", "--epochs=3",
         "--learning_rate=0.02"]


def results(folder):
    return json.loads((folder / "results.json").read_text())["metrics"]


def test_help_ends_well_and_shows_the_flags_of_all_years():
    done = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stderr) == (0, "")
    words = "Run:", "Try:", "Read:", "--rnn_cell ", "--rnn_cell_dim", "--clip_norm", "--sequence_dim", "--resume"
    assert all(word in done.stdout for word in words)


def test_the_defaults_are_those_of_the_course(lab):
    args = lab.parser.parse_args([])

    network = args.batch_size, args.epochs, args.rnn, args.rnn_dim, args.hidden_layer, args.clip_gradient
    assert network == (16, 20, "LSTM", 10, 0, None)
    sizes = args.sequence_dim, args.sequence_length, args.train_sequences, args.test_sequences
    assert sizes == (1, 50, 10_000, 1000)


def test_older_names_of_flags_mean_the_same(lab):
    args = lab.parser.parse_args(["--rnn_cell=GRU", "--rnn_cell_dim=7"])

    assert (args.rnn, args.rnn_dim) == ("GRU", 7)


@pytest.mark.parametrize("flags, parameters", [(["--rnn=SimpleRNN"], 120 + 11), (["--rnn=LSTM"], 480 + 11),
                                               (["--rnn=GRU"], 390 + 11), (["--hidden_layer=50"], 480 + 550 + 51),
                                               (["--sequence_dim=3", "--rnn_dim=5"], 4 * 5 * (3 + 5 + 1) + 6)])
def test_parameters_are_those_of_the_course(lab, flags, parameters):
    args = lab.parser.parse_args(flags)

    model = lab.build_model(args, args.sequence_dim)

    assert model.count_params() == parameters
    assert model(tf.zeros([2, 9, args.sequence_dim])).shape == [2, 9, 1]


@pytest.mark.parametrize("dimension", [1, 3])
def test_the_data_follow_no_seed_but_that_of_the_course(lab, dimension):
    flags = [*QUICK, "--seed=7", f"--sequence_dim={dimension}"]

    train, test = lab.sequences(lab.parser.parse_args(flags))
    fewer, _ = lab.sequences(lab.parser.parse_args([*flags, "--train_size=30"]))

    for (numbers, answers), (count, seed) in ((train, (120, 42)), (test, (50, 43)), (fewer, (30, 42))):
        true = parity.sequences(count, 6, dimension, seed)
        np.testing.assert_array_equal(numbers, true[0])
        np.testing.assert_array_equal(answers, true[1])


@pytest.mark.parametrize("norm, lengths", [("variable", [1.0, 1.0, 0.5]), ("global", [3 / 5, 4 / 5, 0.5 / 5])])
def test_both_meanings_of_clipping(lab, norm, lengths):
    """Three weights with gradients of norm 3, 4 and 0.5, clipped to 1; together they have the norm 5.02."""
    optimizer = lab.optimizer(lab.parser.parse_args(["--clip_gradient=1", f"--clip_norm={norm}"]))
    gradients = [tf.constant([3.0, 0]), tf.constant([[0, -4.0]]), tf.constant([0.5])]

    clipped = optimizer._clip_gradients(gradients)

    np.testing.assert_allclose([tf.norm(each) for each in clipped], lengths, rtol=0.01)
    for each, gradient in zip(clipped, gradients):
        np.testing.assert_allclose(each / tf.norm(each), gradient / tf.norm(gradient), rtol=1e-5)


def test_nothing_is_clipped_unless_asked_for(lab):
    optimizer = lab.optimizer(lab.parser.parse_args(["--clip_norm=global"]))

    assert (optimizer.clipnorm, optimizer.global_clipnorm) == (None, None)


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert set(metrics) == {"val_accuracy", "val_loss", "val_sequences"}
    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())
    assert results(folder) == metrics
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if "events.out.tfevents" not in name} == {
        "config.json", "results.json", "history.csv", "weights.safetensors", "predictions.txt",
        "checkpoint/last.safetensors", "plots/learning_curves.png"}


def test_the_kept_epoch_is_the_one_reported(trained):
    epoch = weights.metadata(trained[0] / "weights.safetensors")["metrics"]

    assert epoch["val_accuracy"] == pytest.approx(trained[1]["val_accuracy"], abs=1e-6)
    assert epoch["val_loss"] == pytest.approx(trained[1]["val_loss"], abs=1e-5)


def test_predictions_are_what_was_scored(trained):
    _, gold = parity.sequences(50, 6, 1, parity.TEST_SEED)

    answers = np.array(tag_lines.read(trained[0] / "predictions.txt", [6] * 50)) == "1"

    right = answers == gold[..., 0]
    assert 0.3 < answers.mean() < 0.9
    assert (right.mean(), right.all(axis=1).mean()) == (trained[1]["val_accuracy"], trained[1]["val_sequences"])


def test_predict_from_the_file_alone_answers_the_same(trained, command, tmp_path):
    kept = trained[0] / "weights.safetensors"

    code, out, _ = command(*RUN, "--predict", f"--weights={kept}", "--logdir=again")

    assert code == 0 and "Accuracy at step 1: " in out
    assert results(tmp_path / "again") == trained[1]
    assert (tmp_path / "again/predictions.txt").read_bytes() == (trained[0] / "predictions.txt").read_bytes()


def test_predict_takes_sequences_of_another_length(trained, command, tmp_path):
    kept = trained[0] / "weights.safetensors"

    assert command(*RUN, "--predict", f"--weights={kept}", "--sequence_length=11", "--logdir=long")[0] == 0

    assert len(tag_lines.read(tmp_path / "long/predictions.txt", [11] * 50)) == 50


@pytest.mark.slow
def test_a_stopped_run_resumes_to_the_numbers_of_the_unbroken_one(trained, lab, command, tmp_path, monkeypatch):
    def stop(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(tf.keras.callbacks.TensorBoard, "on_epoch_begin", stop)
    assert command(*RUN, *QUICK, "--logdir=broken")[0] == 130
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)

    assert command(*RUN, "--resume=broken")[0] == 0

    for name in ("history.csv", "predictions.txt"):
        assert (tmp_path / "broken" / name).read_bytes() == (trained[0] / name).read_bytes(), name
    assert results(tmp_path / "broken") == trained[1]


@pytest.mark.parametrize("flags", [["--rnn=SimpleRNN", "--hidden_layer=4", "--clip_gradient=0.1"],
                                   ["--rnn=GRU", "--sequence_dim=3", "--clip_gradient=1", "--clip_norm=global"],
                                   ["--mixed_precision", "--sequence_length=1", "--train_size=5"]],
                         ids=lambda flags: flags[0][2:])
def test_every_network_trains(command, tmp_path, flags):
    code, _, said = command(*RUN, *QUICK, "--epochs=1", *flags, "--logdir=run")

    assert (code, said) == (0, "")
    assert all(math.isfinite(value) for value in results(tmp_path / "run").values())


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_it_learns_parity(command, tmp_path, cell):
    flags = ["--threads=2", "--train_sequences=3000", "--test_sequences=300", "--sequence_length=15", "--epochs=4",
             "--learning_rate=0.01"]

    assert command(*RUN, *flags, f"--rnn={cell}", "--logdir=run")[0] == 0

    assert results(tmp_path / "run")["val_accuracy"] > 0.99


@pytest.mark.parametrize("flags, said", [
    (["--rnn=RNN"], "--rnn.*invalid choice: 'RNN'"), (["--clip_norm=value"], "invalid choice"),
    (["--dataset=mnist"], "no data set of this lab 'mnist'.*Known: parity"),
    (["--train_size=121"], "--train_size=121 is more than --train_sequences=120"),
    (["--rnn_dim=0"], "--rnn_dim.*at least 1"), (["--sequence_length=0"], "--sequence_length.*at least 1"),
    (["--clip_gradient=-1"], "--clip_gradient.*at least 0"), (["--hidden_layer=-1"], "--hidden_layer.*at least 0"),
    (["--predict"], "add --weights=FILE"),
], ids=lambda value: "_".join(value) if isinstance(value, list) else "")
def test_a_wrong_flag_is_a_sentence(refused, flags, said):
    assert re.search(said, refused(*RUN, *QUICK, *flags))


def test_weights_for_another_dimension_are_refused(trained, refused):
    said = refused(*RUN, "--predict", f"--weights={trained[0] / 'weights.safetensors'}", "--sequence_dim=4")

    assert "was trained with dimension = 1, and the data has 4" in said
