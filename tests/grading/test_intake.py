"""No archive of a stranger is unpacked unless all of it is as an honest packer leaves it; attacks 9, 13 and 19."""
import dataclasses
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npfl_kit.grading.tasks.task import Case, Data, Limits, Task
from npfl_kit.grading.uploads import file_names, intake, upload_manifest, zip_reader
from tests.grading import hostile_zips

FILES = {"predictions.txt": b"1\n2\n", "cnn_manual.py": b"def main(args):\n    return {}\n"}


def task(**parts):
    return Task(**{"lab": "lab", "kind": "predictions", "version": "0" * 64, "title": "A task",
                   "cases": (Case("a", 1),), "files": ("predictions.txt",), "data": Data("glyphs", "accuracy"),
                   **parts})


@pytest.mark.parametrize("name", hostile_zips.HOSTILE)
def test_a_hostile_archive_is_ungradable_and_said_why(name):
    data, said = hostile_zips.HOSTILE[name]

    with pytest.raises(intake.UngradableError, match=said) as error:
        intake.read_zip(data)

    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["bomb", "bomb that says it is small", "overlapping", "65,535 files",
                                  "files behind the count", "stored bomb"])
def test_a_bomb_takes_no_more_memory_than_the_archive(name):
    data = hostile_zips.HOSTILE[name][0]
    tracemalloc.start()

    with pytest.raises(intake.UngradableError):
        intake.read_zip(data)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("name", ["65,535 files", "files behind the count", "22 files", "comment"])
def test_a_directory_that_is_too_long_is_not_even_read(name, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)

    with pytest.raises(intake.UngradableError):
        intake.read_zip(hostile_zips.HOSTILE[name][0])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_honest_archive_is_read(method):
    upload = intake.read_zip(hostile_zips.honest(FILES, method))

    assert upload.files == FILES
    assert upload.team == () and upload.manifest == {}
    assert upload.content == intake.content_sha256(FILES)


def test_an_archive_whose_sizes_come_behind_the_files_is_read():
    class Pipe(io.RawIOBase):
        """A place to write to that cannot go back, for which zipfile writes the sizes behind each file."""

        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in FILES.items():
            packed.writestr(name, content)

    assert intake.read_zip(pipe.data).files == FILES


@pytest.mark.skipif(shutil.which("zip") is None, reason="no zip on this system")
@pytest.mark.parametrize("flags", [["-9"], ["-0"], ["-X"], ["-Z", "deflate"]])
def test_an_archive_of_another_packer_is_read(tmp_path, flags):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    subprocess.run(["zip", "-q", *flags, "upload.zip", *FILES], cwd=tmp_path, check=True)

    assert intake.read_files([tmp_path / "upload.zip"]).files == FILES


@pytest.mark.skipif(shutil.which("zip") is None, reason="no zip on this system")
@pytest.mark.parametrize("flags, said", [(["-y"], "link or a device"), (["-P", "secret"], "encrypted"),
                                         (["-r"], "folder"), (["-z"], "behind it")])
def test_odd_archives_of_another_packer_are_refused(tmp_path, flags, said):
    (tmp_path / "labs").mkdir()
    for place in (tmp_path, tmp_path / "labs"):
        (place / "b.txt").write_bytes(b"1")
    (tmp_path / "a.txt").symlink_to("b.txt")
    chosen = "labs" if flags == ["-r"] else "a.txt" if flags == ["-y"] else "b.txt"
    subprocess.run(["zip", "-q", *flags, "upload.zip", chosen], cwd=tmp_path, check=True, input=b"a comment\n")

    with pytest.raises(intake.UngradableError, match=said):
        intake.read_files([tmp_path / "upload.zip"])


