"""The folders `labs` and `datasets` are found in a clone, in an environment, or where the user says."""
import sys

import pytest

from npfl_kit import errors, home


def test_the_clone_around_the_package_comes_first(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)

    assert (home.folder("datasets") / "mnist" / "manifest.toml").is_file()


def test_an_installed_copy_is_found_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)
    monkeypatch.setattr(home, "__file__", str(tmp_path / "site-packages" / "npfl_kit" / "home.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / "site-packages" / "datasets").mkdir(parents=True)   # of another package
    (tmp_path / "share" / "npfl_kit" / "datasets").mkdir(parents=True)

    assert home.folder("datasets") == tmp_path / "share" / "npfl_kit" / "datasets"


def test_the_home_that_the_user_names_is_the_only_one(tmp_path, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path))

    with pytest.raises(errors.KitError, match="'labs'.*NPFL_KIT_HOME"):
        home.folder("labs")
