"""cnn_classification: whole runs, the commands around them, and every mistake as one sentence that leaves nothing."""
import gzip
import json
import math
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
import safetensors.numpy

from npfl_kit import lab_files
from npfl_kit.data import glyphs
from npfl_kit.train import weights

LAB = lab_files.find("cnn_classification")
COUNTS = {"train": 400, "dev": 90, "test": 70}
CNN = "C-8-5-2-same,CB-8-3-2-same,F,H-32,D-0.1"
QUICK = ["--threads=1", f"--cnn={CNN}", "--batch_size=8", "--learning_rate=0.002", "--epochs=4"]
RUN = ["run", "cnn_classification"]
PREDICTIONS = ["predictions.txt", "predictions_dev.txt"]
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"


@pytest.fixture(scope="module", autouse=True)
def few_glyphs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glyphs, "COUNTS", COUNTS)
        yield


@pytest.fixture
def kept(trained):
    return trained[0] / "weights.safetensors"


def results(folder):
    return json.loads((folder / "results.json").read_text())["metrics"]


def assert_same_answers(folder, other):
    for name in PREDICTIONS:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    assert results(folder) == results(other)


def idx_bytes(shape):
    values = np.zeros(shape) if len(shape) > 1 else np.arange(shape[0]) % 10
    return bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes() + values.astype("u1").tobytes()


@pytest.fixture
def digits(tmp_path):
    """A folder in the format of MNIST, with 120 blank digits to train on and 20 to test."""
    for part, count in (("train", 120), ("t10k", 20)):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes([count, 28, 28])))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes([count])))
    return tmp_path


def test_help_ends_well_and_shows_the_networks():
    done = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    for word in ("resnetD", "wide_resnet-D-K", "lenet5", "--stochastic_depth", "He et al. 2015"):
        assert word in done.stdout


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert set(metrics) == {"val_accuracy", "val_loss", "test_accuracy", "test_loss"}
    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())
    assert results(folder) == metrics
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    events = {name for name in files if "events.out.tfevents" in name}
    assert {name.split("/")[0] for name in events} == {"train", "validation"}
    assert files - events == {"config.json", "results.json", "history.csv", "weights.safetensors", *PREDICTIONS,
                              "checkpoint/last.safetensors", "plots/learning_curves.png",
                              "plots/confusion_matrix.png", "plots/worst_mistakes.png"}
    assert [len((folder / name).read_text().split()) for name in PREDICTIONS] == [COUNTS["test"], COUNTS["dev"]]
    assert len(set((folder / "predictions.txt").read_text().split())) > 3       # so that equal answers say something
    assert (folder / "history.csv").read_text().count("\n") == 5


def test_the_kept_epoch_is_the_one_reported(trained, kept):
    epoch = weights.metadata(kept)["metrics"]

    assert epoch["val_accuracy"] == pytest.approx(trained[1]["val_accuracy"], abs=1e-6)
    assert epoch["val_loss"] == pytest.approx(trained[1]["val_loss"], abs=1e-5)


@pytest.mark.slow
def test_two_runs_with_one_seed_are_equal_and_another_seed_differs(trained, command, tmp_path):
    for name, seed in (("again", 42), ("other", 43)):
        assert command(*RUN, *QUICK, f"--seed={seed}", f"--logdir={name}")[0] == 0

    assert_same_answers(tmp_path / "again", trained[0])
    assert (tmp_path / "again/history.csv").read_bytes() == (trained[0] / "history.csv").read_bytes()
    assert (tmp_path / "other/history.csv").read_bytes() != (trained[0] / "history.csv").read_bytes()


def test_predict_from_the_file_alone_answers_the_same(trained, kept, command, tmp_path):
    code, out, _ = command(*RUN, "--predict", f"--weights={kept}", "--logdir=again")

    assert code == 0 and "Accuracy" in out
    assert_same_answers(tmp_path / "again", trained[0])
    assert not (tmp_path / "again/weights.safetensors").exists()


