import gzip
import tarfile
import zipfile

import pytest

from npfl_kit import errors
from npfl_kit.data import sentence_files

PARTS = ("train", "dev", "test")


def found(name, place, **options):
    files, source = sentence_files.find(name, place, "FILES,", [".conllu"], **options)
    return {part: [sentence_files.lines(file) for file in listed] for part, listed in files.items()}, source


def write(folder, names, content="{name}"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content.format(name=name).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)


@pytest.mark.parametrize("names", [
    {"train": "xx-ud-train.conllu", "dev": "xx-ud-dev.conllu", "test": "xx-ud-test.conllu"},
    {"train": "train/a.conllu", "dev": "valid/a.conllu", "test": "test/a.conllu"},
    {"train": "wnut17train.CONLLU.gz", "dev": "emerging.dev.conllu", "test": "emerging.test.conllu"},
    {"train": "UD_X-Test/training.conllu", "dev": "UD_X-Test/val.conllu", "test": "UD_X-Test/testing.conllu"}])
def test_names_of_folders_and_files_tell_the_split(tmp_path, names):
    write(tmp_path, names.values())
    (tmp_path / "README.txt").write_text("train", encoding="utf-8")

    assert found("x", tmp_path) == ({part: [[name]] for part, name in names.items()}, str(tmp_path))


@pytest.mark.parametrize("kind", [".zip", ".tar.gz"])
def test_an_archive_is_read_like_a_folder_and_so_is_a_folder_with_one(tmp_path, kind):
    write(tmp_path, ["in/x-train.conllu", "in/x-test.conllu.gz"])
    path = tmp_path / f"x{kind}"
    if kind == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "in").iterdir():
                archive.write(file, f"deep/{file.name}")
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(tmp_path / "in", "deep")
    for file in (tmp_path / "in").iterdir():
        file.unlink()

    expected = {"train": [["in/x-train.conllu"]], "test": [["in/x-test.conllu.gz"]]}
    assert found("x", path)[0] == found("x", tmp_path)[0] == expected


def test_several_files_of_one_split_are_read_in_order(tmp_path):
    write(tmp_path, ["cs-train-b.conllu", "cs-train-a.conllu", "cs-dev.conllu"])

    assert found("x", tmp_path)[0]["train"] == [["cs-train-a.conllu"], ["cs-train-b.conllu"]]


def test_a_file_beside_its_packed_self_counts_once(tmp_path):
    write(tmp_path, ["x-train.conllu", "x-train.conllu.gz"])

    assert found("x", tmp_path)[0] == {"train": [["x-train.conllu"]]}


@pytest.mark.parametrize("names", [["en-train.conllu", "cs-train.conllu"], ["a/train.conllu", "b/train.conllu"]])
def test_two_data_sets_in_one_folder_are_refused(tmp_path, names):
    write(tmp_path, names)

    with pytest.raises(errors.DataError, match="holds several data sets, with different files for train: .* Type "):
        found("x", tmp_path)


def test_files_without_a_split_are_refused_unless_there_is_one(tmp_path):
    write(tmp_path, ["a.conllu"])
    assert found("x", tmp_path)[0] == found("x", tmp_path / "a.conllu")[0] == {"": [["a.conllu"]]}

    write(tmp_path, ["b.conllu"])
    with pytest.raises(errors.DataError, match="expected train, dev or test in the names of the files, found a"):
        found("x", tmp_path)


def test_two_archives_are_refused(tmp_path):
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("x-train.conllu", "")

    with pytest.raises(errors.DataError, match="holds several archives: a.zip, b.zip; choose one by --data_dir="):
        found("x", tmp_path)
    assert found("b", tmp_path)[0] == {"train": [[""]]}


def test_what_is_missing_is_said_with_the_place_and_what_to_type(tmp_path):
    with pytest.raises(errors.DataError, match=f"x is not in {tmp_path}. Put FILES, into a folder and type "
                                               f"--data_dir=FOLDER, or type --dataset=morphology"):
        found("x", tmp_path)
    with pytest.raises(errors.DataError, match="x is not here, and has no official download"):
        found("x", None)


def test_the_variable_names_the_folder_of_many_sets(tmp_path, monkeypatch):
    write(tmp_path, ["x/en-train.conllu", "y/cs-train.conllu"])
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path))

    assert found("y", None)[0] == {"train": [["y/cs-train.conllu"]]}
    with pytest.raises(errors.DataError, match="The data set known is not here"):
        found("known", None)
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "x"))
    assert found("conllu", None, is_format=True)[0] == {"train": [["x/en-train.conllu"]]}
    with pytest.raises(errors.DataError, match="The data set known is not here"):     # somebody else's file
        found("known", None)


@pytest.mark.parametrize("content, lines", [
    (b"a\nb\n", ["a", "b", ""]), (b"a\r\nb", ["a", "b"]), (b"\xef\xbb\xbfa", ["a"]), (b"", [""]),
    ("a\u2028b\x85\x0c".encode(), ["a\u2028b\x85\x0c"])])
def test_only_line_feeds_end_a_line(content, lines):
    for data in (content, gzip.compress(content)):
        assert sentence_files.lines(sentence_files.SentenceFile("x", lambda data=data: data)) == lines


@pytest.mark.parametrize("content, line, byte", [(b"a\nb\xff\n", 2, "0xff"), (b"\xef\xbb\xbf\n\n\xe9", 3, "0xe9"),
                                                 (b"\xc4", 1, "0xc4")])
def test_bytes_that_are_no_text_are_named_with_their_line(content, line, byte):
    with pytest.raises(errors.DataError, match=f"x, line {line}: expected text in UTF-8, found the byte {byte} at"):
        sentence_files.lines(sentence_files.SentenceFile("x", lambda: content))


def test_a_damaged_gzip_file_is_named():
    with pytest.raises(errors.DataError, match="x: expected a whole gzip file, found one that is cut off"):
        sentence_files.lines(sentence_files.SentenceFile("x", lambda: gzip.compress(b"abc" * 99)[:-9]))


@pytest.mark.parametrize("text, blocks", [
    ([], []), ([""], []), (["", "", ""], []), (["a"], [(1, ["a"])]), (["a", ""], [(1, ["a"])]),
    (["a", " \t", "b"], [(1, ["a"]), (3, ["b"])]), (["", "a"], [(1, []), (2, ["a"])]),
    (["a", "", "", "b", "", ""], [(1, ["a"]), (3, []), (4, ["b"])])])
def test_blocks_lie_between_empty_lines(text, blocks):
    assert list(sentence_files.blocks(text)) == blocks
