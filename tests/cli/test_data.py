"""The data sets as a user sees them from the command line."""
import re

import pytest

from npfl_kit import data
from npfl_kit.data import manifest


@pytest.fixture(autouse=True)
def our_home(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)


def test_the_list_has_every_data_set_its_size_and_place(command):
    code, out, _ = command("data", "list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(data.NAMES)
    assert re.search(r"^mnist +11\.6 MB +absent +MNIST", out, re.MULTILINE)


def test_the_list_says_where_the_files_are(command, tmp_path, monkeypatch):
    (tmp_path / "my" / "cifar10").mkdir(parents=True)
    (tmp_path / "cache" / "imagenette" / "imagenette2-160").mkdir(parents=True)
    (tmp_path / "cache" / "mnist").mkdir()
    (tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz.part").write_bytes(b"begun")
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "my"))

    _, out, _ = command("data", "list")

    assert str(tmp_path / "my" / "cifar10") in out
    assert re.search(f"^imagenette .* {tmp_path / 'cache' / 'imagenette'} ", out, re.MULTILINE)
    assert f"in part in {tmp_path / 'cache' / 'mnist'}" in out


@pytest.mark.parametrize("name", manifest.names())
def test_show_gives_card_counts_and_element_without_the_files(command, name):
    facts = manifest.read(name)

    code, out, _ = command("data", "show", name)

    assert code == 0
    assert out.startswith("# ") and "licence" in out
    assert re.search(rf"^all +{facts.splits['train']:,} +{facts.splits['dev']:,} ", out, re.MULTILINE)
    assert all(each in out for each in facts.classes)
    assert f"uint8 {list(facts.image_shape)}" in out and f"npfl-kit data get {name}" in out


def test_show_counts_the_classes_of_files_that_are_here(command, shared):
    code, out, _ = command("data", "show", "mnist", f"--data_dir={shared / 'data'}")

    assert code == 0
    assert re.search(r"^all +55,000 +5,000 +10,000$", out, re.MULTILINE)
    assert re.search(r"^1 +6,212 +530 +1,135$", out, re.MULTILINE)      # 1,135 ones: the official test part
    assert str(shared / "data" / "mnist") in out


def test_get_without_a_network_says_how_to_go_on(command):
    code, _, err = command("data", "get", "mnist")

    assert code == 2 and "train-images-idx3-ubyte.gz" in err and "--data_dir" in err


def test_get_of_a_generated_set_has_nothing_to_do(command):
    code, out, _ = command("data", "get", "glyphs")

    assert code == 0 and "never downloaded" in out


@pytest.mark.parametrize("action", ["show", "get", "verify"])
def test_an_unknown_name_offers_the_nearest(command, action):
    code, _, err = command("data", action, "minst")

    assert code == 2 and "did you mean mnist" in err


def test_verify_of_the_bundle_finds_the_official_content(command, shared):
    code, out, _ = command("data", "verify", "mnist", f"--data_dir={shared / 'data'}")

    assert code == 0 and out.count("another gzip wrapper") == 4


def test_verify_of_an_absent_set_names_each_missing_file_and_ends_with_1(command):
    code, out, _ = command("data", "verify", "mnist")

    assert code == 1 and out.count("missing") == 4


@pytest.mark.parametrize("name", ["glyphs", "folder"])
def test_verify_of_a_set_without_official_files_says_so(command, name):
    code, out, err = command("data", "verify", name)

    assert code == 0 and "nothing to verify" in out, err