def test_weights_shown_converted_to_keras_and_back_answer_the_same(trained, kept, command, tmp_path):
    code, out, _ = command("weights", "show", kept)
    assert code == 0 and out.startswith("lab: cnn_classification\n")
    assert re.search(r"^layer1_conv/kernel +F32 +5 x 5 x 3 x 8 +600$", out, re.MULTILINE)

    assert command("weights", "convert", kept, "k.weights.h5")[0] == 0
    assert command("weights", "convert", "k.weights.h5", "b.safetensors")[0] == 0
    assert command(*RUN, "--predict", "--weights=k.weights.h5", "--logdir=again")[0] == 0

    assert_same_answers(tmp_path / "again", trained[0])
    before, after = safetensors.numpy.load_file(kept), safetensors.numpy.load_file(tmp_path / "b.safetensors")
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name], err_msg=name)


@pytest.mark.parametrize("split, name, prefix", [("test", PREDICTIONS[0], "test"), ("dev", PREDICTIONS[1], "val")])
@pytest.mark.parametrize("change", [bytes, lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")],
                         ids=["as written", "BOM and CRLF"])
def test_evaluate_finds_the_accuracy_of_the_results(trained, command, tmp_path, split, name, prefix, change):
    (tmp_path / "p.txt").write_bytes(change((trained[0] / name).read_bytes()))

    code, out, _ = command("evaluate", "--dataset=glyphs", f"--split={split}", "p.txt")

    right, count = map(int, re.search(r"\((\d+) of (\d+) right\)", out).groups())
    assert code == 0 and right / count == trained[1][f"{prefix}_accuracy"]


@pytest.mark.parametrize("flags", [
    ["--model=resnet8", "--stochastic_depth=0.5", "--dropout=0.3", "--cutout=8", "--augment", "--label_smoothing=0.1"],
    pytest.param(["--model=wide_resnet-10-1", "--drop_block=0.1", "--norm=group", "--augment=crop_flip",
                  "--optimizer=adamw", "--weight_decay=0.01", "--warmup=1"], marks=pytest.mark.slow),
    pytest.param(["--model=lenet5", "--mixed_precision", "--image_size=40", "--decay=piecewise", "--optimizer=sgd"],
                 marks=pytest.mark.slow)], ids=lambda flags: flags[0][8:])
def test_regularization_trains_and_its_weights_predict(command, tmp_path, flags):
    quick = ["--threads=1", "--train_size=64", "--epochs=1", "--batch_size=32"]

    code, _, said = command(*RUN, *quick, *flags, "--logdir=run")
    assert command(*RUN, "--predict", "--weights=run/weights.safetensors", "--logdir=again")[0] == 0

    assert (code, said) == (0, "")
    assert_same_answers(tmp_path / "run", tmp_path / "again")


@pytest.mark.slow
def test_a_small_network_reads_digits(shared, command, tmp_path):
    flags = ["--threads=1", "--dataset=mnist", f"--data_dir={shared / 'data' / 'mnist'}", "--train_size=2000"]

    code, out, _ = command(*RUN, *flags, "--model=lenet5", "--epochs=4", "--batch_size=32", "--logdir=run")

    assert code == 0 and results(tmp_path / "run")["test_accuracy"] > 0.85
    following = [line.split() for line in out.splitlines() if line.startswith("  npfl-kit")]
    for verb in following:      # what a run says to type next, works
        assert command(*verb[1:])[0] == 0


@pytest.mark.parametrize("flags, said", [
    (["--model=resnet21"], r"CIFAR ResNet is 6 n \+ 2"), (["--model=lenet"], "did you mean lenet5"),
    (["--dataset=minst"], "did you mean mnist"), (["--augment=flip"], "did you mean crop_flip"),
    (["--dataset=mnist", "--data_dir=absent"], "no folder absent"), (["--dataset=folder"], "--data_dir=FOLDER"),
    (["--image_size=0"], "between 1 and 1024"), (["--image_size=20"], "28 to 64"),
    (["--train_size=401"], "between 1 and 400"),
    (["--model=lenet5", "--stochastic_depth=0.5"], "lenet5 has none.*leave --stochastic_depth out"),
    (["--model=alexnet"], "at least 64 x 64 pixels, these are 32 x 32; try --image_size=64"),
    (["--resume=absent"], "absent is no run folder"), (["--resume=."], "it has no config.json"),
    (["--predict"], "add --weights=FILE"), (["--predict", "--weights=absent.h5"], "no file absent.h5"),
], ids=lambda value: "_".join(value) if isinstance(value, list) else "")
def test_a_wrong_flag_is_a_sentence(refused, flags, said):
    assert re.search(said, refused(*RUN, *flags))


@pytest.mark.parametrize("text, mark", [("C-8-3-1-sam,F", "^~~~~"), ("C-8-3-1-same,X-2,F", "             ^\n"),
                                        ("CB-8-3-1-same", "^"), ("F,C-8-3-1-same", "^")])
def test_a_misspelt_network_is_shown_with_a_mark_under_the_mistake(refused, text, mark):
    _, shown, marked = refused(*RUN, f"--cnn={text}").splitlines(keepends=True)

    assert shown == f"    {text}\n" and mark in marked


@pytest.mark.parametrize("flag", ["--dropout=1.5", "--dropout=1", "--dropout=-0.1", "--drop_block=1.5", "--cutout=-3",
                                  "--stochastic_depth=1", "--label_smoothing=2", "--seed=-1", "--threads=-1",
                                  "--learning_rate=-1", "--learning_rate=nan", "--weight_decay=-1", "--warmup=inf",
                                  "--batch_size=0", "--train_size=0", "--epochs=0", "--epochs=two"])
def test_a_number_out_of_range_is_named_with_its_flag(command, tmp_path, flag):
    code, _, said = command(*RUN, "--model=resnet8", flag)

    name, _, value = flag.partition("=")
    assert code == 2 and name in said.splitlines()[-1] and value in said.splitlines()[-1]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", [IMAGES, LABELS])
@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data[:len(data) // 2],
                                    lambda data: gzip.compress(gzip.decompress(data)[:-7])],
                         ids=["empty", "gzip cut off", "array cut off"])
