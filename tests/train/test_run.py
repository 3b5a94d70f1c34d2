"""A run trains, keeps, resumes and predicts; whatever moment it dies at, the numbers come out the same."""
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors
from npfl_kit.data import batches
from npfl_kit.train import weights


def numbers(folder):
    """Everything that a run computed: history, best weights, last state."""
    tensors = {}
    for name in ("weights.safetensors", "checkpoint/last.safetensors"):
        with weights.opened(folder / name) as file:
            tensors.update({f"{name}:{key}": file.get_tensor(key) for key in file.keys()})
    return (folder / "history.csv").read_text(), tensors


def assert_equal_numbers(folder, other):
    (history, tensors), (other_history, other_tensors) = numbers(folder), numbers(other)
    assert history == other_history
    assert tensors.keys() == other_tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, other_tensors[name], err_msg=name)


def die_at_rename(monkeypatch, count):
    """Let the process "die" at the given write: an exception that nothing catches, before the file gets its name."""
    calls, rename = iter(range(10**6)), os.replace

    def replace(source, target):
        if next(calls) == count:
            raise SystemError("killed")
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)


def test_a_run_writes_its_folder(train_lab, tmp_path):
    run, model = train_lab("--logdir=run", "--epochs=2")

    files = {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}
    assert {"config.json", "history.csv", "weights.safetensors", "checkpoint/last.safetensors"} <= files
    assert json.loads((run.folder / "config.json").read_text())["args"]["epochs"] == 2
    assert (run.folder / "history.csv").read_text().count("\n") == 3
    assert any("events.out.tfevents" in name for name in files)


