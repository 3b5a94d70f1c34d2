"""What is installed: every lab and every data set's card, also without the checkout."""
import configparser
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]


FOLDERS = sorted(path for path in [*ROOT.glob("labs/*"), *ROOT.glob("datasets/*")] if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_lab_and_data_set_is_packaged(folder):
    if folder.name == "__pycache__":
        return
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    place = folder.relative_to(ROOT).as_posix()

    assert config["options.data_files"][f"share/npfl_kit/{place}"] == f"{place}/*"