def test_the_archive_that_made_the_corpus_is_read_when_nothing_lies():
    assert intake.read_zip(hostile_zips.archive(hostile_zips.Entry())).files == {"predictions.txt": b"1\n2\n"}


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data):
    for content in (data, hostile_zips.archive(hostile_zips.Entry()) + data, b"PK\3\4" + data):
        try:
            intake.read_zip(content)
        except intake.UngradableError:
            pass


@pytest.mark.parametrize("limits, said", [(Limits(upload=3), "at most 3"), (Limits(files=1), "2 files")])
def test_limits_hold_before_anything_is_unpacked(limits, said):
    with pytest.raises(intake.UngradableError, match=said):
        intake.read_zip(hostile_zips.honest({"a.txt": b"12", "b.txt": b"34"}), limits)


def test_an_archive_that_is_too_long_is_not_looked_at():
    with pytest.raises(intake.UngradableError, match="20,100,000 bytes; expected at most"):
        intake.read_zip(b"PK\3\4" + bytes(20_100_000 - 4))


@pytest.mark.parametrize("name", ["cnn_manual.py", "my_json.py", "json.txt", "numpy.json", "weights.weights.h5",
                                  "predictions_dev.txt", "1.txt", "README.md", "labs.py"])
def test_honest_names_are_taken(name):
    assert file_names.problem(name) == ""


@pytest.mark.parametrize("name", ["json.py", "JSON.py", "numpy.py", "keras.py", "PIL.py", "antigravity.py", "site.py",
                                  "_distutils_hack.py", "__main__.py", "conftest.py"])
def test_names_that_hide_a_module_are_refused_with_an_explanation(name):
    assert "give it another name" in file_names.problem(name)


# --- manifest

def packed(manifest, files=FILES):
    return hostile_zips.honest({**files, "manifest.json": manifest if isinstance(manifest, (bytes, str)) else
                                json.dumps(manifest)})


def test_what_a_manifest_says_is_known():
    manifest = upload_manifest.make("cnn_manual", "0" * 64, "1.0", FILES, ["Ada", "Alan"], {"accuracy": 0.5})

    upload = intake.read_zip(packed(upload_manifest.write(manifest)))

    assert upload.files == FILES and upload.manifest == manifest and upload.team == ("Ada", "Alan")


@pytest.mark.parametrize("manifest, said", [
    (b"\xff", "no JSON"), (b"{", "no JSON"), (b"[]", "no JSON object"), (b'{"lab": "a", "lab": "b"}', "twice"),
    (b"[" * 5000, "no JSON"), (b'{"lab": ' + b"9" * 5000 + b"}", "100 digits"), (bytes(2**16 + 1), "65,537 bytes"),
    ({"laboratory": "a"}, "key 'laboratory'"), ({"lab": 1}, "expected a str"), ({"lab": "../a"}, "'lab' is"),
    ({"team": "Ada"}, "expected a list"), ({"team": [1]}, "names"), ({"team": ["Ada", "ada"]}, "named twice"),
    ({"team": ["a\x1b[2J"]}, "name of a team member"), ({"team": ["x"] * 21}, "20 names"),
    (b'{"metrics": {"a": NaN}}', "finite numbers"), (b'{"metrics": {"a": 1e999}}', "finite numbers"),
    ({"metrics": {"a": True}}, "finite numbers"), ({"task_version": "x"}, "'task_version' is"),
    ({"files": {"a.txt": {"sha256": "0" * 64, "bytes": 1}}}, "a.txt is listed"),
    ({"files": {"../a": {}}}, "in a folder"), ({"files": {"a.txt": {"sha256": "x", "bytes": 1}}}, "sha256 and bytes"),
    ({"files": {"a.txt": {"sha256": "0" * 64, "bytes": True}}}, "sha256 and bytes")])
def test_a_manifest_that_the_kit_did_not_write_is_refused(manifest, said):
    with pytest.raises(intake.UngradableError, match=said):
        intake.read_zip(packed(manifest))


