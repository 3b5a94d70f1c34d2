import io
import json
import shutil
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from npfl_kit import data, errors
from npfl_kit.data import pictures


def picture(seed, size=(8, 8), suffix="PNG"):
    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, [*size, 3], dtype=np.uint8)
    Image.fromarray(pixels).save(stream, suffix)
    return stream.getvalue()


def write(folder, *groups, **options):
    """Each group is a folder and a count of pictures."""
    for place, count in groups:
        (folder / place).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / place / f"{number}.png").write_bytes(picture([zlib.crc32(place.encode()), number], **options))
    return folder


def packed(folder, form):
    """The folder in another form: itself, or an archive with or without it as top folder."""
    path = folder.with_name(f"packed.{form}")
    if form == "folder":
        return folder
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if form.endswith("gz") else "w") as archive:
            archive.add(folder, "top folder/inner")
    return path


def sizes(loaded):
    return [len(loaded.split(name)) for name in ("train", "dev", "test")]


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tgz", "tar.gz"])
def test_all_forms_give_the_same_pictures(tmp_path, form):
    folder = write(tmp_path / "pictures", ("train/dog", 10), ("train/cat", 20), ("test/cat", 3), ("test/dog", 2))

    expected, found = data.load("folder", folder), data.load("folder", packed(folder, form))

    assert found.classes == ["cat", "dog"] and sizes(found) == [27, 3, 5]
    for name in ("train", "dev", "test"):
        np.testing.assert_array_equal(found.split(name).images, expected.split(name).images)
        np.testing.assert_array_equal(found.split(name).labels, expected.split(name).labels)
    np.testing.assert_array_equal(found.split("test").images[3], np.asarray(Image.open(folder / "test/dog/0.png")))
    assert found.split("test").labels.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("groups, expected", [
    ([("cat", 20), ("dog", 10)], [24, 3, 3]),
    ([("train/cat", 20), ("train/dog", 10)], [24, 3, 3]),
    ([("Train/cat", 20), ("Train/dog", 10), ("TEST/cat", 7), ("TEST/dog", 1)], [27, 3, 8]),
    ([("train/cat", 20), ("train/dog", 10), ("val/cat", 7), ("val/dog", 1)], [27, 3, 8]),
    ([("train/cat", 20), ("train/dog", 10), ("valid/cat", 7), ("test/dog", 1)], [30, 7, 1]),
    ([("top/train/cat", 20), ("top/train/dog", 10), ("top/dev/dog", 4), ("top/test/cat", 5)], [30, 4, 5]),
    ([("top/cat/inner", 20), ("top/dog", 10)], [24, 3, 3]),
    ([("train", 20), ("car", 10)], [24, 3, 3])], ids=str)
def test_what_is_missing_is_carved_out_of_train(tmp_path, groups, expected):
    loaded = data.load("folder", write(tmp_path / "pictures", *groups))

    assert sizes(loaded) == expected


def test_what_is_carved_has_the_same_share_of_every_class(tmp_path):
    loaded = data.load("folder", write(tmp_path / "pictures", ("cat", 40), ("dog", 20)))

    assert np.bincount(loaded.split("test").labels).tolist() == [4, 2]
    assert np.bincount(loaded.split("dev").labels).tolist() == [4, 2]


def test_parts_share_no_picture_and_are_the_same_every_time(tmp_path):
    folder = write(tmp_path / "pictures", ("cat", 30), ("dog", 30))

    first, again = data.load("folder", folder), data.load("folder", folder)

    seen = [image.tobytes() for name in ("train", "dev", "test") for image in first.split(name).images]
    assert len(set(seen)) == 60
    for name in ("train", "dev", "test"):
        np.testing.assert_array_equal(first.split(name).images, again.split(name).images)


def test_first_of_train_hold_every_class(tmp_path):
    folder = write(tmp_path / "pictures", ("a", 30), ("b", 30), ("c", 30))

    assert set(data.load("folder", folder, train_size=20).split("train").labels) == {0, 1, 2}


def test_train_size_keeps_the_first_and_decodes_no_other(tmp_path):
    folder = write(tmp_path / "pictures", ("a", 30), ("b", 30))

    whole, part = data.load("folder", folder), data.load("folder", folder, train_size=7)

    assert sizes(part) == [7, 6, 6]
    np.testing.assert_array_equal(part.split("train").images, whole.split("train").images[:7])


