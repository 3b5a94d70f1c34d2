import zipfile

import pytest

from npfl_kit import errors
from npfl_kit.data import morpho

TEXT = {"train": "Kočka\tkočka\tNNFS1\nspí\tspát\tVB-S-\n\nA\ta\tJ^---\n\n", "dev": "spí\tspát\tVB-S-\n",
        "test": "kočka\t_\t_\n\n\n\nspí\t_\t_\n"}


@pytest.fixture(params=["zip", "folder", "folder of the zip"])
def place(request, tmp_path):
    if request.param == "folder":
        for part, text in TEXT.items():
            (tmp_path / f"czech_cac_{part}.txt").write_text(text, encoding="utf-8")
        return tmp_path
    with zipfile.ZipFile(tmp_path / "czech_cac.zip", "w") as archive:
        for part, text in TEXT.items():
            archive.writestr(f"czech_cac_{part}.txt", text)
    return tmp_path / "czech_cac.zip" if request.param == "zip" else tmp_path


def test_the_three_files_are_the_splits(place):
    found = morpho.load(place)

    assert found.split("train").sentences == [["Kočka", "spí"], ["A"]] and found.tags == ["NNFS1", "VB-S-", "J^---"]
    assert [len(found.split(part)) for part in ("train", "dev", "test")] == [2, 1, 2] and not found.spans


def test_hidden_tags_and_empty_sentences_are_counted(place):
    assert morpho.load(place).report() == {"no words": ["czech_cac_test.txt:3", "czech_cac_test.txt:4"],
                                           "unseen tag": ["czech_cac_test.txt:1 (_)", "czech_cac_test.txt:5 (_)"]}


def test_lemmas_can_be_predicted_and_forms_cannot(place):
    assert morpho.load(place, column="lemma").tags == ["kočka", "spát", "a"]
    with pytest.raises(errors.UsageError, match="no column 'form'.* Known: lemma, tag"):
        morpho.load(place, column="form")


@pytest.mark.parametrize("line", ["spí\tspát", "spí spát VB", "\tspát\tVB", "spí\tspát\t", "spí\tspát\tVB\t"])
def test_a_broken_line_is_named(tmp_path, line):
    (tmp_path / "czech_cac_train.txt").write_text(f"a\ta\ta\n\n{line}\n", encoding="utf-8")

    with pytest.raises(errors.DataError, match="czech_cac_train.txt, line 3: expected form TAB lemma TAB tag, found"):
        morpho.load(tmp_path)