def test_a_file_changed_after_packing_is_named():
    manifest = upload_manifest.write(upload_manifest.make("lab", "", "1.0", FILES))

    with pytest.raises(intake.UngradableError, match="predictions.txt was changed after it was packed"):
        intake.read_zip(packed(manifest, {**FILES, "predictions.txt": b"2\n2\n"}))


def test_a_manifest_alone_is_no_upload():
    with pytest.raises(intake.UngradableError, match="no file but its manifest"):
        intake.read_zip(packed({}, {}))


# --- files at home

def test_files_at_home_are_held_to_the_same_rules(tmp_path):
    (tmp_path / "json.py").write_text("")

    with pytest.raises(intake.UngradableError, match="is a module of Python"):
        intake.read_files([tmp_path / "json.py"])


def test_files_and_their_archive_have_equal_content(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "upload.zip").write_bytes(hostile_zips.honest(FILES))

    loose = intake.read_files(tmp_path / name for name in FILES)
    archived = intake.read_files([tmp_path / "upload.zip"])

    assert loose.files == archived.files and loose.content == archived.content == loose.sha256


@pytest.mark.parametrize("make, said", [
    (lambda path: path.mkdir(), "a folder, a pipe or a device|Is a directory"), (os.mkfifo, "a pipe"),
    (lambda path: None, "Cannot read"), (lambda path: path.write_bytes(bytes(200)), "at most 100 bytes")])
def test_what_is_no_file_at_home_is_named(tmp_path, make, said):
    make(tmp_path / "a.txt")

    with pytest.raises(intake.UngradableError, match=said):
        intake.read_files([tmp_path / "a.txt"], Limits(upload=100))


@pytest.mark.parametrize("name", ["predictions.txt", "upload.zip"])
def test_a_terabyte_is_not_copied(tmp_path, name):
    with open(tmp_path / name, "wb") as file:
        file.truncate(2**40)    # sparse
    tracemalloc.start()

    with pytest.raises(intake.UngradableError, match="found a longer one"):
        intake.read_files([tmp_path / name], Limits(upload=1000))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_no_file_and_too_many_files_are_refused(tmp_path):
    with pytest.raises(intake.UngradableError, match="at least one file"):
        intake.read_files([])
    with pytest.raises(intake.UngradableError, match="at most 20 files"):
        intake.read_files([tmp_path / f"{number}.txt" for number in range(21)])


@pytest.mark.parametrize("names, home, said", [
    (["predictions.txt"], False, None), (["predictions_dev.txt"], True, None),
    (["predictions_dev.txt"], False, "asks for a file predictions.txt"),
    (["predictions.txt", "notes.md"], False, "does not ask for notes.md"),
    (["predictions.txt", "predictions_dev.txt"], False, None), ([], False, "got none")])
def test_the_files_of_a_task_are_asked_for_by_name(names, home, said):
    if said is None:
        intake.require_wanted(task(), names, home)
    else:
        with pytest.raises(intake.UngradableError, match=said):
            intake.require_wanted(task(), names, home)


def test_at_home_predictions_need_no_sources_beside_them():
    two = dataclasses.replace(task(), files=("predictions.txt", "*.py"))

    intake.require_wanted(two, ["predictions_dev.txt"], home=True)
    intake.require_wanted(two, ["predictions_dev.txt", "lab.py"], home=True)
    with pytest.raises(intake.UngradableError, match=r"asks for a file \*\.py"):
        intake.require_wanted(two, ["predictions.txt"])


def test_nothing_is_written_to_the_disk(tmp_path):
    intake.read_zip(hostile_zips.honest(FILES))

    assert not [path for path in tmp_path.rglob("*") if stat.S_ISREG(path.stat().st_mode)]


def test_the_extractor_never_extracts():
    source = "".join(pathlib.Path(module.__file__).read_text(encoding="utf-8") for module in (intake, zip_reader))

    assert "extract(" not in source and "extractall" not in source and "tarfile" not in source