def test_hidden_and_other_files_are_left_out(tmp_path):
    folder = write(tmp_path / "pictures", ("train/cat", 10), ("train/dog", 10), ("__MACOSX/train/cat", 3),
                   (".git/x/y", 2), ("train/cat/.thumbnails", 2), ("extra/cat", 1))
    for name in ("Thumbs.db", "README.md", "train/cat/._1.png", "train/dog/notes.txt"):
        (folder / name).write_bytes(b"junk")

    assert sizes(data.load("folder", folder)) == [16, 2, 2]


def test_suffix_may_be_of_any_case(tmp_path):
    folder = write(tmp_path / "pictures", ("cat", 9), ("dog", 10))
    (folder / "cat" / "a.JPEG").write_bytes(picture(1, suffix="JPEG"))

    assert sum(sizes(data.load("folder", folder))) == 20


def test_class_names_beside_the_pictures_are_used(tmp_path):
    folder = write(tmp_path / "pictures", ("n01", 10), ("n02", 10))
    (folder / "class_names.json").write_text(json.dumps({"n02": "dog", "n09": "cow"}))

    assert data.load("folder", folder).classes == ["n01", "dog"]


@pytest.mark.parametrize("content", ["{", "[1]", "3", "[" * 100_000])
def test_broken_class_names_are_a_data_error(tmp_path, content):
    folder = write(tmp_path / "pictures", ("n01", 10), ("n02", 10))
    (folder / "class_names.json").write_text(content)

    with pytest.raises(errors.DataError, match="class_names.json: expected a JSON object such as"):
        data.load("folder", folder)


@pytest.mark.parametrize("groups, message", [
    ([], "expected pictures as <class>/<name>.jpg, or train/.*; found none"),
    ([("cat", 0), ("dog", 0)], "found no picture there"),
    ([("cat", 5)], "expected at least two class folders, found 1"),
    ([("train/cat", 5), ("test/cat", 5)], "expected at least two class folders, found 1"),
    ([("test/cat", 5), ("test/dog", 5)], "expected a folder train beside test; found none"),
    ([("train/cat", 9), ("train/dog", 9), ("test/cow", 5)],
     "train has 2 classes, test has 1, and cow is not in train. Add it there, or delete it in test"),
    ([("train/cat", 9), ("train/dog", 9), ("train", 1)], "train/0.png lies in no class folder. Move or delete it"),
    ([("cat", 9), ("dog", 2)], "expected at least 3 pictures in each class folder, .*; dog has too few. Add some")],
    ids=str)
def test_wrong_layout_says_what_was_found(tmp_path, groups, message):
    (tmp_path / "pictures").mkdir()

    with pytest.raises(errors.DataError, match=f"{tmp_path / 'pictures'}: .*{message}"):
        data.load("folder", write(tmp_path / "pictures", *groups))


def test_pictures_of_one_small_size_keep_it(tmp_path):
    folder = write(tmp_path / "pictures", ("cat", 10), ("dog", 10), size=(9, 12))

    assert data.load("folder", folder).image_shape == (9, 12, 3)
    assert data.load("folder", folder, image_size=5).image_shape == (5, 5, 3)


@pytest.mark.parametrize("size", [(100, 120), (8, 9)])
def test_large_and_mixed_pictures_become_64_by_64(tmp_path, size):
    folder = write(tmp_path / "pictures", ("cat", 10), ("dog", 10))
    write(folder, ("cow", 10), size=size)

    assert data.load("folder", folder).image_shape == (64, 64, 3)


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
@pytest.mark.parametrize("content", [b"", b"junk", picture(1)[:100]])
def test_broken_picture_names_itself_and_its_archive(tmp_path, form, content):
    folder = write(tmp_path / "pictures", ("train/cat", 9), ("train/dog", 10))
    (folder / "train/cat/bad.png").write_bytes(content)
    path = packed(folder, form)

    with pytest.raises(errors.DataError, match=f"train/cat/bad.png in {path} is not a whole picture: .*Replace or"):
        loaded = data.load("folder", path)
        [loaded.split(name).images for name in ("train", "dev", "test")]