@pytest.mark.slow
def test_two_runs_with_one_seed_are_equal(train_lab, tmp_path):
    train_lab("--logdir=a", "--seed=7")
    train_lab("--logdir=b", "--seed=7")
    train_lab("--logdir=c", "--seed=8")

    assert_equal_numbers(tmp_path / "a", tmp_path / "b")
    assert numbers(tmp_path / "a")[0] != numbers(tmp_path / "c")[0]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Where the unbroken run lies that the crashes are compared with; the first test that needs it trains it."""
    return tmp_path_factory.mktemp("unbroken") / "whole"


WRITES = 1 + 2 * 3 + 2     # config.json; in each of 3 epochs checkpoint and history; in at least two of them weights


@pytest.mark.parametrize("write", range(WRITES))
def test_death_at_any_write_then_resume_equals_the_unbroken_run(train_lab, tmp_path, unbroken, monkeypatch, write):
    flags = ["--epochs=3", "--debug"]     # without graphs such small trainings are quicker
    if not unbroken.exists():
        train_lab(f"--logdir={unbroken}", *flags)
    with monkeypatch.context() as patch:
        die_at_rename(patch, write)
        with pytest.raises(SystemError, match="killed"):
            train_lab("--logdir=broken", *flags)
    assert not list((tmp_path / "broken").rglob("*.part"))

    has_begun = (tmp_path / "broken" / "config.json").exists()
    train_lab("--debug", *(["--resume=broken"] if has_begun else ["--logdir=broken", "--epochs=3"]))

    assert_equal_numbers(tmp_path / "broken", unbroken)


def test_a_second_run_does_not_mix_with_the_first(train_lab):
    train_lab("--logdir=run", "--epochs=1", "--debug")

    with pytest.raises(errors.UsageError, match="run holds a run already. Continue it with --resume=run"):
        train_lab("--logdir=run", "--epochs=1", "--debug")


def test_a_run_that_died_in_its_first_epoch_may_start_again(train_lab, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("tensorflow.keras.Model.fit", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train_lab("--logdir=run", "--epochs=1", "--debug")

    run, _ = train_lab("--logdir=run", "--epochs=1", "--debug")

    assert len(run.history) == 1


def test_predictions_do_not_mix_with_another_run(train_lab):
    train_lab("--logdir=run", "--epochs=1", "--debug")

    with pytest.raises(errors.UsageError, match="run holds a run already"):
        train_lab("--predict", "--weights=run/weights.safetensors", "--logdir=run", "--debug")


def test_resume_of_a_finished_run_without_its_weights_names_those_of_the_last_epoch(train_lab, tmp_path):
    train_lab("--logdir=run", "--epochs=1", "--debug")
    (tmp_path / "run" / "weights.safetensors").unlink()

    with pytest.raises(errors.WeightsError, match="run/weights.safetensors is lost.*run/checkpoint/last.safetensors"):
        train_lab("--resume=run", "--debug")


def test_the_weights_of_the_last_epoch_predict(train_lab):
    train_lab("--logdir=run", "--epochs=1", "--debug")

    train_lab("--predict", "--weights=run/checkpoint/last.safetensors", "--debug")


@pytest.mark.parametrize("message, sentence", [
    ("run/events.out.tfevents.1; No space left on device", "Cannot write to run: .*No space left on device"),
    ("OOM when allocating tensor with shape[4096,4096]", "no memory left.*--batch_size=4")])
def test_a_full_disk_is_not_called_a_lack_of_memory(train_lab, monkeypatch, message, sentence):
    def exhausted(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, message)

    monkeypatch.setattr("tensorflow.keras.Model.fit", exhausted)
    with pytest.raises(errors.KitError, match=sentence):
        train_lab("--logdir=run")


def test_resume_of_a_finished_run_trains_nothing(train_lab, tmp_path):
    train_lab("--logdir=run", "--epochs=1", "--debug")
    before = numbers(tmp_path / "run")[0]

    train_lab("--resume=run", "--debug")

    assert numbers(tmp_path / "run")[0] == before


def test_the_kept_weights_are_those_of_the_best_epoch(train_lab, tmp_path):
    run, model = train_lab("--logdir=run", "--epochs=6", "--learning_rate=0.3", "--debug")

    accuracies = [logs["val_accuracy"] for logs in run.history]
    kept = weights.metadata(tmp_path / "run" / "weights.safetensors")
    assert kept["epoch"] == accuracies.index(max(accuracies)) + 1
    assert kept["metrics"]["val_accuracy"] == max(accuracies)


def test_predict_rebuilds_from_the_file_alone(train_lab, tmp_path, pictures):
    _, model = train_lab("--logdir=run", "--learning_rate=0.02", "--train_size=20")

    run, again = train_lab("--predict", "--weights=run/weights.safetensors")

    assert run.args.learning_rate == 0.02
    np.testing.assert_array_equal(model(pictures[0] / 255.0), again(pictures[0] / 255.0))
    assert [path.name for path in run.folder.iterdir()] == ["config.json"]
    assert run.args.train_size == 20       # a vocabulary depends on it


def test_weights_of_other_classes_are_refused(train_lab, tmp_path):
    run, model = train_lab("--logdir=run", "--epochs=1", "--debug")
    metadata = weights.metadata(tmp_path / "run" / "weights.safetensors")
    weights.save(model, tmp_path / "w.safetensors", {**metadata, "build": {"classes": 2}})

    with pytest.raises(errors.WeightsError, match="trained with classes = 2, and the data has 3.*--dataset=glyphs, "):
        train_lab("--predict", "--weights=w.safetensors", "--debug")


def test_weights_start_a_training(train_lab, tmp_path):
    train_lab("--logdir=first", "--epochs=1", "--debug")

    train_lab("--logdir=second", "--epochs=1", "--weights=first/weights.safetensors", "--debug")

    assert numbers(tmp_path / "first")[0] != numbers(tmp_path / "second")[0]


def test_a_loss_that_is_no_number_stops_with_the_reason(train_lab, tmp_path, monkeypatch):
    monkeypatch.setattr("npfl_kit.train.divergence.SECONDS_BETWEEN", 0.0)

    with pytest.raises(errors.TrainingError, match=r"loss became (nan|inf) in epoch \d.*learning rate .*Start again"):
        train_lab("--logdir=run", "--learning_rate=1e38")


def test_ctrl_c_keeps_finished_epochs_and_says_how_to_go_on(train_lab, tmp_path, monkeypatch, capsys):
    train_lab("--logdir=whole")
    count = iter(range(100))

    def interrupt(self, epoch, logs=None):
        self.epoch, self.epoch_started = epoch, 0.0
        if next(count) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("npfl_kit.train.progress.Progress.on_epoch_begin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_lab("--logdir=run")
    text = capsys.readouterr().err
    assert "Stopped in epoch 3 of 4" in text and "--resume=run" in text
    assert weights.metadata(tmp_path / "run" / "weights.safetensors")["epoch"] <= 2

    train_lab("--resume=run")

    assert_equal_numbers(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_resume_with_dropout_depends_on_the_generators(train_lab, tmp_path, monkeypatch):
    """The law above can fail: without setting the generators at each epoch, a resumed run draws other numbers."""
    monkeypatch.setattr("npfl_kit.train.randomness.SetGenerators.on_epoch_begin", lambda self, epoch, logs=None: None)
    train_lab("--logdir=whole", "--debug")
    with monkeypatch.context() as patch:
        die_at_rename(patch, 7)
        with pytest.raises(SystemError):
            train_lab("--logdir=broken", "--debug")

    train_lab("--resume=broken", "--debug")

    assert numbers(tmp_path / "broken")[0] != numbers(tmp_path / "whole")[0]


def test_a_metric_that_is_no_number_is_not_written(train_lab, tmp_path):
    run, _ = train_lab("--logdir=run", "--epochs=1", "--debug")

    with pytest.raises(errors.TrainingError, match="val_accuracy is nan"):
        run.finish({"val_accuracy": float("nan")})

    assert not (tmp_path / "run" / "results.json").exists()


def test_results_have_the_form_of_the_design(train_lab, tmp_path):
    run, _ = train_lab("--logdir=run", "--epochs=1", "--debug")

    run.finish({"val_accuracy": np.float32(0.5)})

    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert set(results) == {"lab", "metrics", "epochs", "seconds", "versions"}
    assert (results["lab"], results["metrics"], results["epochs"]) == ("some_lab", {"val_accuracy": 0.5}, 1)


def test_mixed_precision_resumes_too(train_lab, tmp_path, monkeypatch):
    train_lab("--logdir=whole", "--debug", "--mixed_precision")
    with monkeypatch.context() as patch:
        die_at_rename(patch, 7)
        with pytest.raises(SystemError):
            train_lab("--logdir=broken", "--debug", "--mixed_precision")

    train_lab("--resume=broken", "--debug")

    assert_equal_numbers(tmp_path / "broken", tmp_path / "whole")


def test_a_picture_that_breaks_while_training_is_a_sentence(train_lab, monkeypatch):
    class Broken:
        shape = (30, 4, 4, 1)

        def __getitem__(self, index):
            raise errors.DataError("cat/7.png is not a whole picture")

    monkeypatch.setattr("npfl_kit.data.batches.TrainBatches.__init__", patched_start(Broken()))

    with pytest.raises(errors.DataError, match="^cat/7.png is not a whole picture"):
        train_lab("--logdir=run", "--epochs=1")


def patched_start(images):
    start = batches.TrainBatches.__init__

    def begin(self, _, *rest):
        start(self, images, *rest)

    return begin


def test_weights_do_not_tell_where_they_were_made(train_lab, tmp_path):
    train_lab("--logdir=run", "--epochs=1", "--data_dir=/home/me/secret", "--debug")

    assert "data_dir" not in weights.metadata(tmp_path / "run" / "weights.safetensors")["args"]
    assert json.loads((tmp_path / "run" / "config.json").read_text())["args"]["data_dir"] == "/home/me/secret"


def test_resume_sweeps_what_a_killed_write_left(train_lab, tmp_path):
    train_lab("--logdir=run", "--epochs=1", "--debug")
    (tmp_path / "run" / ".weights.safetensors.123.part").write_bytes(b"half")

    train_lab("--resume=run", "--debug")

    assert not list((tmp_path / "run").rglob("*.part"))
