"""Names of run folders are short, safe and new."""
import pytest

from npfl_kit import errors, files
from npfl_kit.train import run_folder


def test_a_taken_name_gets_a_number(tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "20260101_120000")
    first = run_folder.free(tmp_path, "lab", {"seed": 7})
    first.mkdir()

    second = run_folder.free(tmp_path, "lab", {"seed": 7})

    assert first.name == "lab-20260101_120000-seed=7"
    assert second.name == "lab-20260101_120000-seed=7-2"


def test_a_long_configuration_is_cut():
    assert len(run_folder.short_config({"cnn": "C-8-3-1-same," * 50})) == run_folder.LONGEST


@pytest.mark.parametrize("value", ["a/b", "a\\b", "a:b", "a b", "..", "*?"])
def test_no_character_is_unsafe(value):
    assert not set(run_folder.short_config({"x": value})) & set('/\\:*?"<>| ')


def test_a_file_is_whole_or_not_there(tmp_path):
    files.write_text(tmp_path / "a" / "x.txt", "old\n")

    with pytest.raises(RuntimeError):
        with files.replacing(tmp_path / "a" / "x.txt") as scratch:
            scratch.write_text("half")
            raise RuntimeError

    assert (tmp_path / "a" / "x.txt").read_text() == "old\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.txt"]


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(errors.KitError, match="Cannot write .*file/x.txt.*--logdir"):
        files.write_text(tmp_path / "file" / "x.txt", "text")
