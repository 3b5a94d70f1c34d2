"""A training is killed again and again, by the system's own signals, and ends with the numbers of an unbroken one."""
import json
import random
import shlex
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import safetensors.numpy

from npfl_kit import lab_files

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-c", "import sys; from npfl_kit.cli import main; sys.exit(main.entry())"]
START, EPOCH, FIRST, LAST = "epochs 1 to", "Epoch ", "Epoch 1/6", "Epoch 6/6"
FLAGS = ["--dataset=folder", "--threads=1", "--batch_size=3", "--epochs=6", "--cnn=C-8-3-2-same,CB-8-3-1-same,F,D-0.4",
         "--augment=affine", "--cutout=4", "--warmup=1"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, draw_class_folder):
    """Sixty tiny pictures of three classes."""
    return draw_class_folder(tmp_path_factory.mktemp("data") / "my pictures", count=20)


@pytest.fixture
def start(pictures):
    """Start the lab in a process of its own; gives the process."""
    processes = []

    def begin(*flags, program=(sys.executable, lab_files.find("cnn_classification"))):
        processes.append(subprocess.Popen([*map(str, program), *flags, f"--data_dir={pictures}"], text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def hear_ctrl_c():
    """A shell lets its background jobs ignore Ctrl-C, and their children inherit it; here it must be heard."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(process, words):
    """Read the output up to a line with the words; gives what was read."""
    lines = []
    alarm = threading.Timer(60, process.kill)
    alarm.start()
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    alarm.cancel()
    assert lines and words in lines[-1], f"{words!r} never came: {lines} {process.stderr.read()}"
    return lines


def finish(process):
    """Wait for a good end; gives the output."""
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return out


def numbers(folder):
    """What a run computed: its text files, its metrics, the tensors of its best and of its last epoch."""
    texts = {name: (folder / name).read_bytes() for name in ("history.csv", "predictions.txt", "predictions_dev.txt")}
    results = json.loads((folder / "results.json").read_text())
    tensors = {name: safetensors.numpy.load_file(folder / name)
               for name in ("weights.safetensors", "checkpoint/last.safetensors")}
    return texts, {"metrics": results["metrics"], "epochs": results["epochs"]}, tensors


def assert_equal_numbers(folder, other):
    (texts, results, files), (other_texts, other_results, other_files) = numbers(folder), numbers(other)
    assert texts == other_texts
    assert results == other_results
    assert len(set(texts["predictions.txt"].split())) > 1
    for name, tensors in files.items():
        assert tensors.keys() == other_files[name].keys()
        for key, tensor in tensors.items():
            np.testing.assert_array_equal(tensor, other_files[name][key], err_msg=f"{name}: {key}")


def test_a_run_that_is_killed_five_times_equals_an_unbroken_one(start, tmp_path):
    process = start(*FLAGS, "--logdir=whole")
    wait_for(process, FIRST)
    begun = time.monotonic()
    wait_for(process, LAST)
    epoch_seconds = (time.monotonic() - begun) / 5
    finish(process)
    delays = random.Random(42)

    process = start(*FLAGS, "--logdir=broken")
    for words in (START, EPOCH, EPOCH, EPOCH, LAST):      # before the first epoch ends, in the middle, in the report
        wait_for(process, words)
        time.sleep(delays.uniform(0, 1.2 if words == EPOCH else 0.8) * epoch_seconds)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        process = start("--resume=broken")
    finish(process)

    assert_equal_numbers(tmp_path / "broken", tmp_path / "whole")


@pytest.mark.parametrize("program", [[sys.executable, lab_files.find("cnn_classification")],
                                     [*CLI, "run", "cnn_classification"]], ids=["script", "npfl-kit"])
def test_ctrl_c_says_how_to_go_on_and_its_weights_predict(start, tmp_path, program):
    process = start(*FLAGS, "--logdir=my run", program=program)
    wait_for(process, FIRST)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in said and said.splitlines()[-1].startswith("Stopped in epoch ")
    command = shlex.split(said.partition("Go on with: ")[2])
    assert command[:2] == ["npfl-kit", "run"] and "--resume=my run" in command
    assert "Accuracy" in finish(start("--predict", "--weights=my run/weights.safetensors", "--logdir=predicted"))
    assert (tmp_path / "predicted" / "predictions.txt").read_text().count("\n") == 6

    done = subprocess.run([*CLI, *command[1:]], capture_output=True, text=True)     # as it says, without more

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "my run" / "history.csv").read_text().count("\n") == 7
