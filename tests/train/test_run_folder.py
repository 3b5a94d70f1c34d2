"""Names of run folders are short, safe and new."""
import pytest

from npfl_kit import errors, files
from npfl_kit.train import run_folder


def test_a_taken_name_gets_a_number(tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "20260101_120000")
    wanted = run_folder.usual(tmp_path / "logs", "lab", {"seed": 7})

    claimed = [run_folder.claim(wanted, given=False).name for _ in range(3)]

    assert claimed == [f"lab-20260101_120000-seed=7{number}" for number in ("", "-2", "-3")]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "logs").write_text("a file")

    with pytest.raises(errors.KitError, match="Cannot make .*logs/lab.*--logdir"):
        run_folder.claim(tmp_path / "logs" / "lab", given=False)


@pytest.mark.parametrize("kept, refused", [("config.json", False), ("weights.safetensors", True),
                                           ("checkpoint/last.safetensors", True), ("results.json", True)])
def test_a_given_folder_is_refused_once_it_holds_results_of_a_run(tmp_path, kept, refused):
    files.write_text(tmp_path / "run" / kept, "{}")

    if refused:
        with pytest.raises(errors.UsageError, match="run holds a run already.*--logdir"):
            run_folder.claim(tmp_path / "run", given=True)
    else:
        assert run_folder.claim(tmp_path / "run", given=True) == tmp_path / "run"


def test_a_long_configuration_is_cut():
    first, second = (run_folder.short_config({"cnn": "C-8-3-1-same," * 50 + last}) for last in "FG")

    assert len(first) == len(second) == run_folder.LONGEST
    assert first != second


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

    with pytest.raises(errors.KitError, match="Cannot write .*file/x.txt.*another place"):
        files.write_text(tmp_path / "file" / "x.txt", "text")
