"""The data sets as a user sees them from the command line."""
import re
import shutil

import pytest
from PIL import Image

from npfl_kit import data
from npfl_kit.data import cifar10, imagenette, manifest


@pytest.fixture(autouse=True)
def our_home(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)


def test_the_list_has_every_data_set_its_size_and_place(command):
    code, out, _ = command("data", "list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(data.NAMES)
    assert re.search(r"^mnist +11\.6 MB +absent +MNIST", out, re.MULTILINE)


def write_pictures(folder, classes, count=3):
    """So many pictures of each class, all of one color."""
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (32, 32), (label, 0, 0)).save(folder / name / f"{number}.png")


def test_the_list_says_where_the_files_are(command, tmp_path, monkeypatch):
    write_pictures(tmp_path / "pictures", cifar10.CLASSES)
    shutil.make_archive(tmp_path / "my" / "cifar10" / "pictures", "zip", tmp_path / "pictures")
    write_pictures(tmp_path / "cache" / "imagenette" / "imagenette2-160" / "train", imagenette.WORDNET_IDS)
    (tmp_path / "cache" / "mnist").mkdir()
    (tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz.part").write_bytes(b"begun")
    (tmp_path / "my" / "fashion_mnist").mkdir()
    (tmp_path / "my" / "fashion_mnist" / "pictures.zip").write_bytes(b"no zip")
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "my"))

    _, out, _ = command("data", "list")

    assert re.search(f"^cifar10 .* {tmp_path / 'my' / 'cifar10'} ", out, re.MULTILINE)
    assert re.search(f"^imagenette .* {tmp_path / 'cache' / 'imagenette'} ", out, re.MULTILINE)
    assert f"in part in {tmp_path / 'cache' / 'mnist'}" in out
    assert "broken; type: npfl-kit data verify fashion_mnist" in out


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


@pytest.mark.parametrize("folder", ["data", "data/mnist"])
def test_verify_looks_where_load_looks(command, shared, monkeypatch, folder):
    monkeypatch.setenv("NPFL_KIT_DATA", str(shared / folder))

    code, out, _ = command("data", "verify", "mnist")

    assert code == 0 and out.count("another gzip wrapper") == 4
    assert str(shared / "data" / "mnist") in command("data", "list")[1]


def test_verify_of_a_variable_without_the_set_goes_on_to_the_cache(command, shared, tmp_path, monkeypatch):
    shutil.copytree(shared / "data" / "mnist", tmp_path / "cache" / "mnist")
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path))

    assert command("data", "verify", "mnist")[1].count("another gzip wrapper") == 4


def test_verify_finds_the_official_files_where_the_reader_does(command, shared, tmp_path):
    shutil.copytree(shared / "data" / "mnist", tmp_path / "here" / "MNIST" / "raw")

    code, out, _ = command("data", "verify", "mnist", f"--data_dir={tmp_path / 'here'}")

    assert code == 0 and out.count("another gzip wrapper") == 4


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_verify_of_class_folders_says_that_no_digest_is_official_and_reads_all(command, tmp_path, form):
    here = tmp_path / "here"
    write_pictures(tmp_path / "cifar10", cifar10.CLASSES, count=4)
    if form == "zip":
        shutil.make_archive(here / "pictures", "zip", tmp_path / "cifar10")
    else:
        shutil.move(tmp_path / "cifar10", here)

    code, out, _ = command("data", "verify", "cifar10", f"--data_dir={here}")

    assert code == 0
    assert out == (f"unofficial  {'pictures.zip' if form == 'zip' else 'here'}  no official digest is of this form; "
                   f"all 40 pictures are whole: "
                   f"train 20 (official 45,000), dev 10 (official 5,000), test 10 (official 10,000)\n")


def test_verify_of_class_folders_names_a_broken_picture(command, tmp_path):
    write_pictures(tmp_path / "here", cifar10.CLASSES)
    (tmp_path / "here" / "cat" / "1.png").write_bytes(b"junk")

    code, _, err = command("data", "verify", "cifar10", f"--data_dir={tmp_path / 'here'}")

    assert code == 2 and "cat/1.png in" in err and "not a whole picture" in err


def test_verify_of_a_file_that_was_cut_off_ends_with_1(command, shared, tmp_path, monkeypatch):
    name = "t10k-labels-idx1-ubyte.gz"
    shutil.copytree(shared / "data" / "mnist", tmp_path / "sets" / "mnist", copy_function=shutil.copyfile)
    (tmp_path / "sets" / "mnist" / name).write_bytes(b"cut off")
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "sets"))

    code, out, _ = command("data", "verify", "mnist")

    assert code == 1 and re.search(f"^wrong +{name} +7 bytes instead", out, re.MULTILINE)


def test_verify_of_an_absent_set_names_each_missing_file_and_ends_with_1(command):
    code, out, _ = command("data", "verify", "mnist")

    assert code == 1 and out.count("missing") == 4


@pytest.mark.parametrize("name", ["glyphs", "folder"])
def test_verify_of_a_set_without_official_files_says_so(command, name):
    code, out, err = command("data", "verify", name)

    assert code == 0 and "nothing to verify" in out, err
