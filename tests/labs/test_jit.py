"""Training compiled with XLA, in a process of its own, as a student starts it."""
import subprocess
import sys

import pytest

from npfl_kit import lab_files


@pytest.mark.slow
@pytest.mark.parametrize("network", ["--model=resnet8", "--cnn=CB-8-3-1-same,M-2-2,F"])
def test_networks_of_every_pooling_train_under_jit(draw_class_folder, tmp_path, network):
    pictures = draw_class_folder(tmp_path / "pictures", count=10)

    ended = subprocess.run([sys.executable, lab_files.find("cnn_classification"), "--jit", network,
                            "--dataset=folder", f"--data_dir={pictures}", "--image_size=32", "--batch_size=8",
                            "--epochs=1", "--threads=2", f"--logdir={tmp_path / 'run'}"],
                           capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "run" / "results.json").exists()