def test_a_broken_idx_file_is_named(digits, refused, name, change):
    (digits / name).write_bytes(change((digits / name).read_bytes()))

    assert name in refused(*RUN, *QUICK[:1], "--model=lenet5", "--dataset=mnist", f"--data_dir={digits}")


@pytest.mark.parametrize("data", [b"", b"no picture"], ids=["empty", "text"])
def test_a_broken_picture_is_named(refused, draw_class_folder, tmp_path, data):
    (draw_class_folder(tmp_path / "pictures", count=4) / "green" / "002.png").write_bytes(data)

    said = refused(*RUN, *QUICK[:1], "--model=lenet5", "--dataset=folder", "--data_dir=pictures")

    assert "green/002.png" in said and "not a whole picture" in said


def test_weights_of_another_network_are_refused_by_the_names_of_layers(kept, refused):
    assert re.search(r"layer2_conv/kernel: expected \[3, 3, 8, 4\], found \[3, 3, 8, 8\]",
                     refused(*RUN, "--predict", f"--weights={kept}", f"--cnn={CNN.replace('CB-8', 'CB-4')}"))
    assert "The file lacks: stage1_conv/kernel" in refused(*RUN, "--model=lenet5", f"--weights={kept}")


def test_weights_of_another_lab_are_refused(kept, refused, tmp_path):
    metadata = {"npfl_kit": json.dumps({**weights.metadata(kept), "lab": "cnn_manual"})}
    safetensors.numpy.save_file(safetensors.numpy.load_file(kept), tmp_path / "w.safetensors", metadata)

    said = refused(*RUN, "--predict", "--weights=w.safetensors")

    assert "belongs to the lab cnn_manual, not to cnn_classification" in said


@pytest.mark.parametrize("part", [0, 5, 0.5, -1], ids=str)
def test_truncated_weights_are_refused(kept, refused, tmp_path, part):
    data = kept.read_bytes()
    (tmp_path / "w.safetensors").write_bytes(data[:int(part * len(data)) if part == 0.5 else part])

    for flags in (["--predict"], ["--model=lenet5"]):
        assert "w.safetensors is no whole .safetensors file" in refused(*RUN, *flags, "--weights=w.safetensors")


def test_weights_with_a_link_to_another_file_are_refused(refused, tmp_path):
    for name, link in (("other", h5py.ExternalLink("secret.h5", "/kernel")), ("soft", h5py.SoftLink("/kernel"))):
        with h5py.File(tmp_path / f"{name}.weights.h5", "w") as file:
            file["layers/logits"] = link

        said = refused(*RUN, "--predict", f"--weights={name}.weights.h5")

        assert "layers/logits is a link" in said