def test_damaged_zip_member_names_itself(tmp_path):
    path = packed(write(tmp_path / "pictures", ("cat", 10), ("dog", 10)), "zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 255
    path.write_bytes(content)

    with pytest.raises(errors.DataError, match=r"Cannot read cat/0.png in .*: Bad CRC-32.*Replace or delete"):
        loaded = data.load("folder", path, image_size=8)
        [loaded.split(name).images for name in ("train", "dev", "test")]


def test_huge_member_is_not_read(tmp_path):
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png"):
            archive.writestr(name, bytes(2**26 + 1) if name == "cat/1.png" else picture(1))

    with pytest.raises(errors.DataError, match="Cannot read cat/1.png .* has 67,108,865 bytes, expected at most"):
        data.load("folder", path)


def test_several_archives_are_a_question(tmp_path):
    path = packed(write(tmp_path / "pictures", ("cat", 10), ("dog", 10)), "zip")
    (tmp_path / "here").mkdir()
    for name in ("a.zip", "b.zip"):
        shutil.copy(path, tmp_path / "here" / name)

    with pytest.raises(errors.DataError, match="several archives: a.zip, b.zip; choose one by --data_dir=.*a.zip"):
        data.load("folder", tmp_path / "here")


@pytest.mark.parametrize("groups", [[("cat", 10), ("dog", 10)], [("train/cat", 10), ("train/dog", 10)]], ids=str)
def test_class_folders_win_over_an_archive_beside_them(tmp_path, groups):
    archive = packed(write(tmp_path / "pictures", ("cow", 10), ("pig", 10)), "zip")
    folder = write(tmp_path / "mine", *groups)
    shutil.copy(archive, folder)
    shutil.copy(archive, folder / "b.zip")

    loaded = data.load("folder", folder)

    assert loaded.classes == ["cat", "dog"] and loaded.sources == str(folder)


def test_an_archive_is_read_beside_folders_without_pictures(tmp_path):
    folder = write(tmp_path / "here", ("logs/run", 0), ("__MACOSX/cat", 1), (".hidden/cat", 1))
    (folder / "logs" / "run" / "results.json").write_text("{}")
    archive = shutil.copy(packed(write(tmp_path / "pictures", ("cow", 10), ("pig", 10)), "zip"), folder)

    loaded = data.load("folder", folder)

    assert loaded.classes == ["cow", "pig"] and loaded.sources == str(archive)


def test_an_archive_and_one_folder_of_pictures_are_a_question_naming_both(tmp_path):
    folder = write(tmp_path / "here", ("unpacked/train/cat", 10), ("unpacked/train/dog", 10))
    shutil.copy(packed(write(tmp_path / "pictures", ("cow", 10), ("pig", 10)), "zip"), folder)

    with pytest.raises(errors.DataError, match="here holds packed.zip, and pictures in the folder unpacked; choose "
                                               "one by --data_dir=.*here/packed.zip or --data_dir=.*here/unpacked"):
        data.load("folder", folder)
    assert data.load("folder", folder / "unpacked").classes == ["cat", "dog"]
    assert data.load("folder", folder / "packed.zip").classes == ["cow", "pig"]


def test_own_pictures_need_a_folder(tmp_path):
    with pytest.raises(errors.UsageError, match="type --data_dir=FOLDER, with one sub-folder per class"):
        data.load("folder")
    with pytest.raises(errors.DataError, match=f"There is no folder {tmp_path / 'absent'}; check --data_dir"):
        data.load("folder", tmp_path / "absent")


def test_large_set_is_decoded_when_it_is_asked_for(tmp_path, monkeypatch):
    folder = write(tmp_path / "pictures", ("cat", 20), ("dog", 20))
    arrays = data.load("folder", folder).split("train").images
    monkeypatch.setattr(pictures, "MAX_ARRAY_BYTES", 100)

    lazy = data.load("folder", folder).split("train").images

    assert isinstance(arrays, np.ndarray) and not isinstance(lazy, np.ndarray)
    assert lazy.shape == arrays.shape and len(lazy) == len(arrays)
    np.testing.assert_array_equal(lazy[-1], arrays[-1])
    np.testing.assert_array_equal(lazy[2:9:3], arrays[2:9:3])
    np.testing.assert_array_equal(lazy[np.array([5, 0, 5])], arrays[[5, 0, 5]])
    assert lazy[np.array([], int)].shape == (0, 8, 8, 3)
    with pytest.raises(IndexError):
        lazy[len(lazy)]
    np.testing.assert_array_equal(list(lazy), arrays)
