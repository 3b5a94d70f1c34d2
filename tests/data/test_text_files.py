"""Files of data sets without a download are found where people put them."""
import pytest

from npfl_kit import errors
from npfl_kit.data import text_files

PAIR = {"train": ("train.tsv", "other.tsv"), "test": ("test.tsv",)}


def write(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(str(folder))
    return folder


def find(data_dir=None, wanted=None):
    return text_files.find("some_set", data_dir, wanted or PAIR, instead="opinions")


@pytest.mark.parametrize("names", [("train.tsv", "test.tsv"), ("other.tsv", "test.tsv"), ("train.tsv.gz", "test.tsv")])
@pytest.mark.parametrize("sub_folder", ["", "some_set"])
def test_files_lie_in_a_folder_or_in_its_sub_folder_under_several_names(tmp_path, names, sub_folder):
    place = write(tmp_path / "here" / sub_folder, *names)

    assert find(tmp_path / "here") == {"train": place / names[0], "test": place / names[1]}


def test_the_variable_goes_before_the_cache_and_may_be_the_folder_of_other_sets(tmp_path, monkeypatch):
    write(tmp_path / "sets" / "another_set", "x")
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "sets"))
    cached = write(tmp_path / "cache" / "some_set", "train.tsv", "test.tsv")
    assert find()["train"].parent == cached

    own = write(tmp_path / "sets" / "some_set", "train.tsv", "test.tsv")
    assert find()["train"].parent == own


def test_a_single_file_may_be_given_itself_under_any_name(tmp_path):
    path = write(tmp_path / "here", "plays.txt") / "plays.txt"

    assert find(path, {"text": ("input.txt",)}) == {"text": path}


def test_some_of_the_files_are_not_enough(tmp_path):
    with pytest.raises(errors.DataError, match=r"here: expected train.tsv, test.tsv; missing: test.tsv. Get them"):
        find(write(tmp_path / "here", "train.tsv"))


def test_without_the_files_the_error_says_what_was_looked_for(tmp_path):
    with pytest.raises(errors.DataError, match="some_set is not in .*Looked for: train.tsv, test.tsv.*=opinions"):
        find(write(tmp_path / "here"))
    with pytest.raises(errors.DataError, match="some_set is not here, and has no official download.*--data_dir"):
        find()
    with pytest.raises(errors.DataError, match="There is no folder"):
        find(tmp_path / "nowhere")