def test_weights_for_other_classes_are_refused(kept, refused, draw_class_folder, tmp_path):
    draw_class_folder(tmp_path / "pictures", count=4)

    said = refused(*RUN, "--predict", f"--weights={kept}", "--dataset=folder", "--data_dir=pictures",
                   "--image_size=32", "--train_size=3")

    assert "was trained with num_classes = 34, and the data has 3" in said


@pytest.mark.parametrize("change, said", [
    (lambda lines: lines[:-1], r"expected 70 lines, one per example, found 69"),
    (lambda lines: [*lines, "0"], r"expected 70 lines, one per example, found 71"),
    (lambda lines: [*lines[:4], "seven", *lines[5:]], r"line 5: expected a class from 0 to 33, found 'seven'"),
    (lambda lines: [*lines[:4], "34", *lines[5:]], r"line 5: expected a class from 0 to 33, found '34'"),
    (lambda lines: [*lines[:4], "", *lines[5:]], r"line 5: .* found an empty line")],
    ids=["too few", "too many", "word", "class", "empty line"])
def test_predictions_that_cannot_be_scored_are_refused(trained, refused, tmp_path, change, said):
    lines = (trained[0] / "predictions.txt").read_text().splitlines()
    (tmp_path / "p.txt").write_text("\n".join(change(lines)) + "\n")

    assert re.search(said, refused("evaluate", "--dataset=glyphs", "--split=test", "p.txt"))


def test_a_run_folder_that_cannot_be_is_refused(trained, refused, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")

    assert "Cannot write file/config.json" in refused(*RUN, *QUICK, "--logdir=file")
    assert "Cannot write file/run/config.json" in refused(*RUN, *QUICK, "--logdir=file/run")
    assert "holds a run already" in refused(*RUN, *QUICK, f"--logdir={trained[0]}")

    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", forbidden)
    assert "Cannot write run/config.json: Permission denied" in refused(*RUN, *QUICK, "--logdir=run")


@pytest.mark.parametrize("flag, before", [("--seed=7", 42), ("--epochs=9", 4), ("--batch_size=3", 8),
                                          ("--cnn=F", re.escape(CNN)), ("--dataset=mnist", "glyphs")])
def test_resuming_with_another_configuration_is_refused(trained, refused, flag, before):
    assert re.search(f"was started with {flag.split('=')[0]}={before}, and now came {flag}",
                     refused(*RUN, f"--resume={trained[0]}", flag))


@pytest.mark.slow
def test_a_run_that_died_in_its_first_epoch_resumes_from_the_weights_it_was_given(kept, command, tmp_path):
    flags = ["--threads=1", "--debug", f"--cnn={CNN}", "--train_size=16", "--epochs=1", f"--weights={kept}"]
    assert command(*RUN, *flags, "--logdir=whole")[0] == 0
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/config.json").write_bytes((tmp_path / "whole/config.json").read_bytes())

    assert command(*RUN, "--resume=broken")[0] == 0

    assert_same_answers(tmp_path / "broken", tmp_path / "whole")
    assert (tmp_path / "broken/history.csv").read_bytes() == (tmp_path / "whole/history.csv").read_bytes()


def test_a_resumed_run_computes_as_before_unless_told_otherwise(trained):
    """Another number of threads adds in another order, and the last digits change."""
    parser = lab_files.load(LAB).parser

    resumed = parser.parse_args([f"--resume={trained[0]}"])
    elsewhere = parser.parse_args([f"--resume={trained[0]}", "--threads=3", "--data_dir=elsewhere"])

    assert (resumed.threads, resumed.data_dir, resumed.predict, resumed.logdir) == (1, None, False, trained[0])
    assert (elsewhere.threads, str(elsewhere.data_dir)) == (3, "elsewhere")


def test_resuming_to_predict_is_refused(trained, kept, refused):
    before = (trained[0] / "results.json").read_bytes()

    assert "--resume" in refused(*RUN, "--predict", f"--resume={trained[0]}", f"--weights={kept}")
    assert (trained[0] / "results.json").read_bytes() == before
