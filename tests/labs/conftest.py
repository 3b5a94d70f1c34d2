"""Commands run in this process, mistakes that must leave nothing behind, and pictures in class folders."""
import sys

import numpy as np
import pytest
from PIL import Image

from npfl_kit import lab_files
from npfl_kit.cli import main


@pytest.fixture(scope="module")
def lab(request):
    """The lab whose file the module calls `LAB`."""
    return lab_files.load(request.module.LAB)


@pytest.fixture(scope="module")
def quick(request):
    """The flags of a short run, which the module calls `QUICK`; one that makes its data overrides this."""
    return request.module.QUICK


@pytest.fixture(scope="module")
def trained(lab, quick, tmp_path_factory):
    """The folder and the metrics of a short run."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    return folder, lab.main(lab.parser.parse_args([*quick, f"--logdir={folder}"]))


@pytest.fixture
def command(capsys, monkeypatch):
    """Run `npfl-kit` with these arguments; gives exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main.entry([str(each) for each in arguments])
        except SystemExit as ended:
            code = ended.code
        return (code, *capsys.readouterr())
    return run


@pytest.fixture
def refused(command, tmp_path):
    """Run a command that must be refused in one sentence, with no file made or changed; gives the sentence."""
    def run(*arguments):
        before = contents(tmp_path)
        code, _, said = command(*arguments)
        assert code == 2, said
        assert said.startswith("error: ") and said.count("error:") == 1 and "Traceback" not in said
        assert contents(tmp_path) == before
        return said
    return run


def contents(folder):
    """Every path below a folder, with the bytes of files."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture(scope="session")
def draw_class_folder():
    """Fill a folder with noisy pictures of 16 x 16 pixels, one color per class; gives the folder."""
    def draw(folder, classes=("blue", "green", "red"), count=20):
        generator = np.random.default_rng(0)
        for index, name in enumerate(classes):
            (folder / name).mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 160, [16, 16, 3])
                pixels[..., index % 3] += 60
                Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number:03}.png")
        return folder
    return draw


@pytest.fixture(autouse=True)
def usual_tensorflow():
    """Leave no lab's precision or eager mode to the next test."""
    yield
    if "tensorflow" in sys.modules:
        tf = sys.modules["tensorflow"]
        tf.keras.mixed_precision.set_global_policy("float32")
        tf.config.run_functions_eagerly(False)
