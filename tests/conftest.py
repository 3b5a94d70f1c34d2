"""Fixtures of all tests: the real data, seeds, and a cache and a working folder that no test leaves."""
import os
import pathlib

import pytest

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")     # the suite is for CPUs, and equal on every machine
import npfl_kit  # noqa: E402, F401  (quiets TensorFlow)

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder with `data/` and `golden/`; its tests are skipped, loudly, where it is absent."""
    folder = pathlib.Path(os.environ.get("NPFL_KIT_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"REAL DATA ABSENT: no {folder}/data; set NPFL_KIT_SHARED to the folder that holds it")
    return folder


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """Run each test in a folder of its own, with an empty cache and without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NPFL_KIT_OFFLINE", "1")
    monkeypatch.delenv("NPFL_KIT_DATA", raising=False)
