"""Predictions are scored at home just as the course scores them, in a fraction of a second."""
import gzip
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest

from npfl_kit.cli import evaluate

COUNTS = {"train": 120, "t10k": 20}     # a tiny set in the format of MNIST: the last twelfth of train is dev


@pytest.fixture
def tiny(tmp_path):
    """Four idx files; gives their folder and the labels of dev and test."""
    labels = {}
    for part, count in COUNTS.items():
        labels[part] = np.arange(count) % 10
        for kind, shape, values in (("labels-idx1", [count], labels[part]),
                                    ("images-idx3", [count, 28, 28], np.zeros([count, 28, 28]))):
            header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
            (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + values.astype("u1").tobytes()))
    return tmp_path, {"dev": labels["train"][110:], "test": labels["t10k"]}


def score(command, tiny, predictions, split="test"):
    path = tiny[0] / "predictions.txt"
    path.write_text("".join(f"{each}\n" for each in predictions))
    return command("evaluate", "--dataset=mnist", f"--data_dir={tiny[0]}", f"--split={split}", path)


@pytest.mark.parametrize("split, count", [("dev", 10), ("test", 20)])
def test_right_answers_score_100_percent(command, tiny, split, count):
    code, out, err = score(command, tiny, tiny[1][split], split)

    assert (code, err) == (0, "")
    assert out == f"mnist {split} accuracy: 100.00 % ({count} of {count} right)\n"


def test_the_worst_classes_are_named_with_what_they_are_taken_for(command, tiny):
    answers = tiny[1]["test"].copy()
    answers[[3, 13, 5]] = 8, 8, 6

    code, out, _ = score(command, tiny, answers)

    assert code == 0
    assert out.splitlines() == ["mnist test accuracy: 85.00 % (17 of 20 right)",
                                "  3: 0.0 % of 2 right, most often taken for 8",
                                "  5: 50.0 % of 2 right, most often taken for 6"]


@pytest.mark.parametrize("predictions, said", [
    ([0] * 19, "19"), ([0] * 21, "20"), (["zero"] + [0] * 19, "predictions.txt"), ([10] + [0] * 19, "10"), ([], "20")])
def test_a_file_that_cannot_be_scored_is_a_sentence(command, tiny, predictions, said):
    code, out, err = score(command, tiny, predictions)

    assert code == 2 and out == "" and err.startswith("error: ") and said in err


def test_a_class_without_examples_is_never_among_the_worst():
    assert list(evaluate.worst_classes([[0, 0], [1, 1]], ["none", "half"])) == [
        "  half: 50.0 % of 2 right, most often taken for none"]


def test_scoring_never_imports_tensorflow_and_is_quick(tiny):
    path = tiny[0] / "predictions.txt"
    path.write_text("".join(f"{each}\n" for each in tiny[1]["test"]))
    code = ("import sys; from npfl_kit.cli import main; code = main.entry(sys.argv[1:]); "
            "sys.exit('imported' if {'tensorflow', 'keras', 'requests'} & set(sys.modules) else code)")
    seconds = []

    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, "evaluate", "--dataset=mnist", f"--data_dir={tiny[0]}",
                        "--split=test", path], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)

    assert statistics.median(seconds) < 2.0     # 0.4 s on an idle machine
